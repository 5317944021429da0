//! Decisions of people about who is who: numbered, never changed, at most undone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vermeil_model::RecordId;
use vermeil_model::decision::{DecisionKind, Reason};

use crate::database::{moment, now, unexpected};
use crate::sql::{self, Connection, QueryBuilder};
use crate::{StateDatabase, StateError};

/// Records in one statement.
const RECORDS_AT_ONCE: usize = 500;

/// What is decided about two groups of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// What.
    pub kind: DecisionKind,
    /// One group; it shares no record with the other.
    pub one: Vec<RecordId>,
    /// The other.
    pub other: Vec<RecordId>,
    /// Who decides.
    pub author: String,
    /// Why.
    pub reason: Reason,
}

/// What was decided about two groups of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Counts up. A number that was erased does not come back.
    pub number: i64,
    /// What.
    pub kind: DecisionKind,
    /// One group, by rising id.
    pub one: Vec<RecordId>,
    /// The other, by rising id.
    pub other: Vec<RecordId>,
    /// Who decided.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// Who undid it; `None`: it is in force.
    pub undone: Option<Undone>,
}

/// That a decision was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl StateDatabase {
    /// Takes the number of a decision that is about to be made.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_decision(&self) -> Result<i64, StateError> {
        self.begin_decisions(1).await
    }

    /// Takes the numbers of `count` decisions that are about to be made: the first of as many.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_decisions(&self, count: u32) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "decision", count.into()).await?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Records a decision under a number of [`StateDatabase::begin_decision`], unless `permit`,
    /// which sees all others, refuses. Nobody decides in between.
    ///
    /// # Errors
    /// What `permit` says, or the database.
    pub async fn decide<E: From<StateError>>(
        &self,
        number: i64,
        new: &NewDecision,
        permit: impl FnOnce(&[Decision]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.decide_all([(number, new)], permit).await
    }

    /// Records several decisions as [`StateDatabase::decide`] does one: all of them or none.
    ///
    /// # Errors
    /// What `permit` says, or the database.
    pub async fn decide_all<'d, E: From<StateError>>(
        &self,
        new: impl IntoIterator<Item = (i64, &'d NewDecision)>,
        permit: impl FnOnce(&[Decision]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut change = self.begin().await?;
        permit(&self.read_decisions(&mut change).await?)?;
        for (number, new) in new {
            insert(&mut change, number, new).await.map_err(|cause| self.failed(cause))?;
        }
        Ok(self.commit(change).await?)
    }

    /// Undoes a decision.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if there is none of that number, or it is undone already.
    pub async fn undo_decision(&self, number: i64, by: &str, reason: &Reason) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let changed = sql::query(
            "UPDATE decisions SET undone_by = $2, undone_reason = $3, undone_at = $4
             WHERE decision = $1 AND undone_at IS NULL",
        )
        .bind(number)
        .bind(by)
        .bind(reason.as_str())
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if changed.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "decision", number });
        }
        self.commit(change).await
    }

    /// All decisions by number, those undone included.
    ///
    /// # Errors
    /// The database's own.
    pub async fn decisions(&self) -> Result<Vec<Decision>, StateError> {
        let mut reader = self.readers().begin().await.map_err(|cause| self.failed(cause))?;
        self.read_decisions(&mut reader).await
    }

    /// Erases records from decisions, and the decisions that are about nobody without them,
    /// reasons included.
    ///
    /// # Errors
    /// The database's own.
    pub async fn forget_decided_records(&self, records: &[RecordId]) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        for records in records.chunks(RECORDS_AT_ONCE) {
            let mut delete = QueryBuilder::new("DELETE FROM decision_records WHERE record IN (");
            let mut list = delete.separated(", ");
            for record in records {
                list.push_bind(record.to_bytes().to_vec());
            }
            list.push_unseparated(")");
            delete.build().execute(&mut *change).await.map_err(|cause| self.failed(cause))?;
        }
        // What is left of a merge still is one profile; records are apart from nobody where nobody is left.
        sql::query(
            "DELETE FROM decisions WHERE
             (SELECT COUNT(*) FROM decision_records own WHERE own.decision = decisions.decision) < 2 OR
             (kind <> 'merge' AND
              (SELECT COUNT(DISTINCT own.side) FROM decision_records own WHERE own.decision = decisions.decision) < 2)",
        )
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        self.truncate_log().await;
        Ok(())
    }

    async fn read_decisions(&self, connection: &mut Connection) -> Result<Vec<Decision>, StateError> {
        let failed = |cause| self.failed(cause);
        let rows: Vec<Row> = sql::query_as(
            "SELECT decision, kind, author, reason, decided_at, undone_by, undone_reason, undone_at
             FROM decisions ORDER BY decision",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
        let records: Vec<(i64, Vec<u8>, i64)> = sql::query_as(
            "SELECT decision, record, side FROM decision_records ORDER BY decision, side, record",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
        let mut groups: HashMap<i64, [Vec<RecordId>; 2]> = HashMap::new();
        for (number, record, side) in records {
            let record = record.try_into().map_err(|_| failed(unexpected("a record's id")))?;
            let record = RecordId(u128::from_be_bytes(record));
            groups.entry(number).or_default()[usize::from(side == 2)].push(record);
        }
        rows.into_iter()
            .map(|row| {
                let [one, other] = groups.remove(&row.0).unwrap_or_default();
                decision(row, one, other)
            })
            .collect::<Result<_, _>>()
            .map_err(failed)
    }
}

async fn insert(change: &mut Connection, number: i64, new: &NewDecision) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO decisions (decision, kind, author, reason, decided_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(number)
    .bind(new.kind.as_str())
    .bind(&new.author)
    .bind(new.reason.as_str())
    .bind(now())
    .execute(&mut *change)
    .await?;
    for (side, records) in [(1_i64, &new.one), (2, &new.other)] {
        for records in records.chunks(RECORDS_AT_ONCE) {
            let mut insert = QueryBuilder::new("INSERT INTO decision_records (decision, record, side) ");
            insert.push_values(records, |mut row, record| {
                row.push_bind(number).push_bind(record.to_bytes().to_vec()).push_bind(side);
            });
            insert.build().execute(&mut *change).await?;
        }
    }
    Ok(())
}

type Row = (i64, String, String, String, i64, Option<String>, Option<String>, Option<i64>);

fn decision(
    (number, kind, author, reason, decided_at, undone_by, undone_reason, undone_at): Row,
    one: Vec<RecordId>,
    other: Vec<RecordId>,
) -> Result<Decision, sqlx::Error> {
    let known = DecisionKind::ALL.into_iter().find(|known| known.as_str() == kind);
    let undone = match undone_at {
        Some(at) => Some(Undone {
            by: undone_by.unwrap_or_default(),
            reason: undone_reason.unwrap_or_default(),
            at: moment(at)?,
        }),
        None => None,
    };
    Ok(Decision {
        number,
        kind: known.ok_or_else(|| unexpected("a decision's kind"))?,
        one,
        other,
        author,
        reason,
        decided_at: moment(decided_at)?,
        undone,
    })
}

#[cfg(test)]
mod tests;
