//! Requests to erase a person: who asked, who agreed, and how far each has come.
//!
//! ```text
//! open ─▶ approved ─▶ running ─▶ complete
//!   ▲        │           steps, in order; one that begins again undoes those after it
//!   └────────┘ what was approved is no longer all there is
//! ```
//!
//! Who a request is about stands in its kit alone, which is sealed. A request is never complete
//! unless its proof ended and every recipient was told or is known not to answer: that is asked within the
//! change that completes it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::RecordId;
use vermeil_protect::KeyLocation;

use crate::blind_index::{KeyPlaces, holds_entries};
use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection};
use crate::{StateDatabase, StateError};

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureStatus {
    /// Waits for someone else to approve it.
    Open,
    /// Nothing is done yet.
    Approved,
    /// Begun, and not to be called back.
    Running,
    /// Done and proven.
    Complete,
    /// Called back before it began.
    Cancelled,
}

impl ErasureStatus {
    const ALL: [ErasureStatus; 5] =
        [Self::Open, Self::Approved, Self::Running, Self::Complete, Self::Cancelled];

    /// The status as the database and `status` write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is done for a request, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErasureStep {
    /// They shall not come back.
    Suppress,
    /// What is sealed opens no more.
    DestroyKeys,
    /// Rows, old versions, leftovers and logs go.
    Rewrite,
    /// It is kept which recipients are to be told, and how they know the person.
    Tell,
    /// Nothing is left.
    Prove,
}

impl ErasureStep {
    /// All of them, in order.
    pub const ALL: [ErasureStep; 5] =
        [Self::Suppress, Self::DestroyKeys, Self::Rewrite, Self::Tell, Self::Prove];

    /// The step as `status` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suppress => "suppress",
            Self::DestroyKeys => "destroy-keys",
            Self::Rewrite => "rewrite",
            Self::Tell => "tell",
            Self::Prove => "prove",
        }
    }

    fn number(self) -> i64 {
        1 + self as i64
    }
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StepEntry {
    /// Which.
    pub step: ErasureStep,
    /// When it was begun last.
    pub begun_at: DateTime<Utc>,
    /// When it ended; `None`: it is under way, failed or was cut off.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub attempts: u64,
    /// Its figures; no personal values.
    pub detail: Value,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Erasure {
    /// Counts up.
    pub number: i64,
    /// How far it has come.
    pub status: ErasureStatus,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: DateTime<Utc>,
    /// Who approved it, and when.
    pub approved: Option<(String, DateTime<Utc>)>,
    /// When it was completed or cancelled.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it is about, in counts.
    pub summary: Value,
    /// Of one that is complete.
    pub certificate: Option<String>,
    /// The steps that were begun, in order.
    pub steps: Vec<StepEntry>,
}

/// Who a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Sealed.
    pub sealed: Vec<u8>,
    /// Where the key lies that opens it.
    pub key: KeyLocation,
}

impl StateDatabase {
    /// Takes the number of a request that is about to be opened.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_erasure(&self) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "erasure", 1).await?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Opens a request under a number of [`StateDatabase::begin_erasure`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn open_erasure(
        &self,
        number: i64,
        by: &str,
        kit: &Kit,
        summary: &Value,
    ) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query(
            "INSERT INTO erasures (erasure, status, opened_by, opened_at, kit, kit_page, kit_slot, summary_json)
             VALUES ($1, 'open', $2, $3, $4, $5, $6, $7)",
        )
        .bind(number)
        .bind(by)
        .bind(now())
        .bind(&kit.sealed)
        .bind(kit.key.page)
        .bind(i64::from(kit.key.slot))
        .bind(summary.to_string())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// Approves a request, unless `by` opened it.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it is not open, or `by` opened it.
    pub async fn approve_erasure(&self, number: i64, by: &str) -> Result<(), StateError> {
        let statement = "UPDATE erasures SET status = 'approved', approved_by = $2, approved_at = $3
             WHERE erasure = $1 AND status = 'open' AND opened_by <> $2";
        self.change_erasure(number, sql::query(statement).bind(number).bind(by).bind(now())).await
    }

    /// Takes an approval back, for there is more than was approved.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it is not approved.
    pub async fn reopen_erasure(&self, number: i64, kit: &Kit, summary: &Value) -> Result<(), StateError> {
        let statement = "UPDATE erasures SET status = 'open', approved_by = NULL, approved_at = NULL,
             kit = $2, kit_page = $3, kit_slot = $4, summary_json = $5
             WHERE erasure = $1 AND status = 'approved'";
        let (page, slot) = (kit.key.page, i64::from(kit.key.slot));
        let query = sql::query(statement).bind(number).bind(&kit.sealed).bind(page).bind(slot);
        self.change_erasure(number, query.bind(summary.to_string())).await
    }

    /// States that requests are being carried out, all or none. Stating it again is harmless.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if one was not approved, or has ended.
    pub async fn start_erasures(&self, numbers: &[i64]) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        for number in numbers {
            let statement = "UPDATE erasures SET status = 'running'
                 WHERE erasure = $1 AND status IN ('approved', 'running')";
            self.change_one(&mut change, *number, sql::query(statement).bind(*number)).await?;
        }
        self.commit(change).await
    }

    /// Calls a request back, and forgets who it was about.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it has begun or ended.
    pub async fn cancel_erasure(&self, number: i64) -> Result<(), StateError> {
        let statement = "UPDATE erasures SET status = 'cancelled', ended_at = $2, kit = NULL,
             kit_page = NULL, kit_slot = NULL WHERE erasure = $1 AND status IN ('open', 'approved')";
        self.change_erasure(number, sql::query(statement).bind(number).bind(now())).await
    }

    /// Completes a request with its certificate, and forgets who it was about.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] unless every step ended, the proof last, and no recipient is left that has
    /// neither answered nor let its last day go by.
    pub async fn complete_erasure(&self, number: i64, certificate: &str) -> Result<(), StateError> {
        let statement = "UPDATE erasures SET status = 'complete', ended_at = $2, certificate = $3,
             kit = NULL, kit_page = NULL, kit_slot = NULL
             WHERE erasure = $1 AND status = 'running' AND $4 =
             (SELECT COUNT(*) FROM erasure_steps own WHERE own.erasure = $1 AND own.ended_at IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM notices JOIN notice_deliveries told ON told.notice = notices.notice
             WHERE notices.erasure = $1 AND told.state = 'pending')";
        let steps = ErasureStep::ALL.len() as i64;
        let query = sql::query(statement).bind(number).bind(now()).bind(certificate).bind(steps);
        self.change_erasure(number, query).await
    }

    /// Begins a step of several requests, and undoes those after it.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if a request is not being carried out, or a step before it is open.
    pub async fn begin_erasure_step(&self, numbers: &[i64], step: ErasureStep) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let at = now();
        for number in numbers.iter().copied() {
            let may_begin: bool = sql::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM erasures WHERE erasure = $1 AND status = 'running') AND $2 =
                 (SELECT COUNT(*) FROM erasure_steps
                  WHERE erasure = $1 AND step < $3 AND ended_at IS NOT NULL)",
            )
            .bind(number)
            .bind(step.number() - 1)
            .bind(step.number())
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
            if !may_begin {
                return Err(StateError::OutOfTurn { what: "erasure", number });
            }
            sql::query("UPDATE erasure_steps SET ended_at = NULL WHERE erasure = $1 AND step > $2")
                .bind(number)
                .bind(step.number())
                .execute(&mut *change)
                .await
                .map_err(failed)?;
            sql::query(
                "INSERT INTO erasure_steps (erasure, step, begun_at, attempts) VALUES ($1, $2, $3, 1)
                 ON CONFLICT (erasure, step) DO UPDATE SET begun_at = $3, ended_at = NULL,
                 attempts = erasure_steps.attempts + 1",
            )
            .bind(number)
            .bind(step.number())
            .bind(at)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        }
        self.commit(change).await
    }

    /// Ends a step of several requests, each with its figures.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if one was not begun.
    pub async fn end_erasure_step(
        &self,
        step: ErasureStep,
        ended: &[(i64, &Value)],
    ) -> Result<(), StateError> {
        let statement = "UPDATE erasure_steps SET ended_at = $3, detail_json = $4
             WHERE erasure = $1 AND step = $2 AND ended_at IS NULL";
        let mut change = self.begin().await?;
        for (number, detail) in ended {
            let query = sql::query(statement).bind(*number).bind(step.number()).bind(now());
            self.change_one(&mut change, *number, query.bind(detail.to_string())).await?;
        }
        self.commit(change).await
    }

    /// Keeps the figures of a step that did not end well.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it was not begun.
    pub async fn note_erasure_step(
        &self,
        number: i64,
        step: ErasureStep,
        detail: &Value,
    ) -> Result<(), StateError> {
        let statement = "UPDATE erasure_steps SET detail_json = $3 WHERE erasure = $1 AND step = $2";
        let query = sql::query(statement).bind(number).bind(step.number());
        self.change_erasure(number, query.bind(detail.to_string())).await
    }

    /// The kit of a request; `None` where there is no such request, or it has ended.
    ///
    /// # Errors
    /// The database's own.
    pub async fn erasure_kit(&self, number: i64) -> Result<Option<Kit>, StateError> {
        let row: Option<(Vec<u8>, i64, i64)> = sql::query_as(
            "SELECT kit, kit_page, kit_slot FROM erasures WHERE erasure = $1 AND kit IS NOT NULL",
        )
        .bind(number)
        .fetch_optional(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        let kit = |(sealed, page, slot): (Vec<u8>, i64, i64)| {
            let slot = slot.try_into().map_err(|_| unexpected("a place of a key"))?;
            Ok(Kit { sealed, key: KeyLocation { page, slot } })
        };
        row.map(kit).transpose().map_err(|cause| self.failed(cause))
    }

    /// Every request, by number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, StateError> {
        self.read_erasures(None).await
    }

    /// One request; `None` where there is none of that number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn erasure(&self, number: i64) -> Result<Option<Erasure>, StateError> {
        Ok(self.read_erasures(Some(number)).await?.pop())
    }

    /// How many times someone was to be erased: whoever reads records and acts on them later asks
    /// before and after.
    ///
    /// # Errors
    /// The database's own.
    pub async fn erasure_epoch(&self) -> Result<i64, StateError> {
        sql::query_scalar("SELECT next FROM counters WHERE name = 'erasure_epoch'")
            .fetch_one(self.readers())
            .await
            .map_err(|cause| self.failed(cause))
    }

    /// Which tables still name one of these records, or one whose key lies at `keys`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn traces(
        &self,
        records: &[RecordId],
        keys: &[KeyLocation],
    ) -> Result<Vec<&'static str>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        let mut found = Vec::new();
        for (table, statement) in [
            ("decision_records", "SELECT EXISTS (SELECT 1 FROM decision_records WHERE record = $1)"),
            ("suppression_flags", "SELECT EXISTS (SELECT 1 FROM suppression_flags WHERE record = $1)"),
        ] {
            for record in records {
                let stands: bool = sql::query_scalar(statement)
                    .bind(record.to_bytes().to_vec())
                    .fetch_one(&mut *reader)
                    .await
                    .map_err(|cause| self.failed(cause))?;
                if stands {
                    found.push(table);
                    break;
                }
            }
        }
        let places = KeyPlaces::keys(keys);
        if holds_entries(&mut reader, &places).await.map_err(|cause| self.failed(cause))? {
            found.push("blind_index_chunks");
        }
        Ok(found)
    }

    /// Empties the write-ahead log, in which what was deleted still stands.
    ///
    /// # Errors
    /// [`StateError::Busy`] if someone reads from it for long.
    pub async fn purge(&self) -> Result<(), StateError> {
        self.purge_log().await
    }

    async fn read_erasures(&self, wanted: Option<i64>) -> Result<Vec<Erasure>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        read(&mut reader, wanted).await.map_err(|cause| self.failed(cause))
    }

    async fn change_erasure(&self, number: i64, query: sql::Query) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        self.change_one(&mut change, number, query).await?;
        self.commit(change).await
    }

    /// Carries out a statement that must find its one row.
    async fn change_one(
        &self,
        change: &mut Connection,
        number: i64,
        query: sql::Query,
    ) -> Result<(), StateError> {
        let changed = query.execute(change).await.map_err(|cause| self.failed(cause))?;
        match changed.rows_affected() {
            1 => Ok(()),
            _ => Err(StateError::OutOfTurn { what: "erasure", number }),
        }
    }
}

type Row = (i64, String, String, i64, Option<String>, Option<i64>, Option<i64>, String, Option<String>);

/// Erasure, step, when it was begun and ended, attempts, figures.
type StepRow = (i64, i64, i64, Option<i64>, i64, Option<String>);

/// All requests, or the one of a number.
async fn read(connection: &mut Connection, wanted: Option<i64>) -> Result<Vec<Erasure>, sqlx::Error> {
    let rows: Vec<Row> = sql::query_as(
        "SELECT erasure, status, opened_by, opened_at, approved_by, approved_at, ended_at, summary_json,
         certificate FROM erasures WHERE $1 IS NULL OR erasure = $1 ORDER BY erasure",
    )
    .bind(wanted)
    .fetch_all(&mut *connection)
    .await?;
    let steps: Vec<StepRow> = sql::query_as(
        "SELECT erasure, step, begun_at, ended_at, attempts, detail_json FROM erasure_steps
         WHERE $1 IS NULL OR erasure = $1 ORDER BY erasure, step",
    )
    .bind(wanted)
    .fetch_all(&mut *connection)
    .await?;
    let mut erasures = Vec::with_capacity(rows.len());
    for (number, status, opened_by, opened_at, by, approved_at, ended_at, summary, certificate) in rows {
        let known = ErasureStatus::ALL.into_iter().find(|known| known.as_str() == status);
        let first = steps.partition_point(|step| step.0 < number);
        let of_this = steps[first..].iter().take_while(|step| step.0 == number);
        erasures.push(Erasure {
            number,
            status: known.ok_or_else(|| unexpected("an erasure's status"))?,
            opened_by,
            opened_at: moment(opened_at)?,
            approved: by.zip(approved_at.map(moment).transpose()?),
            ended_at: ended_at.map(moment).transpose()?,
            summary: json(&summary)?,
            certificate,
            steps: of_this
                .map(|(_, step, begun_at, ended_at, attempts, detail)| {
                    let known = ErasureStep::ALL.into_iter().find(|known| known.number() == *step);
                    Ok(StepEntry {
                        step: known.ok_or_else(|| unexpected("an erasure's step"))?,
                        begun_at: moment(*begun_at)?,
                        ended_at: ended_at.map(moment).transpose()?,
                        attempts: (*attempts).try_into().map_err(|_| unexpected("a count"))?,
                        detail: detail.as_deref().map(json).transpose()?.unwrap_or_default(),
                    })
                })
                .collect::<Result<_, sqlx::Error>>()?,
        });
    }
    Ok(erasures)
}

fn json(text: &str) -> Result<Value, sqlx::Error> {
    serde_json::from_str(text).map_err(|_| unexpected("an erasure's figures"))
}

#[cfg(test)]
mod tests;
