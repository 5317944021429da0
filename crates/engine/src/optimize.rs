//! Keeping tables small: fewer files, no leftovers, a short log.

use std::collections::HashMap;

use datafusion::prelude::SessionConfig;
use futures::TryStreamExt;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::APPLICATION;
use crate::lake::{LakeTable, TableName, Transactional};
use crate::progress::Progress;
use crate::report::{OptimizeReport, OptimizedTable};
use crate::session::lake_session;

/// A table is rewritten when it has more files than this.
const TOLERATED_FILES: u64 = 1;

impl Engine {
    /// Merges small files, deletes files that belong to no table any more, and
    /// shortens the logs. Readers of the current publication are not disturbed:
    /// replaced files stay an hour, and a publication is repointed before any file of it goes.
    ///
    /// # Errors
    /// The lake cannot be read or written. What was done stays; the next call goes on.
    pub async fn optimize(&self, progress: &dyn Progress) -> Result<OptimizeReport, EngineError> {
        let _lock = self.lock(progress).await?;
        let mut names = vec![TableName::Quarantine, TableName::Rectifications];
        names.extend(self.config.pipeline.sources.iter().map(|source| TableName::Landing(source.id.clone())));
        let mut report = OptimizeReport::default();
        for name in names {
            if let Some(optimized) = self.optimize_table(&name).await? {
                report.tables.push(optimized);
            }
        }
        let mut files_before = HashMap::new();
        for name in TableName::PUBLISHED {
            files_before.insert(name.clone(), self.fold(&name).await?);
        }
        // Before any file is deleted that readers were told to read.
        self.follow_versions_of_equal_rows().await?;
        for name in TableName::PUBLISHED {
            let Some(table) = self.lake.table(&name).await? else { continue };
            // Beyond the publication lies one that was cut off: what readers see
            // are older files, which a clean-up would take for leftovers.
            if !self.is_published(&table).await? {
                continue;
            }
            let files_after = table.file_count();
            let files_deleted = table.clean_up().await?;
            report.tables.push(OptimizedTable {
                table: name.to_string(),
                files_before: files_before[&name],
                files_after,
                files_deleted,
            });
        }
        self.follow_versions_of_equal_rows().await?;
        Ok(report)
    }

    async fn optimize_table(&self, name: &TableName) -> Result<Option<OptimizedTable>, EngineError> {
        let Some(table) = self.lake.table(name).await? else { return Ok(None) };
        let files_before = table.file_count();
        if files_before > TOLERATED_FILES {
            self.rewrite(table).await?;
        }
        let Some(table) = self.lake.table(name).await? else { return Ok(None) };
        let files_after = table.file_count();
        let files_deleted = table.clean_up().await?;
        Ok(Some(OptimizedTable { table: name.to_string(), files_before, files_after, files_deleted }))
    }

    /// Writes the same rows, in the same order, into fewer files.
    async fn rewrite(&self, table: LakeTable) -> Result<(), EngineError> {
        let version = i64::try_from(table.version()).unwrap_or(i64::MAX);
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let mut batches = session.read_table(table.provider())?.execute_stream().await?;
        let mut writer = table.writer()?;
        while let Some(batch) = batches.try_next().await? {
            writer.write(batch).await?;
        }
        // The sequence of its own keeps a table's load numbers untouched.
        writer.compact(&Transactional::new("optimize", version)).await?;
        Ok(())
    }

    /// Writes the rows of a published table that count into fewer files, and leaves out those that do
    /// not. Returns how many files there were.
    async fn fold(&self, name: &TableName) -> Result<u64, EngineError> {
        let (Some(publication), Some(table)) = (self.publication().await?, self.lake.table(name).await?)
        else {
            return Ok(0);
        };
        let files = table.file_count();
        let superseded = publication.superseded.get(&name.to_string()).cloned().unwrap_or_default();
        let table = table.without(superseded);
        if (files > TOLERATED_FILES || table.superseded().rows() > 0) && self.is_published(&table).await? {
            self.rewrite(table).await?;
        }
        Ok(files)
    }

    /// Folding or cleaning a table up commits to its log without changing what readers see. A later
    /// clean-up may drop the files or the log entry that the publication names, so the
    /// publication moves on to the version that holds the same rows.
    async fn follow_versions_of_equal_rows(&self) -> Result<(), EngineError> {
        let Some(publication) = self.publication().await? else { return Ok(()) };
        let mut published = Vec::new();
        for name in TableName::PUBLISHED {
            if let Some(table) = self.lake.table(&name).await?
                && self.is_published(&table).await?
            {
                published.push(name);
            }
        }
        let profiles = publication.profiles;
        self.point_to_latest(publication, &published, profiles).await
    }

    /// Whether the latest rows of a golden table are those of the publication.
    pub(crate) async fn is_published(&self, table: &LakeTable) -> Result<bool, EngineError> {
        let written = table.last_number(APPLICATION).await?;
        let published = self.publication().await?.map(|publication| publication.number);
        Ok(written == published)
    }
}
