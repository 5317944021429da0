//! What people allowed and refused: events that are only added, and what holds now.
//!
//! Who it is about stands here as a keyed tag or the id of a record. Of one subject and purpose the event
//! that happened last holds; of two that happened at once the one that was recorded last. An event that
//! is told late changes nothing that happened after it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::Tag;
use vermeil_model::consent::{ConsentKey, ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;

use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection, QueryBuilder};
use crate::{StateDatabase, StateError};

/// Rows in one statement: SQLite binds 32,766 values at most.
const ROWS_AT_ONCE: usize = 1_000;

/// How far the clocks of those who record may be apart.
const CLOCK_TOLERANCE_MICROS: i64 = 5 * 60 * 1_000_000;

/// A statement to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConsent {
    /// Of whom.
    pub key: ConsentKey,
    /// For what; `None`: for everything.
    pub purpose: Option<Purpose>,
    /// What was said.
    pub status: ConsentStatus,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// The name of the account that recorded it.
    pub recorded_by: String,
    /// How it came about; nothing personal.
    pub detail: Value,
}

/// A statement that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentEvent {
    /// Counts up.
    pub number: i64,
    /// What was told.
    pub told: NewConsent,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// What holds now of one subject and purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentState {
    /// Of whom.
    pub key: ConsentKey,
    /// For what; `None`: for everything.
    pub purpose: Option<Purpose>,
    /// What was said last.
    pub status: ConsentStatus,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// The event that said it.
    pub number: i64,
}

/// How far a reader of the states has come: none of them is missing to whoever reads on from here, unless
/// some were taken out meanwhile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConsentMark {
    /// The last event.
    pub number: i64,
    /// The erasures that are taken out.
    pub epoch: i64,
}

type EventRow = (i64, i64, Vec<u8>, String, String, i64, i64, Option<i64>, String, String);
type StateRow = (Vec<u8>, i64, String, String, i64, Option<i64>, i64);

impl StateDatabase {
    /// Keeps events, all or none. What they say holds before this returns. Returns the number of the
    /// first; the others follow.
    ///
    /// # Errors
    /// The database's own.
    pub async fn record_consents(&self, events: &[NewConsent]) -> Result<i64, StateError> {
        let recorded_at = now();
        let mut change = self.begin().await?;
        let first = self.take_numbers(&mut change, "consent", events.len() as i64).await?;
        for (numbered, at) in events.chunks(ROWS_AT_ONCE).zip((first..).step_by(ROWS_AT_ONCE)) {
            let added = add(&mut change, numbered, at, recorded_at).await;
            added.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await?;
        Ok(first)
    }

    /// What holds now of each of `keys`, for every purpose.
    ///
    /// # Errors
    /// The database's own.
    pub async fn consent_states(&self, keys: &[ConsentKey]) -> Result<Vec<ConsentState>, StateError> {
        let mut states = Vec::new();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let mut select = QueryBuilder::new(
                "SELECT subject, scope, purpose, status, occurred_at, expires_at, number \
                 FROM consent_states WHERE (subject, scope) IN (VALUES ",
            );
            push_keys(&mut select, keys);
            select.push(")");
            let rows: Vec<StateRow> = select
                .build_query_as()
                .fetch_all(self.readers())
                .await
                .map_err(|cause| self.failed(cause))?;
            for row in rows {
                states.push(state(row).map_err(|cause| self.failed(cause))?);
            }
        }
        Ok(states)
    }

    /// Every event of each of `keys`, in the order in which they were recorded.
    ///
    /// # Errors
    /// The database's own.
    pub async fn consent_events(&self, keys: &[ConsentKey]) -> Result<Vec<ConsentEvent>, StateError> {
        let mut events = Vec::new();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let mut select = QueryBuilder::new(
                "SELECT number, scope, subject, purpose, status, occurred_at, recorded_at, expires_at, \
                 recorded_by, detail_json FROM consent_events WHERE (subject, scope) IN (VALUES ",
            );
            push_keys(&mut select, keys);
            select.push(")");
            let rows: Vec<EventRow> = select
                .build_query_as()
                .fetch_all(self.readers())
                .await
                .map_err(|cause| self.failed(cause))?;
            for row in rows {
                events.push(event(row).map_err(|cause| self.failed(cause))?);
            }
        }
        events.sort_unstable_by_key(|event: &ConsentEvent| event.number);
        Ok(events)
    }

    /// How far the states have come.
    ///
    /// # Errors
    /// The database's own.
    pub async fn consent_mark(&self) -> Result<ConsentMark, StateError> {
        let row: (i64, i64) = sql::query_as(
            "SELECT (SELECT next - 1 FROM counters WHERE name = 'consent'), \
             (SELECT next FROM counters WHERE name = 'erasure_epoch')",
        )
        .fetch_one(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        Ok(ConsentMark { number: row.0, epoch: row.1 })
    }

    /// Whether anyone said no to a purpose, or to everything.
    ///
    /// # Errors
    /// The database's own.
    pub async fn anyone_said_no(&self, purpose: Option<&Purpose>) -> Result<bool, StateError> {
        sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM consent_states \
             WHERE purpose IN ('', $1) AND status NOT IN ('given', 'released'))",
        )
        .bind(purpose_text(purpose))
        .fetch_one(self.readers())
        .await
        .map_err(|cause| self.failed(cause))
    }

    /// The states that events after `mark` made, and how far that goes. After an erasure all of them
    /// are given: see [`ConsentMark::epoch`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn consent_states_since(
        &self,
        mark: ConsentMark,
    ) -> Result<(ConsentMark, Vec<ConsentState>), StateError> {
        // Read before the states: a state that comes in between is given twice, never left out.
        let reached = self.consent_mark().await?;
        let after = if reached.epoch == mark.epoch { mark.number } else { 0 };
        if reached.number <= after {
            return Ok((reached, Vec::new()));
        }
        let rows: Vec<StateRow> = sql::query_as(
            "SELECT subject, scope, purpose, status, occurred_at, expires_at, number \
             FROM consent_states WHERE number > $1",
        )
        .bind(after)
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        let states = rows.into_iter().map(state).collect::<Result<_, _>>();
        Ok((reached, states.map_err(|cause| self.failed(cause))?))
    }

    /// Takes out everything that was said of `keys`. Returns how many events there were.
    ///
    /// # Errors
    /// The database's own.
    pub async fn erase_consents(&self, keys: &[ConsentKey]) -> Result<u64, StateError> {
        let mut change = self.begin().await?;
        let mut events = 0;
        for keys in keys.chunks(ROWS_AT_ONCE) {
            for (table, counts) in [("consent_states", 0), ("consent_events", 1)] {
                let mut delete = QueryBuilder::new("DELETE FROM ");
                delete.push(table).push(" WHERE (subject, scope) IN (VALUES ");
                push_keys(&mut delete, keys);
                delete.push(")");
                let done = delete.build().execute(&mut *change).await.map_err(|cause| self.failed(cause))?;
                events += counts * done.rows_affected();
            }
        }
        self.take_numbers(&mut change, "erasure_epoch", 1).await?;
        self.commit(change).await?;
        Ok(events)
    }
}

async fn add(
    change: &mut Connection,
    events: &[NewConsent],
    first: i64,
    recorded_at: i64,
) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO consent_events (number, scope, subject, purpose, status, occurred_at, recorded_at, \
         expires_at, recorded_by, detail_json) ",
    );
    insert.push_values(events.iter().zip(first..), |mut row, (event, number)| {
        row.push_bind(number)
            .push_bind(number_of(event.key.scope))
            .push_bind(event.key.id.0.to_vec())
            .push_bind(purpose_text(event.purpose.as_ref()))
            .push_bind(event.status.as_str())
            .push_bind(event.occurred_at.timestamp_micros())
            .push_bind(recorded_at)
            .push_bind(event.expires_at.map(|end| end.timestamp_micros()))
            .push_bind(event.recorded_by.clone())
            .push_bind(event.detail.to_string());
    });
    insert.build().execute(&mut *change).await?;
    // PostgreSQL changes a row once in a statement: what is said of the same later comes in a later one.
    let mut turns: Vec<Vec<(&NewConsent, i64)>> = Vec::new();
    let mut said: HashMap<(ConsentKey, Option<&Purpose>), usize> = HashMap::new();
    for (event, number) in events.iter().zip(first..) {
        let turn = said.entry((event.key, event.purpose.as_ref())).or_default();
        if turns.len() == *turn {
            turns.push(Vec::new());
        }
        turns[*turn].push((event, number));
        *turn += 1;
    }
    for turn in turns {
        derive(change, &turn, recorded_at).await?;
    }
    Ok(())
}

/// Takes over what was said of subjects and purposes, each of them once.
async fn derive(
    change: &mut Connection,
    events: &[(&NewConsent, i64)],
    recorded_at: i64,
) -> Result<(), sqlx::Error> {
    let mut derive = QueryBuilder::new(
        "INSERT INTO consent_states (subject, scope, purpose, status, occurred_at, expires_at, number) ",
    );
    derive.push_values(events, |mut row, (event, number)| {
        row.push_bind(event.key.id.0.to_vec())
            .push_bind(number_of(event.key.scope))
            .push_bind(purpose_text(event.purpose.as_ref()))
            .push_bind(event.status.as_str())
            .push_bind(event.occurred_at.timestamp_micros())
            .push_bind(event.expires_at.map(|end| end.timestamp_micros()))
            .push_bind(*number);
    });
    // A no of just now holds, even where another clock dated the yes before it a little ahead.
    derive
        .push(
            " ON CONFLICT (subject, scope, purpose) DO UPDATE SET status = excluded.status, \
             occurred_at = excluded.occurred_at, expires_at = excluded.expires_at, number = excluded.number \
             WHERE excluded.occurred_at >= consent_states.occurred_at \
             OR (excluded.status NOT IN ('given', 'released') AND excluded.occurred_at >= ",
        )
        .push_bind(recorded_at - CLOCK_TOLERANCE_MICROS)
        .push(")");
    derive.build().execute(change).await.map(drop)
}

fn push_keys(statement: &mut QueryBuilder, keys: &[ConsentKey]) {
    let mut list = statement.separated(", ");
    for key in keys {
        list.push("(").push_bind_unseparated(key.id.0.to_vec());
        list.push_unseparated(", ").push_bind_unseparated(number_of(key.scope));
        list.push_unseparated(")");
    }
}

fn number_of(scope: ConsentScope) -> i64 {
    scope as i64
}

fn key(scope: i64, subject: &[u8]) -> Result<ConsentKey, sqlx::Error> {
    let scope = usize::try_from(scope).ok().and_then(|scope| ConsentScope::ALL.get(scope).copied());
    let id = <[u8; 16]>::try_from(subject).ok();
    let (scope, id) = scope.zip(id).ok_or_else(|| unexpected("a subject of consent"))?;
    Ok(ConsentKey { scope, id: Tag(id) })
}

fn purpose_text(purpose: Option<&Purpose>) -> String {
    purpose.map_or_else(String::new, |purpose| purpose.0.clone())
}

fn purpose(text: String) -> Option<Purpose> {
    (!text.is_empty()).then_some(Purpose(text))
}

fn status(text: &str) -> Result<ConsentStatus, sqlx::Error> {
    ConsentStatus::parse(text).ok_or_else(|| unexpected("a status of consent"))
}

fn state(row: StateRow) -> Result<ConsentState, sqlx::Error> {
    let (subject, scope, of, said, occurred_at, expires_at, number) = row;
    Ok(ConsentState {
        key: key(scope, &subject)?,
        purpose: purpose(of),
        status: status(&said)?,
        occurred_at: moment(occurred_at)?,
        expires_at: expires_at.map(moment).transpose()?,
        number,
    })
}

fn event(row: EventRow) -> Result<ConsentEvent, sqlx::Error> {
    let (number, scope, subject, of, said, occurred_at, recorded_at, expires_at, recorded_by, detail) = row;
    let told = NewConsent {
        key: key(scope, &subject)?,
        purpose: purpose(of),
        status: status(&said)?,
        occurred_at: moment(occurred_at)?,
        expires_at: expires_at.map(moment).transpose()?,
        recorded_by,
        detail: serde_json::from_str(&detail).map_err(|_| unexpected("the detail of a consent"))?,
    };
    Ok(ConsentEvent { number, told, recorded_at: moment(recorded_at)? })
}

#[cfg(test)]
mod tests;
