//! One Delta table: create, widen, append, replace, scan, compact.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Schema as ArrowSchema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::PartitionedFile;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, StructField, StructType};
use deltalake_core::operations::vacuum::VacuumMode;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::writer::{DeltaWriter, RecordBatchWriter};
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::path::Path;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::layout::STATISTICS_COLUMNS;
use super::scan::LakeScan;
use super::{Lake, TableName, Transactional};
use crate::error::EngineError;

/// Data files are closed at about this size.
const TARGET_FILE_BYTES: u64 = 128 * 1024 * 1024;
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
    /// In the place of some of them.
    ReplaceFiles(HashSet<Path>),
    /// The same rows in fewer files.
    Compact,
}

impl LakeTable {
    pub(super) fn new(lake: &Lake, name: &TableName, delta: DeltaTable) -> Result<Self, EngineError> {
        let table = Self { lake: lake.clone(), name: name.clone(), delta };
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

    /// The rows of this version, for DataFusion. The session must know the
    /// lake's store under [`super::LAKE_STORE`].
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        let root = self.lake.path(&self.name.path());
        let mut files: Vec<PartitionedFile> = self
            .snapshot()
            .log_data()
            .iter()
            .map(|file| {
                let path = format!("{root}/{}", file.object_store_path());
                PartitionedFile::new(path, file.size().unsigned_abs())
            })
            .collect();
        files.sort_by(|a, b| a.path().cmp(b.path()));
        Arc::new(LakeScan { schema: self.schema(), files })
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
        let removed = match &commit {
            Commit::Append => Vec::new(),
            Commit::ReplaceFiles(files) => {
                let data = table.snapshot().log_data();
                let replaced = data.iter().filter(|file| files.contains(&file.object_store_path()));
                replaced.map(|file| file.remove_action(data_change)).collect()
            }
            Commit::Replace | Commit::Compact => {
                table.snapshot().log_data().iter().map(|file| file.remove_action(data_change)).collect()
            }
        };
        let actions = removed
            .into_iter()
            .map(Action::Remove)
            .chain(added.into_iter().map(|add| Action::Add(Add { data_change, ..add })))
            .collect();
        let operation = match commit {
            Commit::Append => {
                DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None }
            }
            Commit::Replace => {
                DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None }
            }
            // Without the predicate: it would quote what it asks for.
            Commit::ReplaceFiles(_) => DeltaOperation::Delete { predicate: None },
            Commit::Compact => {
                DeltaOperation::Optimize { predicate: None, target_size: TARGET_FILE_BYTES.cast_signed() }
            }
        };
        let finalized = CommitBuilder::from(transactional.commit_properties())
            .with_actions(actions)
            .build(Some(table.snapshot().snapshot()), table.delta.log_store(), operation)
            .await
            .map_err(|cause| EngineError::table(&table.name, cause))?;
        Ok(Written { version: finalized.version(), rows, bytes })
    }
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
