//! Suppression: people who were erased and must not come back, as keyed tags.

use std::collections::HashSet;

use sqlx::{QueryBuilder, Sqlite};
use vermeil_model::Tag;

use crate::database::{now, unexpected};
use crate::{StateDatabase, StateError};

/// Tags in one statement.
const TAGS_AT_ONCE: usize = 500;

impl StateDatabase {
    /// Suppresses tags, all or none. One that is there already stays.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppress(&self, tags: &[Tag]) -> Result<(), StateError> {
        let since = now();
        let mut change = self.begin().await?;
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO suppression (tag, since) ");
            insert.push_values(tags, |mut row, tag| {
                row.push_bind(tag.0.to_vec()).push_bind(since);
            });
            insert.push(" ON CONFLICT (tag) DO NOTHING");
            insert.build().execute(&mut *change).await.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await
    }

    /// Whether each tag is suppressed, in order.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppressed(&self, tags: &[Tag]) -> Result<Vec<bool>, StateError> {
        let mut found = HashSet::new();
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut select = QueryBuilder::<Sqlite>::new("SELECT tag FROM suppression WHERE tag IN (");
            let mut list = select.separated(", ");
            for tag in tags {
                list.push_bind(tag.0.to_vec());
            }
            list.push_unseparated(")");
            let rows = select.build_query_scalar().fetch_all(self.readers()).await;
            found.extend(self.tags(rows)?);
        }
        Ok(tags.iter().map(|tag| found.contains(tag)).collect())
    }

    /// Every suppressed tag, for a run that will ask about most of its records.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppression(&self) -> Result<HashSet<Tag>, StateError> {
        let rows = sqlx::query_scalar("SELECT tag FROM suppression").fetch_all(self.readers()).await;
        Ok(self.tags(rows)?.into_iter().collect())
    }

    fn tags(&self, rows: Result<Vec<Vec<u8>>, sqlx::Error>) -> Result<Vec<Tag>, StateError> {
        let tag = |bytes: Vec<u8>| Ok(Tag(bytes.try_into().map_err(|_| unexpected("a tag"))?));
        rows.and_then(|rows| rows.into_iter().map(tag).collect()).map_err(|cause| self.failed(cause))
    }
}

#[cfg(test)]
mod tests;
