//! The table of rectifications: written and read.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, col, lit};
use futures::TryStreamExt;
use vermeil_model::decision::Reason;
use vermeil_model::{Field, FieldClass, RecordId, SourceId};
use vermeil_protect::payload::PayloadWriter;
use vermeil_protect::vault::KeyState;
use vermeil_protect::{KeyLocation, RecordCipher, subject_tag};

use super::Place;
use crate::audit::Opened;
use crate::columns;
use crate::current::scan_current;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::ProfileRules;
use crate::lake::{TableName, Transactional};
use crate::land::as_text;
use crate::records::key_location;
use crate::report::{RectificationReport, second};
use crate::session::lake_session;

/// The longest value, in bytes: what a source may deliver unless its contract says otherwise.
const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Delta's name for the sequence of rectifications.
pub(super) const APPLICATION: &str = "golden.rectifications";
/// The name of a reason in what is sealed.
pub(super) const REASON: &str = "reason";

/// One rectification as it is stored.
pub(crate) struct Rectification {
    /// Counts up.
    pub(crate) number: i64,
    pub(crate) record: RecordId,
    pub(crate) field: String,
    pub(crate) author: String,
    /// Microseconds since 1970, UTC.
    pub(crate) at: i64,
    pub(super) key: KeyLocation,
    /// Sealed; `None`: what was set before is withdrawn.
    pub(crate) value: Option<Vec<u8>>,
    pub(super) reason: Vec<u8>,
}

/// A value as landing would write it.
///
/// # Errors
/// [`EngineError::NotAValue`]: empty, too long, more than a line, or none of the field's type.
pub(crate) fn canonical(field: &Field, value: &str) -> Result<String, EngineError> {
    let not_a_value = || EngineError::NotAValue { field: field.name.clone() };
    let value = value.trim();
    if value.is_empty() || value.len() > MAX_VALUE_BYTES || value.chars().any(char::is_control) {
        return Err(not_a_value());
    }
    let text: ArrayRef = Arc::new(StringArray::from_iter_values([value]));
    let typed = cast(&text, &columns::plain_type(field.data_type)).map_err(|_| not_a_value())?;
    if typed.is_null(0) {
        return Err(not_a_value());
    }
    Ok(as_text(&typed)?.value(0).to_owned())
}

impl Engine {
    /// The pipeline's rules of which values survive.
    pub(super) fn profile_rules(&self) -> Result<ProfileRules<'_>, EngineError> {
        ProfileRules::new(&self.config.pipeline, self.config.golden_schema())
    }

    /// All rectifications, withdrawn ones included, by number.
    pub(crate) async fn rectifications(&self) -> Result<Vec<Rectification>, EngineError> {
        let mut found = Vec::new();
        let Some(table) = self.lake.table(&TableName::Rectifications).await? else { return Ok(found) };
        let session = lake_session(&self.lake, SessionConfig::new())?;
        let mut batches = session.read_table(table.provider())?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.num_rows() {
                found.push(rectification(&batch, row).ok_or_else(damaged)?);
            }
        }
        found.sort_unstable_by_key(|found| found.number);
        Ok(found)
    }

    /// Commits one change of all `places`, or none.
    pub(super) async fn write_rectifications(
        &self,
        places: &[Place<'_>],
        value: Option<&str>,
        (actor, reason): (&str, &Reason),
        touched: &mut Opened,
    ) -> Result<Vec<RectificationReport>, EngineError> {
        let table =
            self.lake.table_with(&TableName::Rectifications, &columns::rectifications_schema()).await?;
        let first = table.last_number(APPLICATION).await?.unwrap_or_default() + 1;
        let now = Utc::now();
        let mut rows = Vec::with_capacity(places.len());
        for (number, place) in (first..).zip(places) {
            let key = self.current_key(place).await?;
            let erased = |at| EngineError::Erased { what: "record", id: place.record.to_string(), at };
            let unknown = || EngineError::Unknown { what: "record", id: place.record.to_string() };
            let cipher = match self.vault.states(&[key]).await?.swap_remove(0) {
                KeyState::Live(key) => {
                    touched.subjects.push(subject_tag(&key));
                    RecordCipher::new(&key)
                }
                KeyState::Destroyed { at } => return Err(erased(at)),
                KeyState::Unknown => return Err(unknown()),
            };
            touched.rows += 1;
            touched.pages.insert(key.page);
            let seal = |class, name: &str, text: &str| {
                let mut payload = PayloadWriter::new();
                payload.field(name, text);
                let mut sealed = Vec::new();
                cipher.seal_into(&self.binding(place.record, class, number), payload.as_bytes(), &mut sealed);
                sealed
            };
            rows.push(Rectification {
                number,
                record: place.record,
                field: place.field.name.clone(),
                author: actor.to_owned(),
                at: now.timestamp_micros(),
                key,
                value: value.map(|value| seal(place.field.class, &place.field.name, value)),
                reason: seal(FieldClass::Sensitive, REASON, reason.as_str()),
            });
        }
        let last = first + rows.len() as i64 - 1;
        let mut writer = table.writer()?;
        writer.write(batch_of(&rows)).await?;
        writer.append(&Transactional::new(APPLICATION, last)).await?;
        Ok(rows.iter().map(report).collect())
    }

    /// The number of the last rectification; `None` before the first.
    pub(crate) async fn last_rectification(&self) -> Result<Option<i64>, EngineError> {
        match self.lake.table(&TableName::Rectifications).await? {
            Some(table) => table.last_number(APPLICATION).await,
            None => Ok(None),
        }
    }

    /// Where the key of the current version of a record lies.
    async fn current_key(&self, place: &Place<'_>) -> Result<KeyLocation, EngineError> {
        let unknown = || EngineError::Unknown { what: "record", id: place.record.to_string() };
        let name = TableName::Landing(place.source.clone());
        let table = self.lake.table(&name).await?.ok_or_else(unknown)?;
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let provider = table.provider();
        let columns = [columns::KEY_PAGE, columns::KEY_SLOT];
        let plan = scan_current(&*provider, &session.state(), &columns).await?;
        let mut batches = execute_stream(plan, session.task_ctx())?;
        let id = place.record.to_string();
        while let Some(batch) = batches.try_next().await? {
            let ids = batch[columns::RECORD_ID].as_string::<i32>();
            if let Some(row) = (0..batch.num_rows()).find(|row| ids.value(*row) == id) {
                return key_location(&batch, row).ok_or_else(unknown);
            }
        }
        Err(unknown())
    }

    /// Published records by one column of members, each with its source.
    pub(super) async fn member_sources(
        &self,
        column: &str,
        id: &str,
    ) -> Result<Vec<(RecordId, SourceId)>, EngineError> {
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let mut members = Vec::new();
        let rows = self.published_rows(&publication, &TableName::Members, col(column).eq(lit(id))).await?;
        for batch in rows {
            let ids = batch[columns::RECORD_ID].as_string::<i32>();
            let sources = batch["source"].as_string::<i32>();
            for row in 0..batch.num_rows() {
                let (id, source) = (ids.value(row).parse(), sources.value(row).parse());
                members.push((id.map_err(|_| damaged())?, source.map_err(|_| damaged())?));
            }
        }
        Ok(members)
    }

    /// Of which record each golden value of a profile is, by field.
    pub(super) async fn shown_records(&self, profile: &str) -> Result<Vec<(String, RecordId)>, EngineError> {
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let own = col(columns::PROFILE_ID).eq(lit(profile));
        let mut shown = Vec::new();
        for batch in self.published_rows(&publication, &TableName::Provenance, own).await? {
            let fields = batch["field"].as_string::<i32>();
            let records = batch[columns::RECORD_ID].as_string::<i32>();
            for row in 0..batch.num_rows() {
                let record = records.value(row).parse().map_err(|_| damaged())?;
                shown.push((fields.value(row).to_owned(), record));
            }
        }
        Ok(shown)
    }
}

pub(super) fn damaged() -> EngineError {
    EngineError::DamagedValue { table: TableName::Rectifications.to_string() }
}

pub(super) fn report(known: &Rectification) -> RectificationReport {
    RectificationReport {
        rectification: known.number,
        record: known.record.to_string(),
        field: known.field.clone(),
        kind: if known.value.is_some() { "set" } else { "withdrawn" }.to_owned(),
        author: known.author.clone(),
        at: second(DateTime::from_timestamp_micros(known.at).unwrap_or_default()),
        reason: None,
    }
}

fn rectification(batch: &RecordBatch, row: usize) -> Option<Rectification> {
    let text = |name: &str| batch[name].as_string::<i32>().value(row).to_owned();
    let bytes = |name: &str| {
        let column = batch[name].as_binary::<i32>();
        column.is_valid(row).then(|| column.value(row).to_vec())
    };
    Some(Rectification {
        number: batch[columns::NUMBER].as_primitive::<Int64Type>().value(row),
        record: text(columns::RECORD_ID).parse().ok()?,
        field: text("field"),
        author: text(columns::AUTHOR),
        at: batch["at"].as_primitive::<TimestampMicrosecondType>().value(row),
        key: key_location(batch, row)?,
        value: bytes("sealed_value"),
        reason: bytes("sealed_reason")?,
    })
}

/// The columns of [`columns::rectifications_schema`].
fn batch_of(rows: &[Rectification]) -> RecordBatch {
    let mut values = BinaryBuilder::new();
    rows.iter().for_each(|row| values.append_option(row.value.as_deref()));
    let mut reasons = BinaryBuilder::new();
    rows.iter().for_each(|row| reasons.append_value(&row.reason));
    let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.at));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.number))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.record.to_string()))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.field))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.author))),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.key.page))),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| i32::from(row.key.slot)))),
        Arc::new(values.finish()),
        Arc::new(reasons.finish()),
    ];
    RecordBatch::try_new(columns::rectifications_schema(), columns)
        .expect("the columns are made in the order of their schema")
}

/// The records that rectifications above a number are about.
pub(crate) fn rectified_since(all: &[Rectification], since: i64) -> impl Iterator<Item = RecordId> {
    all.iter().filter(move |known| known.number > since).map(|known| known.record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vermeil_model::Schema;

    #[track_caller]
    fn check(field: &str, value: &str, expected: Option<&str>) {
        let schema = Schema::built_in("customer.v1").expect("shipped");
        let found = canonical(schema.field(field).expect("a field"), value);
        assert_eq!(found.ok().as_deref(), expected, "{field}");
    }

    #[test]
    fn a_value_is_taken_as_landing_would_write_it() {
        check("family_name", "  Lefèvre ", Some("Lefèvre"));
        check("birth_date", "1984-07-03", Some("1984-07-03"));
        check("marketing_opt_in", "true", Some("true"));
    }

    #[test]
    fn what_is_no_value_of_the_field_is_refused() {
        for (field, wrong) in [
            ("family_name", " "),
            ("family_name", "two\nlines"),
            ("birth_date", "03/07/1984"),
            ("marketing_opt_in", "perhaps"),
        ] {
            check(field, wrong, None);
        }
        check("notes", &"x".repeat(MAX_VALUE_BYTES + 1), None);
    }
}
