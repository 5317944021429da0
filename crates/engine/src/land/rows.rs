//! The rows of one batch, with their tags.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use vermeil_model::pipeline::Source;
use vermeil_model::{Diagnostic, Plaintext, RecordId, Schema, Tag};

use super::quarantine::Refused;
use crate::columns::{REPLACED_BY_PREFIX, SOURCE_KEY_PREFIX};
use crate::engine::Engine;
use crate::error::EngineError;

const KEY_PREFIX: &str = "__key_";
const SUBJECT_KEY_PREFIX: &str = "__subject_key_";
const REPLACED_BY_KEY_PREFIX: &str = "__replaced_by_";
const UPDATED_AT: &str = "__updated_at";

/// The rows of one batch as canonical text, and as the columns they came in.
pub(super) struct Rows<'a> {
    engine: &'a Engine,
    source: &'a Source,
    table: String,
    batch: RecordBatch,
    keys: Vec<StringArray>,
    subject_keys: Vec<StringArray>,
    replaced_by: Vec<StringArray>,
    observed_at: Option<ArrayRef>,
    /// The mapped fields in the order of the schema.
    fields: Vec<(String, StringArray)>,
}

/// A record as it would be after a run.
pub(crate) struct PlannedRow {
    pub(crate) record: RecordId,
    /// Canonical field → value, and the parts of its key as [`SOURCE_KEY_PREFIX`] fields.
    pub(crate) values: Plaintext<Vec<(String, String)>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        source: &'a Source,
        schema: &Schema,
        batch: &RecordBatch,
    ) -> Result<Self, EngineError> {
        let mut fields = Vec::new();
        for field in &schema.fields {
            if let Some(column) = batch.column_by_name(&field.name) {
                fields.push((field.name.clone(), as_text(column)?));
            }
        }
        Ok(Self {
            engine,
            source,
            table: format!("landing.{}", source.id),
            keys: numbered(batch, KEY_PREFIX)?,
            subject_keys: numbered(batch, SUBJECT_KEY_PREFIX)?,
            replaced_by: numbered(batch, REPLACED_BY_KEY_PREFIX)?,
            observed_at: batch.column_by_name(UPDATED_AT).cloned(),
            fields,
            batch: batch.clone(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub(super) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The mapped fields: name and text.
    pub(super) fn fields(&self) -> &[(String, StringArray)] {
        &self.fields
    }

    /// The values of a row: canonical field and text.
    pub(super) fn values(&self, row: usize) -> impl Iterator<Item = (&str, &str)> {
        let known = self.fields.iter().filter(move |(_, values)| values.is_valid(row));
        known.map(move |(name, values)| (name.as_str(), values.value(row)))
    }

    /// The parts of a row's key in its source.
    pub(super) fn key(&self, row: usize) -> impl Iterator<Item = &str> {
        self.keys.iter().map(move |part| part.value(row))
    }

    /// The parts of the key of the record that a row's was merged into; none where it was not.
    pub(super) fn replaced_by(&self, row: usize) -> impl Iterator<Item = &str> {
        let known = self.replaced_by.iter().all(|part| part.is_valid(row));
        self.replaced_by.iter().filter(move |_| known).map(move |part| part.value(row))
    }

    /// When the source last changed the row: microseconds since 1970, UTC.
    pub(super) fn observed_at(&self, row: usize) -> Option<i64> {
        let column = self.observed_at.as_ref()?.as_primitive::<TimestampMicrosecondType>();
        column.is_valid(row).then(|| column.value(row))
    }

    /// Names the record: the source and its key.
    pub(super) fn record_tag(&self, row: usize) -> Tag {
        self.engine.change_tags.record_tag(&self.source.id, self.key(row))
    }

    /// Names the record an event happened to.
    pub(super) fn subject_tag(&self, row: usize) -> Option<Tag> {
        let subject = self.source.subject.as_ref()?;
        let known = self.subject_keys.iter().all(|part| part.is_valid(row));
        known.then(|| {
            let key = self.subject_keys.iter().map(|part| part.value(row));
            self.engine.change_tags.record_tag(&subject.source, key)
        })
    }

    /// Names the record in the suppression list.
    pub(super) fn suppression_tag(&self, row: usize) -> Tag {
        self.engine.suppression_tag_of_record(&self.source.id, self.key(row))
    }

    /// Changes whenever anything of the row does.
    pub(super) fn content_tag(&self, row: usize) -> Tag {
        let observed_at = self.observed_at(row).map(i64::to_be_bytes);
        let observed_at = observed_at.iter().flat_map(|at| [UPDATED_AT.as_bytes(), at.as_slice()]);
        let subject = self.subject_tag(row).map(|tag| tag.0);
        let subject = subject.iter().flat_map(|tag| [SUBJECT_KEY_PREFIX.as_bytes(), tag.as_slice()]);
        let replaced_by =
            self.replaced_by(row).flat_map(|part| [REPLACED_BY_PREFIX.as_bytes(), part.as_bytes()]);
        let values = self
            .fields
            .iter()
            .filter(|(_, values)| values.is_valid(row))
            .flat_map(|(name, values)| [name.as_bytes(), values.value(row).as_bytes()]);
        self.engine
            .change_tags
            .content_tag(&self.table, observed_at.chain(subject).chain(replaced_by).chain(values))
    }

    /// The row as quarantine keeps it when it contradicts another of its load.
    pub(super) fn conflicting(&self, row: usize, file: &str, line: u64) -> Result<Refused, EngineError> {
        let columns: BTreeMap<String, String> = self
            .batch
            .schema()
            .fields()
            .iter()
            .zip(self.batch.columns())
            .filter(|(_, column)| column.is_valid(row))
            .map(|(field, column)| {
                let text = as_text(&column.slice(row, 1))?;
                Ok((field.name().clone(), text.value(0).to_owned()))
            })
            .collect::<Result<_, EngineError>>()?;
        let canonical = serde_json::to_vec(&columns).expect("a map of text always serialises");
        let diagnostic = Diagnostic::new("conflicting-rows").with("columns", self.source.key.join(", "));
        Ok(Refused::canonical(diagnostic, file, line, Plaintext::new(canonical)))
    }

    /// The row as a record of a run to come.
    pub(super) fn planned(&self, row: usize, record: RecordId) -> PlannedRow {
        let values = self
            .fields
            .iter()
            .filter(|(_, values)| values.is_valid(row))
            .map(|(name, values)| (name.clone(), values.value(row).to_owned()));
        let key = self.key(row).enumerate();
        let key = key.map(|(place, part)| (format!("{SOURCE_KEY_PREFIX}{place}"), part.to_owned()));
        let replaced_by = self.replaced_by(row).enumerate();
        let replaced_by =
            replaced_by.map(|(place, part)| (format!("{REPLACED_BY_PREFIX}{place}"), part.to_owned()));
        let values = values.chain(key).chain(replaced_by).collect();
        PlannedRow { record, values: Plaintext::new(values) }
    }
}

/// Any column as text, in one canonical form per type.
pub(crate) fn as_text(column: &ArrayRef) -> Result<StringArray, EngineError> {
    let text = cast(column, &DataType::Utf8)
        .map_err(|cause| EngineError::from(datafusion::error::DataFusionError::from(cause)))?;
    Ok(text.as_string::<i32>().clone())
}

fn numbered(batch: &RecordBatch, prefix: &str) -> Result<Vec<StringArray>, EngineError> {
    (0..).map_while(|number| batch.column_by_name(&format!("{prefix}{number}"))).map(as_text).collect()
}
