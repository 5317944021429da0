//! The vault's pages of data keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_protect::vault::{GenerationUse, Rotation, SealedPage, StoreError, Written};
use vermeil_protect::{KeyLocation, KeyOwner, KeyPageStore};

use crate::blind_index::{KeyPlaces, erase_entries};
use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection, QueryBuilder};
use crate::{StateDatabase, StateError};

mod rotations;

/// Rows in one statement: few texts of statements, each well within what a
/// database takes of bound values.
const ROWS_AT_ONCE: usize = 64;

const COLUMNS: &str = "page, owner, revision, generation, live_keys, commitment, wrapped_key, sealed";

#[async_trait]
impl KeyPageStore for StateDatabase {
    async fn reserve(&self, count: i64) -> Result<i64, StoreError> {
        self.reserve_pages(count).await.map_err(StoreError::new)
    }

    async fn insert(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        self.insert_pages(pages).await.map_err(StoreError::new)
    }

    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError> {
        self.load_pages(numbers).await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn revisions(&self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        self.page_revisions(numbers).await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        self.replace_pages(pages).await.map_err(StoreError::new)
    }

    async fn forget(&self, keys: &[KeyLocation]) -> Result<(), StoreError> {
        self.delete_index_entries(keys).await.map_err(StoreError::new)
    }

    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError> {
        self.delete_pages_of(owner).await.map_err(StoreError::new)
    }

    async fn deletions(&self, numbers: &[i64]) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
        self.page_deletions(numbers).await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn usage(&self) -> Result<Vec<GenerationUse>, StoreError> {
        self.generation_usage().await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn under(&self, generation: u32, after: i64, count: usize) -> Result<Vec<SealedPage>, StoreError> {
        let pages = self.pages_under(generation, after, count).await;
        pages.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn begin_rotation(&self, above: u32) -> Result<Rotation, StoreError> {
        self.begin_or_join_rotation(above).await.map_err(StoreError::new)
    }

    async fn rotation(&self) -> Result<Option<Rotation>, StoreError> {
        self.rotation_under_way().await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn open_generation(&self, generation: u32) -> Result<(), StoreError> {
        self.open_generation_of_pages(generation).await.map_err(StoreError::new)
    }

    async fn end_rotation(&self, generation: u32) -> Result<u64, StoreError> {
        self.end_rotation_of_pages(generation).await.map_err(StoreError::new)
    }

    async fn purge(&self) -> Result<(), StoreError> {
        self.purge_log().await.map_err(StoreError::new)
    }
}

/// The columns of [`COLUMNS`].
type PageRow = (i64, String, i64, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);

fn page(
    (number, owner, revision, generation, live_keys, commitment, wrapped_key, sealed): PageRow,
) -> Result<SealedPage, sqlx::Error> {
    Ok(SealedPage {
        number,
        owner: KeyOwner::new(owner),
        revision,
        generation: generation.try_into().map_err(|_| unexpected("a generation"))?,
        live_keys: live_keys.try_into().map_err(|_| unexpected("a count of keys"))?,
        commitment: commitment.try_into().map_err(|_| unexpected("a commitment"))?,
        wrapped_key,
        sealed,
    })
}

impl StateDatabase {
    async fn reserve_pages(&self, count: i64) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let first = self.take_numbers(&mut change, "key_page", count).await?;
        self.commit(change).await?;
        Ok(first)
    }

    async fn insert_pages(&self, pages: Vec<SealedPage>) -> Result<Written, StateError> {
        let mut change = self.begin().await?;
        if rotations::are_closed(&mut change, &pages).await.map_err(|cause| self.failed(cause))? {
            return Ok(Written::Closed);
        }
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            insert_rows(&mut change, pages.by_ref().take(ROWS_AT_ONCE))
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await?;
        Ok(Written::Done { outdated: Vec::new() })
    }

    async fn load_pages(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, sqlx::Error> {
        let mut pages = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(ROWS_AT_ONCE) {
            let rows: Vec<PageRow> =
                select(COLUMNS, numbers).build_query_as().fetch_all(self.readers()).await?;
            for row in rows {
                pages.push(page(row)?);
            }
        }
        Ok(pages)
    }

    async fn page_revisions(&self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, sqlx::Error> {
        let mut revisions = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(ROWS_AT_ONCE) {
            let rows: Vec<(i64, i64)> =
                select("page, revision", numbers).build_query_as().fetch_all(self.readers()).await?;
            revisions.extend(rows);
        }
        Ok(revisions)
    }

    async fn replace_pages(&self, pages: Vec<SealedPage>) -> Result<Written, StateError> {
        let failed = |cause| self.failed(cause);
        if pages.is_empty() {
            return Ok(Written::Done { outdated: Vec::new() });
        }
        let mut change = self.begin().await?;
        if rotations::are_closed(&mut change, &pages).await.map_err(failed)? {
            return Ok(Written::Closed);
        }
        let mut outdated = Vec::new();
        let mut emptied = false;
        for page in pages {
            let (number, revision) = (page.number, page.revision);
            let stored: Option<(i64, i64)> =
                sql::query_as("SELECT revision, live_keys FROM key_pages WHERE page = $1")
                    .bind(number)
                    .fetch_optional(&mut *change)
                    .await
                    .map_err(failed)?;
            match stored {
                None => {}
                Some((stored, live_keys)) if stored + 1 == revision => {
                    emptied |= live_keys > i64::from(page.live_keys);
                    update_row(&mut change, page).await.map_err(failed)?;
                }
                Some(_) => outdated.push(number),
            }
        }
        self.commit(change).await?;
        // Not where pages only moved to another generation: nothing was destroyed then.
        if emptied {
            self.truncate_log().await;
        }
        Ok(Written::Done { outdated })
    }

    async fn delete_pages_of(&self, owner: &KeyOwner) -> Result<u64, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let pages: Vec<i64> = sql::query_scalar("SELECT page FROM key_pages WHERE owner = $1 ORDER BY page")
            .bind(owner.as_str())
            .fetch_all(&mut *change)
            .await
            .map_err(failed)?;
        if pages.is_empty() {
            return Ok(0);
        }
        // Entries are made of what landed: profiles, which go by the million, have none to look for.
        let has_landed: bool = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM loads WHERE key_owner = $1)")
            .bind(owner.as_str())
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
        if has_landed {
            erase_entries(&mut change, &KeyPlaces::pages(&pages)).await.map_err(failed)?;
        }
        sql::query("DELETE FROM key_pages WHERE owner = $1")
            .bind(owner.as_str())
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        let at = now();
        for run in pages.chunk_by(|page, next| page + 1 == *next) {
            sql::query(
                "INSERT INTO key_page_deletions (first_page, last_page, deleted_at) VALUES ($1, $2, $3)",
            )
            .bind(run[0])
            .bind(run[run.len() - 1])
            .bind(at)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        }
        self.commit(change).await?;
        self.truncate_log().await;
        Ok(pages.len() as u64)
    }

    async fn page_deletions(&self, numbers: &[i64]) -> Result<Vec<(i64, DateTime<Utc>)>, sqlx::Error> {
        let mut deletions = Vec::new();
        for number in numbers {
            let range: Option<(i64, i64)> = sql::query_as(
                "SELECT last_page, deleted_at FROM key_page_deletions WHERE first_page <= $1
                 ORDER BY first_page DESC LIMIT 1",
            )
            .bind(*number)
            .fetch_optional(self.readers())
            .await?;
            if let Some((_, at)) = range.filter(|(last, _)| number <= last) {
                deletions.push((*number, moment(at)?));
            }
        }
        Ok(deletions)
    }
}

/// `SELECT columns` of the pages with these numbers.
fn select(columns: &str, numbers: &[i64]) -> QueryBuilder {
    let mut select = QueryBuilder::new(format!("SELECT {columns} FROM key_pages WHERE page IN ("));
    let mut list = select.separated(", ");
    for number in numbers {
        list.push_bind(*number);
    }
    list.push_unseparated(")");
    select
}

async fn insert_rows(
    change: &mut Connection,
    pages: impl Iterator<Item = SealedPage>,
) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new(format!("INSERT INTO key_pages ({COLUMNS}) "));
    insert.push_values(pages, |mut row, page| {
        row.push_bind(page.number)
            .push_bind(String::from(page.owner.as_str()))
            .push_bind(page.revision)
            .push_bind(i64::from(page.generation))
            .push_bind(i64::from(page.live_keys))
            .push_bind(page.commitment.to_vec())
            .push_bind(page.wrapped_key)
            .push_bind(page.sealed);
    });
    insert.build().execute(change).await.map(drop)
}

async fn update_row(change: &mut Connection, page: SealedPage) -> Result<(), sqlx::Error> {
    sql::query(
        "UPDATE key_pages SET owner = $2, revision = $3, generation = $4, live_keys = $5,
         commitment = $6, wrapped_key = $7, sealed = $8 WHERE page = $1",
    )
    .bind(page.number)
    .bind(page.owner.as_str())
    .bind(page.revision)
    .bind(i64::from(page.generation))
    .bind(i64::from(page.live_keys))
    .bind(page.commitment.to_vec())
    .bind(page.wrapped_key)
    .bind(page.sealed)
    .execute(change)
    .await
    .map(drop)
}

#[cfg(test)]
mod tests;
