//! Looking for someone the way who must not find them would: in every former version of every table, with
//! whatever keys there are.

use arrow::array::RecordBatch;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;

use super::names::Names;
use crate::columns::KEY_PAGE;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::LookBackReport;
use crate::session::lake_session;
use crate::stored;

impl Engine {
    /// What versions of the tables, from the first on, still hold of the records and profiles `ids`, and
    /// how much of it there is a key for. No value is opened.
    ///
    /// # Errors
    /// - [`EngineError::EraseDenied`]: it takes leave to open every class;
    /// - the latest version of a table, the keys or the audit log cannot be read. Of former versions this
    ///   is what is counted.
    pub async fn look_back(&self, ids: &[u128], reader: &Reader) -> Result<LookBackReport, EngineError> {
        self.erasing(reader)?;
        let entry = self.announce_erasure(reader, "look-back", None).await?;
        let looked = self.look_back_for(ids).await;
        self.conclude_erasure(entry, looked.is_ok()).await?;
        looked
    }

    pub(super) async fn look_back_for(&self, ids: &[u128]) -> Result<LookBackReport, EngineError> {
        let mut names = Names::default();
        names.ids.extend(ids.iter().map(|id| (id.to_be_bytes(), 0)));
        let mut report = LookBackReport::default();
        for name in self.all_tables() {
            self.look_back_in(&name, &names, &mut report).await?;
        }
        Ok(report)
    }

    async fn look_back_in(
        &self,
        name: &TableName,
        names: &Names,
        report: &mut LookBackReport,
    ) -> Result<(), EngineError> {
        let Some(latest) = self.lake.table(name).await?.map(|table| table.version()) else { return Ok(()) };
        for version in 0..=latest {
            report.versions += 1;
            match self.seen_in(name, version, names).await {
                Ok((rows, with_key)) => {
                    report.rows += rows;
                    report.rows_with_key += with_key;
                }
                Err(_) if version < latest => report.versions_refused += 1,
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    /// How many rows of a version name someone, and of how many of them the key is there.
    async fn seen_in(
        &self,
        name: &TableName,
        version: u64,
        names: &Names,
    ) -> Result<(u64, u64), EngineError> {
        let Some(table) = self.lake.table_at(name, version).await? else { return Ok((0, 0)) };
        let columns: Vec<_> = names.columns(&table).into_iter().map(col).collect();
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let mut batches = session.read_table(table.provider())?.select(columns)?.execute_stream().await?;
        let (mut rows, mut with_key) = (0, 0);
        while let Some(batch) = batches.try_next().await? {
            let named: Vec<usize> = positions(&names.owners(&batch)?);
            rows += named.len() as u64;
            with_key += self.keys_left(&batch, &named).await?;
        }
        Ok((rows, with_key))
    }

    async fn keys_left(&self, batch: &RecordBatch, rows: &[usize]) -> Result<u64, EngineError> {
        if rows.is_empty() || batch.column_by_name(KEY_PAGE).is_none() {
            return Ok(0);
        }
        let all = stored::key_locations(batch)?;
        let locations: Vec<_> = rows.iter().map(|row| all[*row]).collect();
        let keys = self.vault.keys(&locations).await?;
        Ok(keys.iter().filter(|key| key.is_some()).count() as u64)
    }
}

fn positions(owners: &[Option<usize>]) -> Vec<usize> {
    owners.iter().enumerate().filter(|(_, owner)| owner.is_some()).map(|(row, _)| row).collect()
}
