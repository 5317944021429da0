//! Match models that were kept: numbered, never changed; the newest is the one in force.

use chrono::{DateTime, Utc};

use crate::database::{moment, now};
use crate::sql;
use crate::{StateDatabase, StateError};

/// A match model that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptModel {
    /// Counts up.
    pub number: i64,
    /// How many records it was estimated from.
    pub records: u64,
    /// The model, as whoever kept it writes it. It holds no value.
    pub content: String,
    /// How common values were, as whoever kept it writes it; it holds none. Models of earlier
    /// versions know nothing of it.
    pub frequencies: Option<Vec<u8>>,
    /// When it was kept.
    pub made_at: DateTime<Utc>,
}

/// Number, records, content, when it was made, frequencies.
type Row = (i64, i64, String, i64, Option<Vec<u8>>);

impl StateDatabase {
    /// Keeps a model, from now on the one in force.
    ///
    /// # Errors
    /// The database's own.
    pub async fn keep_match_model(
        &self,
        records: u64,
        content: &str,
        frequencies: &[u8],
    ) -> Result<KeptModel, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "match_model", 1).await?;
        let made_at = now();
        let insert = "INSERT INTO match_models (model, records, content, made_at, frequencies) VALUES ($1, $2, $3, $4, $5)";
        sql::query(insert)
            .bind(number)
            .bind(records as i64)
            .bind(content)
            .bind(made_at)
            .bind(frequencies)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        let made_at = moment(made_at).map_err(|cause| self.failed(cause))?;
        let frequencies = Some(frequencies.to_vec());
        Ok(KeptModel { number, records, content: content.to_owned(), frequencies, made_at })
    }

    /// The model in force; `None` where none was kept.
    ///
    /// # Errors
    /// The database's own.
    pub async fn match_model(&self) -> Result<Option<KeptModel>, StateError> {
        let row: Option<Row> = sql::query_as(
            "SELECT model, records, content, made_at, frequencies FROM match_models ORDER BY model DESC LIMIT 1",
        )
        .fetch_optional(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        let Some((number, records, content, made_at, frequencies)) = row else { return Ok(None) };
        let made_at = moment(made_at).map_err(|cause| self.failed(cause))?;
        Ok(Some(KeptModel { number, records: records as u64, content, frequencies, made_at }))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::fixture;

    #[tokio::test]
    async fn the_newest_model_is_in_force_and_lasts() {
        let fixture = fixture().await;
        assert_eq!(fixture.state.match_model().await.unwrap(), None);
        let first = fixture.state.keep_match_model(2_000, "one", &[]).await.unwrap();
        let second = fixture.state.keep_match_model(3_000_000_000, "two", &[0, 255]).await.unwrap();
        assert!(first.number < second.number);

        let fixture = fixture.reopened().await;
        assert_eq!(fixture.state.match_model().await.unwrap(), Some(second));
    }
}
