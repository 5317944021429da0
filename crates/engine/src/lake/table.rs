//! One Delta table: create, widen, append, replace, scan, compact.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Schema as ArrowSchema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::prelude::{Expr, SessionContext, col};
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, LogicalFileView, Remove, StructField, StructType};
use deltalake_core::operations::vacuum::VacuumMode;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::writer::{DeltaWriter, RecordBatchWriter};
use deltalake_core::{DeltaTable, DeltaTableError};
use futures::TryStreamExt;
use object_store::path::Path;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::layout::STATISTICS_COLUMNS;
use super::scan::LakeScan;
use super::superseded::Superseded;
use super::{Lake, TableName, Transactional};
use crate::error::EngineError;

/// Data files are closed at about this size.
const TARGET_FILE_BYTES: u64 = 128 * 1024 * 1024;
/// A table of more small files than this is written anew.
const TOLERATED_PIECES: u64 = 16;
/// Version 2 brings column mapping, version 3 deletion vectors and more: none of
/// it is written here, and none of it would be read right.
const READER_VERSION: i32 = 1;
/// Replaced files stay this long, so that readers of the old version can finish.
const REPLACED_FILES_STAY: chrono::Duration = chrono::Duration::hours(1);

/// A table at one version.
pub struct LakeTable {
    pub(super) lake: Lake,
    pub(super) name: TableName,
    pub(super) delta: DeltaTable,
    superseded: Superseded,
}

/// A data file of a table.
struct DataFile {
    /// As the table names it.
    name: String,
    /// Below the root of the store.
    path: String,
    bytes: u64,
}

/// Writes data files; they become part of the table with the commit alone.
pub struct TableWriter {
    table: LakeTable,
    writer: RecordBatchWriter,
    rows: u64,
}

/// What a commit made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The version of the table that holds the rows.
    pub version: u64,
    /// How many rows were written.
    pub rows: u64,
    /// The size of the files that hold them.
    pub bytes: u64,
}

/// How written files relate to those already in the table.
enum Commit {
    Append,
    Replace,
    /// Beside those that count of these files.
    Extend(Vec<Add>),
    /// In the place of some of them.
    ReplaceFiles(HashSet<Path>),
    /// The same rows in fewer files.
    Compact,
}

impl LakeTable {
    pub(super) fn new(lake: &Lake, name: &TableName, delta: DeltaTable) -> Result<Self, EngineError> {
        let table = Self { lake: lake.clone(), name: name.clone(), delta, superseded: Superseded::default() };
        table.refuse_unknown_features()?;
        Ok(table)
    }

    pub(super) async fn create(
        lake: &Lake,
        name: &TableName,
        schema: &SchemaRef,
    ) -> Result<Self, EngineError> {
        let fail = |cause| EngineError::table(name, cause);
        let columns = delta_columns(schema).map_err(fail)?;
        let configuration = HashMap::from([
            statistics_property(schema),
            ("delta.checkpointInterval".to_owned(), Some("20".to_owned())),
        ]);
        let delta = lake
            .delta_table(name)
            .create()
            .with_columns(columns)
            .with_configuration(configuration)
            .await
            .map_err(fail)?;
        Self::new(lake, name, delta)
    }

    /// Adds the columns of `schema` that the table lacks.
    pub(super) async fn widen(self, schema: &SchemaRef) -> Result<Self, EngineError> {
        let existing = self.schema();
        let missing: Vec<_> = schema
            .fields()
            .iter()
            .filter(|field| existing.field_with_name(field.name()).is_err())
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        if missing.is_empty() {
            return Ok(self);
        }
        let fail = |cause| EngineError::table(&self.name, cause);
        let missing = Arc::new(ArrowSchema::new(missing));
        let columns = delta_columns(&missing).map_err(fail)?;
        let delta = self.delta.clone().add_columns().with_fields(columns).await.map_err(fail)?;
        Self::new(&self.lake, &self.name, delta)
    }

    /// Which table it is.
    pub fn name(&self) -> &TableName {
        &self.name
    }

    /// The version it stands at.
    pub fn version(&self) -> u64 {
        self.delta.version().expect("a LakeTable is loaded")
    }

    /// Its columns.
    pub fn schema(&self) -> SchemaRef {
        self.snapshot().snapshot().arrow_schema()
    }

    /// The number of the last commit in the sequence `application`, if any.
    pub async fn last_number(&self, application: &str) -> Result<Option<i64>, EngineError> {
        self.snapshot()
            .transaction_version(self.delta.log_store().as_ref(), application)
            .await
            .map_err(|cause| EngineError::table(&self.name, cause))
    }

    /// How many data files it consists of.
    pub fn file_count(&self) -> u64 {
        self.snapshot().log_data().num_files() as u64
    }

    /// The table without some of its rows. Of files that this version does not have nothing is known.
    pub fn without(self, superseded: Superseded) -> Self {
        let files = self.snapshot().log_data().iter().map(|file| file.path().into_owned()).collect();
        Self { superseded: superseded.only(&files), ..self }
    }

    /// The rows that [`LakeTable::without`] left out.
    pub fn superseded(&self) -> &Superseded {
        &self.superseded
    }

    /// Whether it lies in so many pieces that it is better written anew.
    pub fn is_fragmented(&self) -> bool {
        let (files, bytes) = self
            .snapshot()
            .log_data()
            .iter()
            .fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size().unsigned_abs()));
        files > bytes / TARGET_FILE_BYTES + TOLERATED_PIECES
    }

    /// The rows of this version, for DataFusion. The session must know the
    /// lake's store under [`super::LAKE_STORE`].
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        self.provider_of(self.files())
    }

    /// Supersedes the rows for which `holds` says no, given a batch of `columns` and a place in it.
    /// Of `session` one partition is read. Returns how many rows are left.
    pub async fn retain(
        &mut self,
        session: &SessionContext,
        columns: &[&str],
        mut holds: impl FnMut(&RecordBatch, usize) -> Result<bool, EngineError>,
    ) -> Result<u64, EngineError> {
        let mut left = 0;
        for file in self.files() {
            let name = file.name.clone();
            let known = self.superseded.of_file(&name).cloned();
            let mut rows = known.clone().unwrap_or_default();
            let columns: Vec<Expr> = columns.iter().copied().map(col).collect();
            let frame = session.read_table(self.provider_of(vec![file]))?.select(columns)?;
            let mut batches = frame.execute_stream().await?;
            let mut next = 0;
            while let Some(batch) = batches.try_next().await? {
                for row in 0..batch.num_rows() {
                    while known.as_ref().is_some_and(|known| known.superseded.contains(next)) {
                        next += 1;
                    }
                    match holds(&batch, row)? {
                        true => left += 1,
                        false => _ = rows.superseded.insert(next),
                    }
                    next += 1;
                }
            }
            rows.total = known.map_or(next, |known| known.total);
            self.superseded.insert(name, rows);
        }
        Ok(left)
    }

    fn provider_of(&self, files: Vec<DataFile>) -> Arc<dyn TableProvider> {
        let files = files
            .into_iter()
            .map(|file| match self.superseded.of_file(&file.name) {
                None => PartitionedFile::new(file.path, file.bytes),
                Some(rows) => PartitionedFile::new(file.path, file.bytes).with_extension(rows.selection()),
            })
            .collect();
        Arc::new(LakeScan { schema: self.schema(), files })
    }

    /// The data files, in a fixed order.
    fn files(&self) -> Vec<DataFile> {
        let root = self.lake.path(&self.name.path());
        let mut files: Vec<DataFile> = self
            .snapshot()
            .log_data()
            .iter()
            .map(|file| DataFile {
                name: file.path().into_owned(),
                path: format!("{root}/{}", file.object_store_path()),
                bytes: file.size().unsigned_abs(),
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Starts writing.
    ///
    /// # Errors
    /// The table needs a writer of another protocol version.
    pub fn writer(self) -> Result<TableWriter, EngineError> {
        let writer = RecordBatchWriter::for_table(&self.delta)
            .map_err(|cause| EngineError::table(&self.name, cause))?
            .with_writer_properties(writer_properties(&self.schema()))
            .with_target_file_size(TARGET_FILE_BYTES);
        Ok(TableWriter { table: self, writer, rows: 0 })
    }

    /// Deletes the files that no longer belong to the table, orphans of
    /// crashed writes included, and cleans the log below a fresh checkpoint.
    /// Returns how many files were deleted.
    pub async fn clean_up(self) -> Result<u64, EngineError> {
        let fail = |cause| EngineError::table(&self.name, cause);
        deltalake_core::protocol::checkpoints::create_checkpoint(&self.delta, None).await.map_err(fail)?;
        let (delta, metrics) = self
            .delta
            .clone()
            .vacuum()
            .with_retention_period(REPLACED_FILES_STAY)
            .with_enforce_retention_duration(false)
            .with_mode(VacuumMode::Full)
            .await
            .map_err(fail)?;
        deltalake_core::protocol::checkpoints::cleanup_metadata(&delta, None).await.map_err(fail)?;
        Ok(metrics.files_deleted.len() as u64)
    }

    pub(super) fn snapshot(&self) -> &deltalake_core::table::state::DeltaTableState {
        self.delta.snapshot().expect("a LakeTable is loaded")
    }

    fn refuse_unknown_features(&self) -> Result<(), EngineError> {
        let protocol = self.snapshot().protocol();
        if protocol.min_reader_version() > READER_VERSION {
            let version = protocol.min_reader_version();
            return Err(EngineError::ReaderVersion { table: self.name.to_string(), version });
        }
        Ok(())
    }
}

impl TableWriter {
    /// Writes rows; they are not part of the table yet. Columns go by name; of those
    /// that the table has beyond the batch's the rows hold nothing.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<(), EngineError> {
        self.rows += batch.num_rows() as u64;
        let batch = aligned(batch, &self.table.schema())
            .map_err(|cause| EngineError::table(&self.table.name, cause.into()))?;
        self.writer.write(batch).await.map_err(|cause| EngineError::table(&self.table.name, cause))
    }

    /// Adds the written rows to the table.
    pub async fn append(self, transactional: &Transactional) -> Result<Written, EngineError> {
        self.commit(Commit::Append, transactional).await
    }

    /// Puts the written rows in the place of all others.
    pub async fn replace(self, transactional: &Transactional) -> Result<Written, EngineError> {
        self.commit(Commit::Replace, transactional).await
    }

    /// Puts the written rows beside the files of `base`, an earlier version or this one: what else the
    /// table has, it loses.
    pub async fn extend(
        self,
        base: &LakeTable,
        transactional: &Transactional,
    ) -> Result<Written, EngineError> {
        let add = |file: LogicalFileView| Add {
            path: file.path().into_owned(),
            size: file.size(),
            modification_time: file.modification_time(),
            stats: file.stats(),
            ..Add::default()
        };
        let files = base.snapshot().log_data().iter().map(add).collect();
        self.commit(Commit::Extend(files), transactional).await
    }

    /// Puts the written rows in the place of some files, given as [`LakeTable::stored_files`] does.
    pub async fn replace_files(
        self,
        files: HashSet<Path>,
        transactional: &Transactional,
    ) -> Result<Written, EngineError> {
        self.commit(Commit::ReplaceFiles(files), transactional).await
    }

    /// Puts the written rows in the place of all others, saying that they are the same.
    pub async fn compact(self, transactional: &Transactional) -> Result<Written, EngineError> {
        self.commit(Commit::Compact, transactional).await
    }

    async fn commit(mut self, commit: Commit, transactional: &Transactional) -> Result<Written, EngineError> {
        let rows = self.rows;
        let table = self.table;
        let fail = |cause| EngineError::table(&table.name, cause);
        let data_change = !matches!(commit, Commit::Compact);
        let added: Vec<Add> = self.writer.flush().await.map_err(fail)?;
        let bytes = added.iter().map(|file| file.size.unsigned_abs()).sum();
        let files = table.snapshot().log_data();
        let stays = |file: &LogicalFileView| match &commit {
            Commit::Append => true,
            Commit::Extend(base) => base.iter().any(|stays| stays.path == file.path()),
            Commit::ReplaceFiles(replaced) => !replaced.contains(&file.object_store_path()),
            Commit::Replace | Commit::Compact => false,
        };
        let present: BTreeSet<String> = files.iter().map(|file| file.path().into_owned()).collect();
        let removed: Vec<Remove> =
            files.iter().filter(|file| !stays(file)).map(|file| file.remove_action(data_change)).collect();
        let (operation, returned) = match commit {
            Commit::Append => (written(SaveMode::Append), Vec::new()),
            Commit::Replace => (written(SaveMode::Overwrite), Vec::new()),
            // Files of an earlier version that a publication which was cut off had removed.
            Commit::Extend(base) => {
                let returned = base.into_iter().filter(|file| !present.contains(&file.path));
                (written(SaveMode::Overwrite), returned.collect())
            }
            // Without the predicate: it would quote what it asks for.
            Commit::ReplaceFiles(_) => (DeltaOperation::Delete { predicate: None }, Vec::new()),
            Commit::Compact => {
                let target_size = TARGET_FILE_BYTES.cast_signed();
                (DeltaOperation::Optimize { predicate: None, target_size }, Vec::new())
            }
        };
        let added = returned.into_iter().chain(added).map(|add| Action::Add(Add { data_change, ..add }));
        let actions = removed.into_iter().map(Action::Remove).chain(added).collect();
        let finalized = CommitBuilder::from(transactional.commit_properties())
            .with_actions(actions)
            .build(Some(table.snapshot().snapshot()), table.delta.log_store(), operation)
            .await
            .map_err(|cause| EngineError::table(&table.name, cause))?;
        Ok(Written { version: finalized.version(), rows, bytes })
    }
}

fn written(mode: SaveMode) -> DeltaOperation {
    DeltaOperation::Write { mode, partition_by: None, predicate: None }
}

/// `batch` with the columns of `schema`, in its order: a table that was widened has
/// its columns in the order in which they came.
fn aligned(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    if batch.schema() == *schema {
        return Ok(batch);
    }
    let columns = schema.fields().iter().map(|field| {
        let own = batch.column_by_name(field.name()).cloned();
        own.unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows()))
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect())
}

/// Sealed columns look random: neither statistics, nor dictionaries, nor
/// compression do anything for them. No column keeps page statistics, so that
/// a minimum can never quote a value.
fn writer_properties(schema: &SchemaRef) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None);
    let counted = STATISTICS_COLUMNS.split(',').fold(builder, |builder, column| {
        builder.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk)
    });
    schema
        .fields()
        .iter()
        .filter(|field| field.data_type() == &DataType::Binary)
        .fold(counted, |builder, field| {
            builder
                .set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false)
                .set_column_compression(ColumnPath::from(field.name().as_str()), Compression::UNCOMPRESSED)
        })
        .build()
}

fn statistics_property(schema: &SchemaRef) -> (String, Option<String>) {
    let kept: Vec<&str> =
        STATISTICS_COLUMNS.split(',').filter(|column| schema.field_with_name(column).is_ok()).collect();
    match kept.is_empty() {
        // An empty list would mean the first 32 columns.
        true => ("delta.dataSkippingNumIndexedCols".to_owned(), Some("0".to_owned())),
        false => ("delta.dataSkippingStatsColumns".to_owned(), Some(kept.join(","))),
    }
}

fn delta_columns(schema: &SchemaRef) -> Result<Vec<StructField>, DeltaTableError> {
    let columns: StructType = schema.as_ref().try_into_kernel()?;
    Ok(columns.fields().cloned().collect())
}
