//! Requests that other controllers hand over (OpenDSR 2.0), and what they are still to be told.
//!
//! A request stands here before it is opened, so that one that was cut off is opened under the same number when
//! it comes again. What was sent stands nowhere: a keyed tag says whether it is the same.

use chrono::{DateTime, Utc};
use vermeil_model::Tag;

use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection};
use crate::{StateDatabase, StateError};

/// Seconds after which a controller that could not be told is tried again, one after the other; then it is given up.
const TRIED_AGAIN: [i64; 8] = [10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400];
/// How long whoever tells a controller has it without a word.
const TELLING: i64 = 60_000_000;

/// What a controller hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOpenDsr {
    /// The account of the controller.
    pub controller: String,
    /// Its id of the request.
    pub id: String,
    /// What it sent, as a keyed tag.
    pub sent: Tag,
    /// Whom to tell of changes.
    pub callbacks: Vec<String>,
}

/// What a controller handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOpenDsr {
    /// The account of the controller.
    pub controller: String,
    /// Its id of the request.
    pub id: String,
    /// What it sent, as a keyed tag.
    pub sent: Tag,
    /// Our number of it.
    pub request: i64,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// Something that a controller is to be told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCallback {
    /// Counts up.
    pub number: i64,
    /// The account of the controller.
    pub controller: String,
    /// Its id of the request.
    pub id: String,
    /// Our number of it.
    pub request: i64,
    /// Where.
    pub url: String,
    /// What.
    pub status: String,
}

impl StateDatabase {
    /// Notes what a controller hands over, or finds what it handed over under that id.
    ///
    /// # Errors
    /// The database's own.
    pub async fn note_opendsr(&self, new: &NewOpenDsr) -> Result<KnownOpenDsr, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        if let Some(known) = find(&mut change, &new.controller, &new.id).await.map_err(failed)? {
            return Ok(known);
        }
        let request = self.take_numbers(&mut change, "request", 1).await?;
        let received_at = now();
        sql::query(
            "INSERT INTO opendsr_requests (controller, opendsr_id, sent, request, received_at, told)
             VALUES ($1, $2, $3, $4, $5, 'pending')",
        )
        .bind(&new.controller)
        .bind(&new.id)
        .bind(new.sent.0.to_vec())
        .bind(request)
        .bind(received_at)
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        for url in &new.callbacks {
            sql::query(
                "INSERT INTO opendsr_urls (request, url) VALUES ($1, $2) ON CONFLICT (request, url) DO NOTHING",
            )
            .bind(request)
            .bind(url)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        }
        let known = find(&mut change, &new.controller, &new.id).await.map_err(failed)?;
        self.commit(change).await?;
        known.ok_or_else(|| self.failed(unexpected("a request that was just noted")))
    }

    /// What a controller handed over under an id.
    ///
    /// # Errors
    /// The database's own.
    pub async fn opendsr(&self, controller: &str, id: &str) -> Result<Option<KnownOpenDsr>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        find(&mut reader, controller, id).await.map_err(|cause| self.failed(cause))
    }

    /// Numbers of requests whose controllers are to be told of changes, each with what they were told last.
    ///
    /// # Errors
    /// The database's own.
    pub async fn opendsr_to_follow(&self) -> Result<Vec<(i64, String)>, StateError> {
        sql::query_as(
            "SELECT request, told FROM opendsr_requests WHERE told NOT IN ('completed', 'cancelled')
             AND EXISTS (SELECT 1 FROM opendsr_urls WHERE opendsr_urls.request = opendsr_requests.request)
             ORDER BY request",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))
    }

    /// Notes that a request has come as far as `status`, of which its controller is to be told. Once for each change,
    /// whoever notices it.
    ///
    /// # Errors
    /// The database's own.
    pub async fn note_opendsr_change(
        &self,
        request: i64,
        (told, status): (&str, &str),
    ) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let changed = sql::query("UPDATE opendsr_requests SET told = $3 WHERE request = $1 AND told = $2")
            .bind(request)
            .bind(told)
            .bind(status)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        if changed.rows_affected() == 1 {
            let urls: Vec<String> =
                sql::query_scalar("SELECT url FROM opendsr_urls WHERE request = $1 ORDER BY url")
                    .bind(request)
                    .fetch_all(&mut *change)
                    .await
                    .map_err(failed)?;
            for url in urls {
                let number = self.take_numbers(&mut change, "opendsr_callback", 1).await?;
                sql::query(
                    "INSERT INTO opendsr_callbacks (callback, request, url, status, due_at, attempts)
                     VALUES ($1, $2, $3, $4, $5, 0)",
                )
                .bind(number)
                .bind(request)
                .bind(url)
                .bind(status)
                .bind(now())
                .execute(&mut *change)
                .await
                .map_err(failed)?;
            }
        }
        self.commit(change).await
    }

    /// Takes what is due to be told, at most `limit`, each for a minute: who dies meanwhile leaves it to others. Of
    /// one request and address what came earlier is told earlier.
    ///
    /// # Errors
    /// The database's own.
    pub async fn take_callbacks(&self, limit: u32) -> Result<Vec<DueCallback>, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let rows: Vec<(i64, String, String, i64, String, String)> = sql::query_as(
            "SELECT due.callback, own.controller, own.opendsr_id, own.request, due.url, due.status
             FROM opendsr_callbacks due JOIN opendsr_requests own ON own.request = due.request
             WHERE due.ended_at IS NULL AND due.due_at <= $1
             AND NOT EXISTS (SELECT 1 FROM opendsr_callbacks earlier WHERE earlier.request = due.request
                             AND earlier.url = due.url AND earlier.ended_at IS NULL
                             AND earlier.callback < due.callback)
             ORDER BY due.callback LIMIT $2",
        )
        .bind(now())
        .bind(i64::from(limit))
        .fetch_all(&mut *change)
        .await
        .map_err(failed)?;
        for (number, ..) in &rows {
            sql::query("UPDATE opendsr_callbacks SET due_at = $2 WHERE callback = $1")
                .bind(*number)
                .bind(now() + TELLING)
                .execute(&mut *change)
                .await
                .map_err(failed)?;
        }
        self.commit(change).await?;
        let due = |(number, controller, id, request, url, status)| DueCallback {
            number,
            controller,
            id,
            request,
            url,
            status,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Notes that a controller was told, or that it could not be: then it is tried again later, and given up after
    /// the last try.
    ///
    /// # Errors
    /// The database's own.
    pub async fn end_callback(&self, number: i64, was_told: Told) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let attempts: i64 = sql::query_scalar(
            "UPDATE opendsr_callbacks SET attempts = attempts + 1 WHERE callback = $1 RETURNING attempts",
        )
        .bind(number)
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
        let wait = usize::try_from(attempts - 1).ok().and_then(|tries| TRIED_AGAIN.get(tries));
        let (outcome, due_at) = match (was_told, wait) {
            (Told::Yes, _) => (Some("told"), None),
            (Told::No, None) => (Some("given_up"), None),
            (Told::No, Some(seconds)) => (None, Some(now() + seconds * 1_000_000)),
        };
        sql::query(
            "UPDATE opendsr_callbacks SET outcome = $2, ended_at = $3, due_at = COALESCE($4, due_at)
             WHERE callback = $1",
        )
        .bind(number)
        .bind(outcome)
        .bind(outcome.map(|_| now()))
        .bind(due_at)
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await
    }
}

/// Whether a controller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It said that it was.
    Yes,
    /// It could not be reached, or said something else.
    No,
}

async fn find(
    connection: &mut Connection,
    controller: &str,
    id: &str,
) -> Result<Option<KnownOpenDsr>, sqlx::Error> {
    let row: Option<(Vec<u8>, i64, i64)> = sql::query_as(
        "SELECT sent, request, received_at FROM opendsr_requests WHERE controller = $1 AND opendsr_id = $2",
    )
    .bind(controller)
    .bind(id)
    .fetch_optional(connection)
    .await?;
    let known = |(sent, request, received_at): (Vec<u8>, i64, i64)| {
        Ok(KnownOpenDsr {
            controller: controller.to_owned(),
            id: id.to_owned(),
            sent: Tag(sent.try_into().map_err(|_| unexpected("a tag"))?),
            request,
            received_at: moment(received_at)?,
        })
    };
    row.map(known).transpose()
}

#[cfg(test)]
mod tests;
