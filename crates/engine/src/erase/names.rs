//! Who is erased, as tables name them, and where they stand.

use ahash::AHashMap;
use arrow::array::{AsArray, RecordBatch};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_protect::KeyLocation;

use crate::columns::{KEY_PAGE, KEY_SLOT, PROFILE_ID, RECORD_ID, RECORD_TAG, SUBJECT_TAG};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LakeTable, StoredFile, TableName};
use crate::session::lake_session;
use crate::stored;

/// Columns that hold ids as text.
const IDS: [&str; 6] = [RECORD_ID, PROFILE_ID, "quarantine_id", "left_id", "right_id", "other_id"];
/// Columns that hold tags of records.
const TAGS: [&str; 2] = [RECORD_TAG, SUBJECT_TAG];

/// Ids, tags of source keys, and places of keys, each with the position of the request that it belongs to.
#[derive(Default)]
pub(super) struct Names {
    pub(super) ids: AHashMap<[u8; 16], usize>,
    pub(super) tags: AHashMap<[u8; 16], usize>,
    pub(super) keys: AHashMap<KeyLocation, usize>,
}

/// Rows of one file that [`Names`] name.
pub(super) struct FileMatch {
    pub(super) file: StoredFile,
    /// Rows in all.
    pub(super) rows: u64,
    pub(super) matched: Vec<MatchedRow>,
    /// Orphans of writes that were cut off may be torn.
    pub(super) is_readable: bool,
}

/// A row that is about someone who is erased.
pub(super) struct MatchedRow {
    /// The position of the request.
    pub(super) request: usize,
    pub(super) id: Option<[u8; 16]>,
    pub(super) tag: Option<[u8; 16]>,
    pub(super) key: Option<KeyLocation>,
}

/// A table, and what of it is about someone who is erased, in whatever version.
pub(super) struct TableMatch {
    pub(super) table: LakeTable,
    pub(super) files: Vec<FileMatch>,
}

impl TableMatch {
    /// Whether there are files with such rows, or files that may hold anything.
    pub(super) fn is_touched(&self) -> bool {
        self.files.iter().any(|file| !file.matched.is_empty() || !file.is_readable)
    }

    pub(super) fn matched(&self) -> impl Iterator<Item = &MatchedRow> {
        self.files.iter().flat_map(|file| &file.matched)
    }
}

impl Names {
    /// The columns of a table to look at.
    pub(super) fn columns(&self, table: &LakeTable) -> Vec<&'static str> {
        let schema = table.schema();
        let wanted = IDS.into_iter().chain(TAGS).chain([KEY_PAGE, KEY_SLOT]);
        wanted.filter(|name| schema.field_with_name(name).is_ok()).collect()
    }

    /// For each row the request that it belongs to.
    pub(super) fn owners(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>, DataFusionError> {
        let mut owners = vec![None; batch.num_rows()];
        for name in IDS {
            let Some(column) = batch.column_by_name(name) else { continue };
            for (owner, id) in owners.iter_mut().zip(column.as_string::<i32>()) {
                let id = id.and_then(|id| stored::id(id).ok());
                *owner = owner.or_else(|| self.ids.get(&id?).copied());
            }
        }
        for name in TAGS {
            let Some(column) = batch.column_by_name(name) else { continue };
            for (owner, tag) in owners.iter_mut().zip(column.as_binary::<i32>()) {
                *owner = owner.or_else(|| self.tags.get(<&[u8; 16]>::try_from(tag?).ok()?).copied());
            }
        }
        if batch.column_by_name(KEY_PAGE).is_some() && !self.keys.is_empty() {
            for (owner, key) in owners.iter_mut().zip(stored::key_locations(batch)?) {
                *owner = owner.or_else(|| self.keys.get(&key).copied());
            }
        }
        Ok(owners)
    }

    fn matched(&self, batch: &RecordBatch) -> Result<Vec<MatchedRow>, DataFusionError> {
        let owners = self.owners(batch)?;
        if owners.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let id = |row: usize| {
            let own = IDS.iter().find_map(|name| batch.column_by_name(name))?;
            stored::id(own.as_string::<i32>().value(row)).ok()
        };
        let tag =
            |row: usize| batch.column_by_name(RECORD_TAG)?.as_binary::<i32>().value(row).try_into().ok();
        let keys = match batch.column_by_name(KEY_PAGE) {
            Some(_) => stored::key_locations(batch)?,
            None => Vec::new(),
        };
        let matched = owners.into_iter().enumerate().filter_map(|(row, request)| {
            Some(MatchedRow { request: request?, id: id(row), tag: tag(row), key: keys.get(row).copied() })
        });
        Ok(matched.collect())
    }
}

impl Engine {
    /// Every table of the lake that there may be.
    pub(super) fn all_tables(&self) -> Vec<TableName> {
        let sources = self.config.pipeline.sources.iter();
        let landing = sources.map(|source| TableName::Landing(source.id.clone()));
        landing
            .chain([TableName::Quarantine, TableName::Rectifications])
            .chain(TableName::PUBLISHED)
            .collect()
    }

    /// Looks through every file in a table's folder; `None` where there is no such table.
    pub(super) async fn matches_in(
        &self,
        name: &TableName,
        names: &Names,
    ) -> Result<Option<TableMatch>, EngineError> {
        let Some(table) = self.lake.table(name).await? else { return Ok(None) };
        let mut files = Vec::new();
        for file in table.stored_files().await? {
            let mut found = FileMatch { file, rows: 0, matched: Vec::new(), is_readable: true };
            match self.look_through(&table, &mut found, names).await {
                Ok(()) => {}
                Err(_) if !found.file.is_active => found.is_readable = false,
                Err(cause) => return Err(cause),
            }
            files.push(found);
        }
        Ok(Some(TableMatch { table, files }))
    }

    async fn look_through(
        &self,
        table: &LakeTable,
        found: &mut FileMatch,
        names: &Names,
    ) -> Result<(), EngineError> {
        let columns = names.columns(table);
        let columns: Vec<_> = columns.into_iter().map(col).collect();
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let rows = session.read_table(table.every_row_of(&found.file))?.select(columns)?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            found.rows += batch.num_rows() as u64;
            found.matched.extend(names.matched(&batch)?);
        }
        Ok(())
    }

    /// The rows of one file, whole batches at a time.
    pub(super) async fn rows_of(
        &self,
        table: &LakeTable,
        file: &StoredFile,
    ) -> Result<datafusion::execution::SendableRecordBatchStream, EngineError> {
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        Ok(session.read_table(table.rows_of(file))?.execute_stream().await?)
    }
}
