//! A published table on its way from one publication to the next.
//!
//! Rows that hold stay in the files they lie in; those that no longer do are superseded, and only what
//! is new is written, to a small file beside. Where too much would be left lying, the rows that hold
//! are written anew with the rest.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LakeTable, Superseded, TableName, TableWriter, Transactional};
use crate::publication::Publication;
use crate::session::lake_session;

/// Of a table that is kept at least this part of its rows must count.
const LEAST_IN_FOUR: u64 = 3;

/// The next version of a published table.
pub(super) struct TableUpdate {
    session: SessionContext,
    /// What is kept of the publication before.
    base: Option<LakeTable>,
    writer: TableWriter,
}

/// What readers of the next publication are told.
pub(super) struct Updated {
    pub(super) version: u64,
    pub(super) superseded: Superseded,
}

impl Engine {
    /// Starts from the table as `current` has it, or from nothing.
    pub(super) async fn update(
        &self,
        name: &TableName,
        schema: &SchemaRef,
        current: Option<&Publication>,
    ) -> Result<TableUpdate, EngineError> {
        let base = match current {
            Some(current) => self.published_table(current, name).await?,
            None => None,
        };
        // One partition, so that rows come in the order of their files.
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let writer = self.lake.table_with(name, schema).await?.writer()?;
        Ok(TableUpdate { session, base, writer })
    }
}

impl TableUpdate {
    /// Keeps the rows for which `holds` says so, given a batch of `columns` and a place in it.
    pub(super) async fn keep(
        &mut self,
        columns: &[&str],
        holds: impl FnMut(&RecordBatch, usize) -> Result<bool, EngineError>,
    ) -> Result<(), EngineError> {
        let Some(base) = &mut self.base else { return Ok(()) };
        let left = base.retain(&self.session, columns, holds).await?;
        let all = left + base.superseded().rows();
        match 4 * left < LEAST_IN_FOUR * all || base.is_fragmented() {
            true => self.fold().await,
            false => Ok(()),
        }
    }

    /// Keeps every row.
    pub(super) async fn keep_all(&mut self) -> Result<(), EngineError> {
        match self.base.as_ref().is_some_and(LakeTable::is_fragmented) {
            true => self.fold().await,
            false => Ok(()),
        }
    }

    /// Writes the rows that are kept once more, so that no file of the base is needed.
    async fn fold(&mut self) -> Result<(), EngineError> {
        let Some(base) = self.base.take() else { return Ok(()) };
        let mut batches = self.session.read_table(base.provider())?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            self.writer.write(batch).await?;
        }
        Ok(())
    }

    /// Adds rows.
    pub(super) async fn write(&mut self, batch: RecordBatch) -> Result<(), EngineError> {
        self.writer.write(batch).await
    }

    /// Commits; readers see it once a publication names it.
    pub(super) async fn commit(self, transactional: &Transactional) -> Result<Updated, EngineError> {
        match self.base {
            None => {
                let written = self.writer.replace(transactional).await?;
                Ok(Updated { version: written.version, superseded: Superseded::default() })
            }
            Some(base) => {
                let written = self.writer.extend(&base, transactional).await?;
                Ok(Updated { version: written.version, superseded: base.superseded().clone() })
            }
        }
    }
}
