//! What recipients are told, how often it was tried, and their receipts.
//!
//! A try is counted before it is made, with the moment of the next: whoever dies in between has tried, two who
//! try at once are told apart, and the message that is sent again has the same name.

use chrono::{DateTime, Utc};
use vermeil_model::Tag;
use vermeil_protect::KeyLocation;
use vermeil_rights::notice::{DeliveryState, NoticeKind, Receipt};

use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection};
use crate::{Kit, StateDatabase, StateError};

/// A notice that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// A number of [`StateDatabase::begin_notice`].
    pub number: i64,
    /// What recipients are told to do.
    pub kind: NoticeKind,
    /// The erasure that it belongs to.
    pub erasure: Option<i64>,
    /// Until when answers are awaited.
    pub due_at: DateTime<Utc>,
    /// Recipients, with the name of the message to each.
    pub messages: Vec<(String, String)>,
    /// Who it is about, sealed.
    pub kit: Kit,
}

/// What recipients are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Counts up.
    pub number: i64,
    /// What recipients are told to do.
    pub kind: NoticeKind,
    /// The erasure that it belongs to.
    pub erasure: Option<i64>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Until when answers are awaited.
    pub due_at: DateTime<Utc>,
    /// Who is told, by name.
    pub deliveries: Vec<Delivery>,
}

/// How telling one recipient stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Who is told.
    pub recipient: String,
    /// What it knows the message by.
    pub message: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not tried again sooner.
    pub next_at: DateTime<Utc>,
    /// When it was tried last.
    pub tried_at: Option<DateTime<Utc>>,
    /// Why the last try brought no receipt: a code.
    pub code: Option<String>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// That the recipient knows.
    pub receipt: Option<Receipt>,
}

impl StateDatabase {
    /// Takes the number of a notice that is about to be made.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_notice(&self) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "notice", 1).await?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Makes a notice, and in the same change forgets the handles of whoever is erased.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if its erasure has one, or is not being carried out.
    pub async fn make_notice(&self, new: &NewNotice, forgotten: &[Tag]) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let at = now();
        let made = sql::query(
            "INSERT INTO notices (notice, kind, erasure, made_at, due_at, kit, kit_page, kit_slot)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE $3 IS NULL
             OR EXISTS (SELECT 1 FROM erasures WHERE erasure = $3 AND status = 'running')
             ON CONFLICT (erasure) DO NOTHING",
        )
        .bind(new.number)
        .bind(new.kind.as_str())
        .bind(new.erasure)
        .bind(at)
        .bind(new.due_at.timestamp_micros())
        .bind(&new.kit.sealed)
        .bind(new.kit.key.page)
        .bind(i64::from(new.kit.key.slot))
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        if made.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "notice", number: new.number });
        }
        for (recipient, message) in &new.messages {
            sql::query(
                "INSERT INTO notice_deliveries (notice, recipient, message, state, attempts, next_at)
                 VALUES ($1, $2, $3, $4, 0, $5)",
            )
            .bind(new.number)
            .bind(recipient)
            .bind(message)
            .bind(DeliveryState::Pending.as_str())
            .bind(at)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        }
        self.forget_within(&mut change, forgotten).await?;
        self.commit(change).await
    }

    /// Forgets by which handles recipients know someone.
    ///
    /// # Errors
    /// The database's own.
    pub async fn forget_handles(&self, tags: &[Tag]) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        self.forget_within(&mut change, tags).await?;
        self.commit(change).await
    }

    /// Counts a try that is about to be made, unless someone else made it since `delivery` was read.
    /// `false`: they did, or it is settled.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_delivery(
        &self,
        notice: i64,
        delivery: &Delivery,
        next_at: DateTime<Utc>,
    ) -> Result<bool, StateError> {
        let mut change = self.begin().await?;
        let begun = sql::query(
            "UPDATE notice_deliveries SET attempts = attempts + 1, tried_at = $4, next_at = $5
             WHERE notice = $1 AND recipient = $2 AND attempts = $3 AND state = 'pending'",
        )
        .bind(notice)
        .bind(&delivery.recipient)
        .bind(i64::from(delivery.attempts))
        .bind(now())
        .bind(next_at.timestamp_micros())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Keeps why a try brought no receipt.
    ///
    /// # Errors
    /// The database's own.
    pub async fn note_delivery(&self, notice: i64, recipient: &str, code: &str) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query(
            "UPDATE notice_deliveries SET code = $3
             WHERE notice = $1 AND recipient = $2 AND state = 'pending'",
        )
        .bind(notice)
        .bind(recipient)
        .bind(code)
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// Settles whether a recipient knows. Where it was the last one of its notice, the kit goes.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it is settled, or was never to be told.
    pub async fn settle_delivery(
        &self,
        notice: i64,
        recipient: &str,
        state: DeliveryState,
        receipt: Option<&Receipt>,
    ) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let settled = sql::query(
            "UPDATE notice_deliveries SET state = $3, settled_at = $4, receipt_json = $5
             WHERE notice = $1 AND recipient = $2 AND state = 'pending'",
        )
        .bind(notice)
        .bind(recipient)
        .bind(state.as_str())
        .bind(now())
        .bind(receipt.map(|receipt| serde_json::to_string(receipt).expect("plain data")))
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        if settled.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "notice", number: notice });
        }
        sql::query(
            "UPDATE notices SET kit = NULL, kit_page = NULL, kit_slot = NULL WHERE notice = $1 AND NOT EXISTS
             (SELECT 1 FROM notice_deliveries own WHERE own.notice = $1 AND own.state = 'pending')",
        )
        .bind(notice)
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await
    }

    /// The kit of a notice; `None` where nobody is left to be told.
    ///
    /// # Errors
    /// The database's own.
    pub async fn notice_kit(&self, number: i64) -> Result<Option<Kit>, StateError> {
        let row: Option<(Vec<u8>, i64, i64)> = sql::query_as(
            "SELECT kit, kit_page, kit_slot FROM notices WHERE notice = $1 AND kit IS NOT NULL",
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

    /// Every notice, by number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn notices(&self) -> Result<Vec<Notice>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        read(&mut reader).await.map_err(|cause| self.failed(cause))
    }

    async fn forget_within(&self, change: &mut Connection, tags: &[Tag]) -> Result<(), StateError> {
        for tag in tags {
            sql::query("DELETE FROM export_handles WHERE tag = $1")
                .bind(tag.0.to_vec())
                .execute(&mut *change)
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        Ok(())
    }
}

/// Notice, kind, erasure, made, due.
type Row = (i64, String, Option<i64>, i64, i64);

/// Notice, recipient, message, state, attempts, next, tried, code, settled, receipt.
type DeliveryRow =
    (i64, String, String, String, i64, i64, Option<i64>, Option<String>, Option<i64>, Option<String>);

async fn read(connection: &mut Connection) -> Result<Vec<Notice>, sqlx::Error> {
    let rows: Vec<Row> =
        sql::query_as("SELECT notice, kind, erasure, made_at, due_at FROM notices ORDER BY notice")
            .fetch_all(&mut *connection)
            .await?;
    let deliveries: Vec<DeliveryRow> = sql::query_as(
        "SELECT notice, recipient, message, state, attempts, next_at, tried_at, code, settled_at, receipt_json
         FROM notice_deliveries ORDER BY notice, recipient",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut notices = Vec::with_capacity(rows.len());
    for (number, kind, erasure, made_at, due_at) in rows {
        let known = NoticeKind::ALL.into_iter().find(|known| known.as_str() == kind);
        let first = deliveries.partition_point(|delivery| delivery.0 < number);
        let of_this = deliveries[first..].iter().take_while(|delivery| delivery.0 == number);
        notices.push(Notice {
            number,
            kind: known.ok_or_else(|| unexpected("a kind of notice"))?,
            erasure,
            made_at: moment(made_at)?,
            due_at: moment(due_at)?,
            deliveries: of_this.map(delivery).collect::<Result<_, _>>()?,
        });
    }
    Ok(notices)
}

fn delivery(row: &DeliveryRow) -> Result<Delivery, sqlx::Error> {
    let (_, recipient, message, state, attempts, next_at, tried_at, code, settled_at, receipt) = row;
    let known = DeliveryState::ALL.into_iter().find(|known| known.as_str() == state);
    let receipt = receipt.as_deref().map(serde_json::from_str).transpose();
    Ok(Delivery {
        recipient: recipient.clone(),
        message: message.clone(),
        state: known.ok_or_else(|| unexpected("a state of a notice"))?,
        attempts: (*attempts).try_into().map_err(|_| unexpected("a count"))?,
        next_at: moment(*next_at)?,
        tried_at: tried_at.map(moment).transpose()?,
        code: code.clone(),
        settled_at: settled_at.map(moment).transpose()?,
        receipt: receipt.map_err(|_| unexpected("a receipt"))?,
    })
}

#[cfg(test)]
mod tests;
