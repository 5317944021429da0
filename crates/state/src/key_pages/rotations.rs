//! Which generation pages are written under, and rotations from one to the next.

use vermeil_protect::vault::{GenerationUse, Rotation, RotationStage, SealedPage};

use super::{COLUMNS, PageRow, page};
use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection};
use crate::{StateDatabase, StateError};

/// Whether one of these pages is sealed under a generation that nothing may be
/// written under any more. Asked within the change that writes them, so that no
/// generation is opened in between.
pub(super) async fn are_closed(change: &mut Connection, pages: &[SealedPage]) -> Result<bool, sqlx::Error> {
    let opened: i64 = sql::query_scalar(
        "SELECT COALESCE(MAX(generation), 0) FROM key_rotations WHERE opened_at IS NOT NULL",
    )
    .fetch_one(change)
    .await?;
    Ok(pages.iter().any(|page| i64::from(page.generation) < opened))
}

impl StateDatabase {
    pub(super) async fn generation_usage(&self) -> Result<Vec<GenerationUse>, sqlx::Error> {
        let rows: Vec<(i64, i64, i64)> = sql::query_as(
            "SELECT generation, COUNT(*), CAST(SUM(live_keys) AS BIGINT) FROM key_pages
             GROUP BY generation ORDER BY generation",
        )
        .fetch_all(self.readers())
        .await?;
        let used = |(generation, pages, keys): (i64, i64, i64)| {
            Some(GenerationUse {
                generation: generation.try_into().ok()?,
                pages: pages.try_into().ok()?,
                keys: keys.try_into().ok()?,
            })
        };
        rows.into_iter().map(|row| used(row).ok_or_else(|| unexpected("a generation"))).collect()
    }

    pub(super) async fn pages_under(
        &self,
        generation: u32,
        after: i64,
        count: usize,
    ) -> Result<Vec<SealedPage>, sqlx::Error> {
        let select = format!(
            "SELECT {COLUMNS} FROM key_pages WHERE generation = $1 AND page > $2 ORDER BY page LIMIT $3"
        );
        let rows: Vec<PageRow> = sql::query_as(sqlx::AssertSqlSafe(select))
            .bind(i64::from(generation))
            .bind(after)
            .bind(i64::try_from(count).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        rows.into_iter().map(page).collect()
    }

    pub(super) async fn begin_or_join_rotation(&self, above: u32) -> Result<Rotation, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        if let Some(rotation) = unfinished(&mut change).await.map_err(failed)? {
            return Ok(rotation);
        }
        let heard_of: Option<i64> = sql::query_scalar(
            "SELECT MAX(newest) FROM (SELECT MAX(generation) AS newest FROM key_rotations
             UNION ALL SELECT MAX(generation) FROM key_pages) AS heard_of",
        )
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
        let (generation, begun_at) = (heard_of.unwrap_or_default().max(i64::from(above)) + 1, now());
        sql::query("INSERT INTO key_rotations (generation, begun_at) VALUES ($1, $2)")
            .bind(generation)
            .bind(begun_at)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        self.commit(change).await?;
        rotation((generation, begun_at, None)).map_err(failed)
    }

    pub(super) async fn rotation_under_way(&self) -> Result<Option<Rotation>, sqlx::Error> {
        unfinished(&mut *self.readers().begin().await?).await
    }

    pub(super) async fn open_generation_of_pages(&self, generation: u32) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query(
            "INSERT INTO key_rotations (generation, begun_at, opened_at) VALUES ($1, $2, $2)
             ON CONFLICT (generation) DO UPDATE SET opened_at = COALESCE(key_rotations.opened_at, $2)",
        )
        .bind(i64::from(generation))
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    pub(super) async fn end_rotation_of_pages(&self, generation: u32) -> Result<u64, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let left: i64 = sql::query_scalar("SELECT COUNT(*) FROM key_pages WHERE generation < $1")
            .bind(i64::from(generation))
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
        if left == 0 {
            // Older ones too: what they were for is done.
            sql::query("UPDATE key_rotations SET ended_at = $2 WHERE generation <= $1 AND ended_at IS NULL")
                .bind(i64::from(generation))
                .bind(now())
                .execute(&mut *change)
                .await
                .map_err(failed)?;
        }
        self.commit(change).await?;
        Ok(left.unsigned_abs())
    }
}

/// The newest rotation that has not ended.
async fn unfinished(connection: &mut Connection) -> Result<Option<Rotation>, sqlx::Error> {
    let row: Option<(i64, i64, Option<i64>)> = sql::query_as(
        "SELECT generation, begun_at, opened_at FROM key_rotations WHERE ended_at IS NULL
         ORDER BY generation DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.map(rotation).transpose()
}

fn rotation((generation, begun_at, opened_at): (i64, i64, Option<i64>)) -> Result<Rotation, sqlx::Error> {
    Ok(Rotation {
        generation: generation.try_into().map_err(|_| unexpected("a generation"))?,
        begun_at: moment(begun_at)?,
        stage: if opened_at.is_some() { RotationStage::Opened } else { RotationStage::Begun },
    })
}
