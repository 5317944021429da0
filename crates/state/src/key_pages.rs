//! The vault's pages of data keys.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use vermeil_protect::vault::{SealedPage, StoreError};
use vermeil_protect::{KeyOwner, KeyPageStore};

use crate::database::unexpected;
use crate::{StateDatabase, StateError};

/// Rows in one statement: few texts of statements, each well within what a
/// database takes of bound values.
const ROWS_AT_ONCE: usize = 64;

#[async_trait]
impl KeyPageStore for StateDatabase {
    async fn reserve(&self, count: i64) -> Result<i64, StoreError> {
        self.reserve_pages(count).await.map_err(StoreError::new)
    }

    async fn insert(&self, pages: Vec<SealedPage>) -> Result<(), StoreError> {
        self.insert_pages(pages).await.map_err(StoreError::new)
    }

    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError> {
        self.load_pages(numbers).await.map_err(|cause| StoreError::new(self.failed(cause)))
    }

    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Vec<i64>, StoreError> {
        self.replace_pages(pages).await.map_err(StoreError::new)
    }

    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError> {
        self.delete_pages_of(owner).await.map_err(StoreError::new)
    }
}

impl StateDatabase {
    async fn reserve_pages(&self, count: i64) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let first = self.take_numbers(&mut change, "key_page", count).await?;
        self.commit(change).await?;
        Ok(first)
    }

    async fn insert_pages(&self, pages: Vec<SealedPage>) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            insert_rows(&mut change, pages.by_ref().take(ROWS_AT_ONCE))
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await
    }

    async fn load_pages(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, sqlx::Error> {
        type Row = (i64, String, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);
        let mut pages = Vec::with_capacity(numbers.len());
        for numbers in numbers.chunks(ROWS_AT_ONCE) {
            let mut select = QueryBuilder::<Sqlite>::new(
                "SELECT page, owner, revision, generation, commitment, wrapped_key, sealed FROM key_pages WHERE page IN (",
            );
            let mut list = select.separated(", ");
            for number in numbers {
                list.push_bind(*number);
            }
            list.push_unseparated(")");
            let rows: Vec<Row> = select.build_query_as().fetch_all(self.readers()).await?;
            for (number, owner, revision, generation, commitment, wrapped_key, sealed) in rows {
                pages.push(SealedPage {
                    number,
                    owner: KeyOwner::new(owner),
                    revision,
                    generation: generation.try_into().map_err(|_| unexpected("a generation"))?,
                    commitment: commitment.try_into().map_err(|_| unexpected("a commitment"))?,
                    wrapped_key,
                    sealed,
                });
            }
        }
        Ok(pages)
    }

    async fn replace_pages(&self, pages: Vec<SealedPage>) -> Result<Vec<i64>, StateError> {
        let failed = |cause| self.failed(cause);
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let mut outdated = Vec::new();
        let mut change = self.begin().await?;
        for page in pages {
            let (number, revision) = (page.number, page.revision);
            let stored: Option<i64> = sqlx::query_scalar("SELECT revision FROM key_pages WHERE page = $1")
                .bind(number)
                .fetch_optional(&mut *change)
                .await
                .map_err(failed)?;
            match stored {
                None => {}
                Some(stored) if stored + 1 == revision => {
                    sqlx::query(
                        "UPDATE key_pages SET owner = $2, revision = $3, generation = $4,
                         commitment = $5, wrapped_key = $6, sealed = $7 WHERE page = $1",
                    )
                    .bind(number)
                    .bind(page.owner.as_str())
                    .bind(revision)
                    .bind(i64::from(page.generation))
                    .bind(&page.commitment[..])
                    .bind(page.wrapped_key)
                    .bind(page.sealed)
                    .execute(&mut *change)
                    .await
                    .map_err(failed)?;
                }
                Some(_) => outdated.push(number),
            }
        }
        self.commit(change).await?;
        self.truncate_log().await;
        Ok(outdated)
    }

    async fn delete_pages_of(&self, owner: &KeyOwner) -> Result<u64, StateError> {
        let mut change = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM key_pages WHERE owner = $1")
            .bind(owner.as_str())
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        if deleted.rows_affected() > 0 {
            self.truncate_log().await;
        }
        Ok(deleted.rows_affected())
    }
}

async fn insert_rows(
    change: &mut SqliteConnection,
    pages: impl Iterator<Item = SealedPage>,
) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO key_pages (page, owner, revision, generation, commitment, wrapped_key, sealed) ",
    );
    insert.push_values(pages, |mut row, page| {
        row.push_bind(page.number)
            .push_bind(String::from(page.owner.as_str()))
            .push_bind(page.revision)
            .push_bind(i64::from(page.generation))
            .push_bind(page.commitment.to_vec())
            .push_bind(page.wrapped_key)
            .push_bind(page.sealed);
    });
    insert.build().execute(change).await.map(drop)
}

#[cfg(test)]
mod tests;
