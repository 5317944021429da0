//! The versions of the database's tables.

use crate::database::now;
use crate::sql;
use crate::{StateDatabase, StateError};

/// What leads from each version to the next, in order; the first from nothing.
const MIGRATIONS: [&[&str]; 14] = [
    &[include_str!("../migrations/0001_state.sql")],
    &[include_str!("../migrations/0002_key_generations.sql")],
    &[include_str!("../migrations/0003_blind_index.sql")],
    &[include_str!("../migrations/0004_blind_index_runs.sql")],
    &[include_str!("../migrations/0005_decisions.sql")],
    &[include_str!("../migrations/0006_match_models.sql")],
    &[include_str!("../migrations/0007_match_frequencies.sql")],
    &[include_str!("../migrations/0008_erasures.sql")],
    &[include_str!("../migrations/0009_consents.sql")],
    &[include_str!("../migrations/0010_tokens.sql")],
    &[include_str!("../migrations/0011_requests.sql")],
    &[include_str!("../migrations/0012_exports.sql")],
    &[include_str!("../migrations/0013_web.sql")],
    &[include_str!("../migrations/0014_recipients.sql")],
];

/// Brings the tables to the version this program knows.
pub(crate) async fn apply(state: &StateDatabase) -> Result<(), StateError> {
    let known = MIGRATIONS.len() as i64;
    let failed = |cause| state.failed(cause);
    // The lock comes first: of two processes that open a new database at once,
    // the second finds the tables made.
    let mut change = state.begin().await?;
    sql::query(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
    )
    .execute(&mut *change)
    .await
    .map_err(failed)?;
    let found: i64 = sql::query_scalar("SELECT COALESCE(MAX(version), 0) FROM schema_migrations")
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
    if found > known {
        return Err(StateError::Newer { database: state.location().to_string(), found, known });
    }
    for (version, scripts) in (1..).zip(MIGRATIONS).skip(found as usize) {
        for script in scripts {
            sql::raw_sql(*script).execute(&mut *change).await.map_err(failed)?;
        }
        sql::query("INSERT INTO schema_migrations (version, applied_at) VALUES ($1, $2)")
            .bind(version)
            .bind(now())
            .execute(&mut *change)
            .await
            .map_err(failed)?;
    }
    if found < known {
        state.keep_no_samples(&mut change).await?;
    }
    state.commit(change).await
}
