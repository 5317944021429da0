//! How long people are kept: who is past their time, by what stands in plain columns. Nothing is opened.
//!
//! The time runs from the last contact by the person: an event of a kind that counts as one, or an entry
//! in a source where people enter their data themselves. What other sources wrote is no contact: it tells
//! when someone's data was collected at the latest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, NaiveDate};
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::{FieldClass, RecordId};
use vermeil_rights::deadline::day_of;
use vermeil_rights::retention::{Period, Relation, RetentionPeriods, Standing};
use vermeil_state::ErasureStatus;

use crate::columns::{LANDED_AT, OBSERVED_AT, PROFILE_ID, RECORD_ID, RECORD_TAG, SUBJECT_TAG};
use crate::engine::{Engine, Reader};
use crate::erase::Subject;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::land::as_text;
use crate::report::{ErasureReport, RetentionDue, RetentionReport, RetentionSource};
use crate::session::lake_session;
use crate::stored;

const ROLE: &str = "party_role";
const CUSTOMER: &str = "customer";
const KIND: &str = "event_kind";
const OCCURRED_AT: &str = "occurred_at";

/// Kinds of events that make someone a customer.
const PURCHASES: [&str; 2] = ["order", "invoice"];

/// What is known of one person.
#[derive(Default)]
struct Person {
    sources: BTreeSet<String>,
    collected: Option<NaiveDate>,
    last_contact: Option<NaiveDate>,
    is_customer: bool,
}

/// Where everyone is found.
#[derive(Default)]
struct People {
    persons: BTreeMap<[u8; 16], Person>,
    /// Record → its profile, or itself where it is in none.
    holders: HashMap<[u8; 16], [u8; 16]>,
    /// Tag of a record → its profile.
    tags: HashMap<[u8; 16], [u8; 16]>,
}

impl Engine {
    /// Who is kept past their time, and how long each source is kept against how long it may be.
    ///
    /// # Errors
    /// [`EngineError::Denied`], [`EngineError::RequestDenied`], [`EngineError::NotAPeriod`]; or the lake cannot
    /// be read.
    pub async fn retention(&self, reader: &Reader) -> Result<RetentionReport, EngineError> {
        self.answering(reader)?;
        let rules = &self.config.pipeline.retention;
        let period = |text: &str, place: &'static str| {
            text.parse::<Period>().map_err(|_| EngineError::NotAPeriod { place })
        };
        let periods = RetentionPeriods {
            prospects: period(&rules.prospects, "retention.prospects")?,
            customers: period(&rules.customers, "retention.customers")?,
        };
        let today = self.day_here();
        let people = self.people().await?;
        let mut report =
            RetentionReport { persons: people.persons.len() as u64, ..RetentionReport::default() };
        let mut sources: BTreeMap<&str, RetentionSource> = BTreeMap::new();
        for source in self.config.record_sources() {
            let until = rules.until.get(&source.id).map(|day| day.0.to_string());
            let known = RetentionSource { source: source.id.to_string(), until, persons: 0, overdue: 0 };
            sources.insert(source.id.as_str(), known);
        }
        for (id, person) in &people.persons {
            let Some(collected) = person.collected else { continue };
            let relation = if person.is_customer { Relation::Customer } else { Relation::Prospect };
            let standing = Standing { relation, collected, last_contact: person.last_contact };
            let kept_until = standing.kept_until(&periods);
            let ends = |source: &String| {
                let own = rules.until.iter().find(|(id, _)| id.as_str() == source);
                own.map_or(kept_until, |(_, day)| day.0)
            };
            for name in &person.sources {
                let Some(source) = sources.get_mut(name.as_str()) else { continue };
                source.persons += 1;
                source.overdue += u64::from(ends(name) < today);
            }
            // Of whoever stands in a list that ended and elsewhere, the source alone is told.
            let Some(last) = person.sources.iter().map(ends).max().filter(|last| *last < today) else {
                continue;
            };
            report.due.push(RetentionDue {
                id: RecordId(u128::from_be_bytes(*id)).to_string(),
                relation: if person.is_customer { CUSTOMER.to_owned() } else { "prospect".to_owned() },
                last_contact: person.last_contact.map(|day| day.to_string()),
                collected: collected.to_string(),
                kept_until: last.to_string(),
            });
        }
        report.sources = sources.into_values().collect();
        Ok(report)
    }

    /// Opens an erasure for everyone who is kept past their time, unless one is open already: asked again it
    /// opens none. Whoever has to be kept for another reason, as a request says, is left out.
    ///
    /// # Errors
    /// As [`Engine::retention`] and [`Engine::open_erasures`].
    pub async fn open_due_erasures(&self, reader: &Reader) -> Result<Vec<ErasureReport>, EngineError> {
        let due = self.retention(reader).await?.due;
        let open = self.under_erasure().await?;
        let people = self.people().await?;
        let mut subjects = Vec::new();
        for person in due {
            let id = person.id.parse::<RecordId>().map(RecordId::to_bytes).unwrap_or_default();
            let own = people.holders.iter().filter(|(_, holder)| **holder == id).map(|(record, _)| *record);
            let own: Vec<[u8; 16]> = own.collect();
            let is_open = own.iter().any(|record| open.contains(record));
            match self.refuse_if_held(&own).await {
                Err(EngineError::ErasureHeld { .. }) => {}
                Err(cause) => return Err(cause),
                Ok(()) if is_open => {}
                Ok(()) => subjects.push(Subject::Id(u128::from_be_bytes(id))),
            }
        }
        match subjects.is_empty() {
            true => Ok(Vec::new()),
            false => self.open_erasures(&subjects, reader).await,
        }
    }

    /// The records of whoever is about to be erased.
    async fn under_erasure(&self) -> Result<HashSet<[u8; 16]>, EngineError> {
        let mut records = HashSet::new();
        for erasure in self.state.erasures().await? {
            if !matches!(erasure.status, ErasureStatus::Complete | ErasureStatus::Cancelled)
                && let Some(kit) = self.open_kit(erasure.number).await?
            {
                records.extend(kit.records);
            }
        }
        Ok(records)
    }

    /// How many people are kept.
    pub(crate) async fn people_kept(&self) -> Result<u64, EngineError> {
        Ok(self.people().await?.persons.len() as u64)
    }

    /// The profile of each record that is in one.
    pub(crate) async fn holders(&self) -> Result<HashMap<[u8; 16], [u8; 16]>, EngineError> {
        let mut holders = HashMap::new();
        if let Some(publication) = self.publication().await?
            && let Some(members) = self.published_table(&publication, &TableName::Members).await?
        {
            let rows = lake_session(&self.lake, SessionConfig::new())?.read_table(members.provider())?;
            let mut batches =
                rows.select([RECORD_ID, PROFILE_ID].map(col).to_vec())?.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let [records, profiles] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
                for (record, profile) in records.iter().flatten().zip(profiles.iter().flatten()) {
                    holders.insert(stored::id(record)?, stored::id(profile)?);
                }
            }
        }
        Ok(holders)
    }

    async fn people(&self) -> Result<People, EngineError> {
        let mut people = People { holders: self.holders().await?, ..People::default() };
        for source in self.config.record_sources() {
            let columns = [RECORD_ID, RECORD_TAG, OBSERVED_AT, LANDED_AT, ROLE];
            for batch in self.plain_rows(source, &columns).await? {
                people.take_records(self, source, &batch)?;
            }
        }
        for source in &self.config.pipeline.sources {
            if source.subject.is_some() {
                let columns = [SUBJECT_TAG, KIND, OCCURRED_AT, OBSERVED_AT, LANDED_AT];
                for batch in self.plain_rows(source, &columns).await? {
                    people.take_events(self, &batch)?;
                }
            }
        }
        Ok(people)
    }

    /// Those of `columns` that a landing table has, of every version of every row.
    async fn plain_rows(&self, source: &Source, columns: &[&str]) -> Result<Vec<RecordBatch>, EngineError> {
        let Some(table) = self.lake.table(&TableName::Landing(source.id.clone())).await? else {
            return Ok(Vec::new());
        };
        let schema = table.schema();
        let is_open = |name: &str| {
            let field = self.config.schema_of(source).field(name);
            schema.field_with_name(name).is_ok() && field.is_none_or(|field| field.class == FieldClass::Plain)
        };
        let wanted: Vec<_> = columns.iter().filter(|name| is_open(name)).map(|name| col(*name)).collect();
        let rows =
            lake_session(&self.lake, SessionConfig::new())?.read_table(table.provider())?.select(wanted)?;
        Ok(rows.collect().await?)
    }
}

impl People {
    fn take_records(
        &mut self,
        engine: &Engine,
        source: &Source,
        batch: &RecordBatch,
    ) -> Result<(), EngineError> {
        let (ids, tags) = (stored::texts(batch, RECORD_ID)?, stored::bytes(batch, RECORD_TAG)?);
        let roles = batch.column_by_name(ROLE).map(as_text).transpose()?;
        for row in 0..batch.num_rows() {
            let id = stored::id(ids.value(row))?;
            let holder = *self.holders.entry(id).or_insert(id);
            if let Ok(tag) = tags.value(row).try_into() {
                self.tags.insert(tag, holder);
            }
            let person = self.persons.entry(holder).or_default();
            person.sources.insert(source.id.to_string());
            let seen = moment(batch, OBSERVED_AT, row).or_else(|| moment(batch, LANDED_AT, row));
            let day = seen.map(|seen| day_of(seen, engine.config.pipeline.requests.utc_offset.0));
            person.collected = person.collected.into_iter().chain(day).min();
            if source.self_declared {
                person.last_contact = person.last_contact.max(day);
            }
            let role = roles.as_ref().filter(|roles| roles.is_valid(row)).map(|roles| roles.value(row));
            person.is_customer |= role == Some(CUSTOMER);
        }
        Ok(())
    }

    fn take_events(&mut self, engine: &Engine, batch: &RecordBatch) -> Result<(), EngineError> {
        let tags = stored::bytes(batch, SUBJECT_TAG)?;
        let kinds = batch.column_by_name(KIND).map(as_text).transpose()?;
        for row in (0..batch.num_rows()).filter(|row| tags.is_valid(*row)) {
            let holder = <[u8; 16]>::try_from(tags.value(row)).ok().and_then(|tag| self.tags.get(&tag));
            let Some(person) = holder.and_then(|holder| self.persons.get_mut(holder)) else { continue };
            let kind = kinds.as_ref().filter(|kinds| kinds.is_valid(row)).map(|kinds| kinds.value(row));
            let Some(kind) = kind else { continue };
            person.is_customer |= PURCHASES.contains(&kind);
            if engine.config.pipeline.retention.contacts.iter().any(|contact| contact == kind) {
                let seen = [OCCURRED_AT, OBSERVED_AT, LANDED_AT]
                    .into_iter()
                    .find_map(|name| moment(batch, name, row));
                let day = seen.map(|seen| day_of(seen, engine.config.pipeline.requests.utc_offset.0));
                person.last_contact = person.last_contact.max(day);
            }
        }
        Ok(())
    }
}

fn moment(batch: &RecordBatch, name: &str, row: usize) -> Option<DateTime<chrono::Utc>> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
    column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row))).flatten()
}
