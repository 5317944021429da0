//! Requests of data subjects: what was asked for, and how far it has come.
//!
//! Which way a request may go is the matter of [`vermeil_rights::request::Request`]; here it is read,
//! changed and written in one change of the database, so that of two who act on it at once the second
//! meets what the first left. Who it is about stands in its kit alone, which is sealed; the kit and the
//! tags of the records concerned go in the very change that ends the request.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::Tag;
use vermeil_protect::KeyLocation;
use vermeil_rights::request::{Request, RequestError, RequestState};

use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection, QueryBuilder};
use crate::{Kit, StateDatabase, StateError};

/// Tags in one statement.
const TAGS_AT_ONCE: usize = 500;

/// A request as the database knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownRequest {
    /// Counts up.
    pub number: i64,
    /// The request.
    pub request: Request,
    /// The erasure that carries it out.
    pub erasure: Option<i64>,
    /// What it is about, in counts; `None` before it is sure whose it is.
    pub summary: Option<Value>,
    /// The steps that were begun, in the order in which they were begun first.
    pub steps: Vec<RequestStep>,
}

/// How a step of a request stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestStep {
    /// Which.
    pub step: String,
    /// When it was begun last.
    pub begun_at: DateTime<Utc>,
    /// When it ended; `None`: it is under way, failed or was cut off.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub attempts: u64,
    /// Its figures; no personal values.
    pub detail: Value,
}

/// Who a request turned out to be about.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedSubject {
    /// Who, sealed anew.
    pub kit: Kit,
    /// Keyed tags of their records.
    pub tags: Vec<Tag>,
    /// What is about them, in counts.
    pub summary: Value,
}

impl StateDatabase {
    /// Takes the number of a request that is about to be opened.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_request(&self) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "request", 1).await?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Opens a request under a number of [`StateDatabase::begin_request`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn open_request(&self, number: i64, request: &Request, kit: &Kit) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query(
            "INSERT INTO requests (request, kind, state, request_json, kit, kit_page, kit_slot)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(number)
        .bind(request.kind().as_str())
        .bind(request.state().as_str())
        .bind(text_of(request))
        .bind(&kit.sealed)
        .bind(kit.key.page)
        .bind(i64::from(kit.key.slot))
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// Changes a request. What ends it takes its kit and its tags with it.
    ///
    /// # Errors
    /// [`StateError::Request`]: the request does not go that way; [`StateError::OutOfTurn`]: there is none
    /// of that number, or it would be complete although a step is open, or its erasure is not proven.
    pub async fn change_request(
        &self,
        number: i64,
        make: impl FnOnce(&mut Request) -> Result<(), RequestError>,
    ) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let mut request = self.request_of(&mut change, number).await?;
        make(&mut request)?;
        self.write_request(&mut change, number, &request).await?;
        self.commit(change).await
    }

    /// Notes whose request it turned out to be, or that it repeats another that is open: of the same kind,
    /// about one of the same records, and of the same person for sure.
    ///
    /// # Errors
    /// As [`StateDatabase::change_request`].
    pub async fn verify_request(
        &self,
        number: i64,
        subject: &VerifiedSubject,
        make: impl FnOnce(&mut Request, Option<i64>) -> Result<(), RequestError>,
    ) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let mut request = self.request_of(&mut change, number).await?;
        let about = requests_about(&mut change, &subject.tags).await.map_err(failed)?;
        let kind = request.kind().as_str();
        // One that came later is answered later: the earlier day holds for the earlier request.
        let same = about.iter().filter(|(other, of, state)| {
            *other < number && of == kind && state != RequestState::IdentityUnverified.as_str()
        });
        make(&mut request, same.map(|(other, ..)| *other).min())?;
        sql::query(
            "UPDATE requests SET kit = $2, kit_page = $3, kit_slot = $4, summary_json = $5 WHERE request = $1",
        )
        .bind(number)
        .bind(&subject.kit.sealed)
        .bind(subject.kit.key.page)
        .bind(i64::from(subject.kit.key.slot))
        .bind(subject.summary.to_string())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        sql::query("DELETE FROM request_tags WHERE request = $1")
            .bind(number)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        for tags in subject.tags.chunks(TAGS_AT_ONCE) {
            let mut insert = QueryBuilder::new("INSERT INTO request_tags (request, tag) ");
            insert.push_values(tags, |mut row, tag| {
                row.push_bind(number).push_bind(tag.0.to_vec());
            });
            insert.push(" ON CONFLICT (request, tag) DO NOTHING");
            insert.build().execute(&mut *change).await.map_err(failed)?;
        }
        self.write_request(&mut change, number, &request).await?;
        self.commit(change).await
    }

    /// Names the erasure that carries a request out, or none.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if there is no such request.
    pub async fn link_erasure(&self, number: i64, erasure: Option<i64>) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let linked = sql::query("UPDATE requests SET erasure = $2 WHERE request = $1")
            .bind(number)
            .bind(erasure)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        one_row(linked.rows_affected(), number)?;
        self.commit(change).await
    }

    /// Begins a step of a request, or begins it again.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] unless the request is being carried out.
    pub async fn begin_request_step(&self, number: i64, step: &str) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let begun = sql::query(
            "INSERT INTO request_steps (request, step, begun_at, attempts)
             SELECT request, $2, $3, 1 FROM requests WHERE request = $1 AND state = $4
             ON CONFLICT (request, step) DO UPDATE SET begun_at = $3, ended_at = NULL,
             attempts = request_steps.attempts + 1",
        )
        .bind(number)
        .bind(step)
        .bind(now())
        .bind(RequestState::InProgress.as_str())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        one_row(begun.rows_affected(), number)?;
        self.commit(change).await
    }

    /// Ends a step with its figures.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it was not begun.
    pub async fn end_request_step(&self, number: i64, step: &str, detail: &Value) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let ended = sql::query(
            "UPDATE request_steps SET ended_at = $3, detail_json = $4
             WHERE request = $1 AND step = $2 AND ended_at IS NULL",
        )
        .bind(number)
        .bind(step)
        .bind(now())
        .bind(detail.to_string())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        one_row(ended.rows_affected(), number)?;
        self.commit(change).await
    }

    /// The kit of a request; `None` where there is no such request, or it has ended.
    ///
    /// # Errors
    /// The database's own.
    pub async fn request_kit(&self, number: i64) -> Result<Option<Kit>, StateError> {
        let row: Option<(Vec<u8>, i64, i64)> = sql::query_as(
            "SELECT kit, kit_page, kit_slot FROM requests WHERE request = $1 AND kit IS NOT NULL",
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

    /// Requests that have not ended and are about one of these records, by number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn requests_about(&self, tags: &[Tag]) -> Result<Vec<i64>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        let mut found = requests_about(&mut reader, tags).await.map_err(|cause| self.failed(cause))?;
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().map(|(number, ..)| number).collect())
    }

    /// Every request, by number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn requests(&self) -> Result<Vec<KnownRequest>, StateError> {
        self.read_requests(None).await
    }

    /// One request; `None` where there is none of that number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn request(&self, number: i64) -> Result<Option<KnownRequest>, StateError> {
        Ok(self.read_requests(Some(number)).await?.pop())
    }

    async fn read_requests(&self, wanted: Option<i64>) -> Result<Vec<KnownRequest>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        read(&mut reader, wanted).await.map_err(|cause| self.failed(cause))
    }

    async fn request_of(&self, change: &mut Connection, number: i64) -> Result<Request, StateError> {
        let text: Option<String> = sql::query_scalar("SELECT request_json FROM requests WHERE request = $1")
            .bind(number)
            .fetch_optional(change)
            .await
            .map_err(|cause| self.failed(cause))?;
        let text = text.ok_or(StateError::OutOfTurn { what: "request", number })?;
        request_from(&text).map_err(|cause| self.failed(cause))
    }

    async fn write_request(
        &self,
        change: &mut Connection,
        number: i64,
        request: &Request,
    ) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        if request.state() == RequestState::Completed {
            let is_done: bool = sql::query_scalar(
                "SELECT NOT EXISTS (SELECT 1 FROM request_steps WHERE request = $1 AND ended_at IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM requests own JOIN erasures ON erasures.erasure = own.erasure
                 WHERE own.request = $1 AND erasures.status <> 'complete')",
            )
            .bind(number)
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
            if !is_done {
                return Err(StateError::OutOfTurn { what: "request", number });
            }
        }
        sql::query("UPDATE requests SET state = $2, request_json = $3 WHERE request = $1")
            .bind(number)
            .bind(request.state().as_str())
            .bind(text_of(request))
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        if request.state().is_final() {
            for statement in [
                "UPDATE requests SET kit = NULL, kit_page = NULL, kit_slot = NULL WHERE request = $1",
                "DELETE FROM request_tags WHERE request = $1",
            ] {
                sql::query(statement).bind(number).execute(&mut *change).await.map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Number, request, erasure, summary.
type Row = (i64, String, Option<i64>, Option<String>);

/// Request, step, when it was begun and ended, attempts, figures.
type StepRow = (i64, String, i64, Option<i64>, i64, Option<String>);

/// All requests, or the one of a number.
async fn read(connection: &mut Connection, wanted: Option<i64>) -> Result<Vec<KnownRequest>, sqlx::Error> {
    let rows: Vec<Row> = sql::query_as(
        "SELECT request, request_json, erasure, summary_json FROM requests
         WHERE $1 IS NULL OR request = $1 ORDER BY request",
    )
    .bind(wanted)
    .fetch_all(&mut *connection)
    .await?;
    let steps: Vec<StepRow> = sql::query_as(
        "SELECT request, step, begun_at, ended_at, attempts, detail_json FROM request_steps
         WHERE $1 IS NULL OR request = $1 ORDER BY request, begun_at, step",
    )
    .bind(wanted)
    .fetch_all(&mut *connection)
    .await?;
    let mut requests = Vec::with_capacity(rows.len());
    for (number, request, erasure, summary) in rows {
        let first = steps.partition_point(|step| step.0 < number);
        let of_this = steps[first..].iter().take_while(|step| step.0 == number);
        requests.push(KnownRequest {
            number,
            request: request_from(&request)?,
            erasure,
            summary: summary.as_deref().map(json).transpose()?,
            steps: of_this.map(step).collect::<Result<_, _>>()?,
        });
    }
    Ok(requests)
}

fn step((_, step, begun_at, ended_at, attempts, detail): &StepRow) -> Result<RequestStep, sqlx::Error> {
    Ok(RequestStep {
        step: step.clone(),
        begun_at: moment(*begun_at)?,
        ended_at: ended_at.map(moment).transpose()?,
        attempts: (*attempts).try_into().map_err(|_| unexpected("a count"))?,
        detail: detail.as_deref().map(json).transpose()?.unwrap_or_default(),
    })
}

/// The numbers, kinds and states of requests that have not ended and are about one of these records.
async fn requests_about(
    connection: &mut Connection,
    tags: &[Tag],
) -> Result<Vec<(i64, String, String)>, sqlx::Error> {
    let mut found = Vec::new();
    for tags in tags.chunks(TAGS_AT_ONCE) {
        let mut select = QueryBuilder::new(
            "SELECT DISTINCT requests.request, kind, state FROM requests
             JOIN request_tags ON request_tags.request = requests.request WHERE tag IN (",
        );
        let mut list = select.separated(", ");
        for tag in tags {
            list.push_bind(tag.0.to_vec());
        }
        list.push_unseparated(")");
        found.extend(select.build_query_as().fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

fn one_row(changed: u64, number: i64) -> Result<(), StateError> {
    match changed {
        1 => Ok(()),
        _ => Err(StateError::OutOfTurn { what: "request", number }),
    }
}

fn text_of(request: &Request) -> String {
    serde_json::to_string(request).expect("plain data")
}

fn request_from(text: &str) -> Result<Request, sqlx::Error> {
    serde_json::from_str(text).map_err(|_| unexpected("a request"))
}

fn json(text: &str) -> Result<Value, sqlx::Error> {
    serde_json::from_str(text).map_err(|_| unexpected("a request's figures"))
}

#[cfg(test)]
mod tests;
