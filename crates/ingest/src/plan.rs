//! What to take from a source's rows, worked out once from pipeline and schema.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as Column, Schema as Columns, SchemaRef, TimeUnit};
use vermeil_model::pipeline::{ColumnMapping, Source};
use vermeil_model::schema::FieldType;
use vermeil_model::{Diagnostic, FieldClass, Schema};

use crate::cells::{Cell, Row};
use crate::dates::{DatePattern, day_text, moment_text};
use crate::encoding::TextEncoding;
use crate::error::IngestError;
use crate::numbers;

/// What to take from each row, and how to read it.
pub(crate) struct Plan {
    /// The source's columns that are taken, each once. A slot is a position here.
    pub(crate) slots: Vec<String>,
    /// In the order of the output's columns.
    pub(crate) outputs: Vec<Output>,
    /// The output's columns.
    pub(crate) columns: SchemaRef,
    /// How the bytes of text formats are read.
    pub(crate) encoding: TextEncoding,
    max_field_bytes: usize,
}

/// One column of the output.
pub(crate) struct Output {
    /// The canonical field, or `updated_at` or a part of a key.
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Class and type of a canonical field; `None` for keys and `updated_at`.
    pub(crate) kind: Option<(FieldClass, FieldType)>,
    reading: Reading,
    /// The code of a row where the value is missing; `None` where it may be.
    missing: Option<&'static str>,
}

/// Where an output's values come from.
pub(crate) enum Origin {
    Slot(usize),
    Constant(String),
}

/// How a value is read.
enum Reading {
    Text,
    Integer,
    Decimal { mark: char },
    Date(DatePattern),
    Timestamp(DatePattern),
    Boolean,
}

/// A value that was read.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    Missing,
    /// The trimmed text itself, which stays where it is.
    Text,
    Integer(i64),
    Decimal(f64),
    /// Days since 1970-01-01.
    Day(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Moment(i64),
    Boolean(bool),
}

impl Plan {
    /// Works out the plan of a source.
    ///
    /// # Errors
    /// [`IngestError`] where the pipeline's words about this source contradict the schema or each other.
    pub(crate) fn new(source: &Source, schema: &Schema) -> Result<Self, IngestError> {
        check_names(source, schema)?;
        let encoding = TextEncoding::of_label(source.encoding.as_deref())?;
        let mark = source.decimal.unwrap_or('.');
        if mark.is_alphanumeric() || mark == '+' || mark == '-' {
            return Err(IngestError::BadSeparator { role: "decimal", value: mark });
        }
        let mut slots = Vec::new();
        let mut outputs = Vec::new();
        let mut columns = Vec::new();
        for (part, column) in source.key.iter().enumerate() {
            columns.push(Column::new(format!("__key_{part}"), DataType::Utf8, false));
            outputs.push(Output::key(column, "missing-key", &mut slots));
        }
        if let Some(mapping) = &source.updated_at {
            let reading = Reading::of(FieldType::Timestamp, mark, mapping.format(), "updated_at")?;
            columns.push(Column::new("__updated_at", reading.data_type(), true));
            outputs.push(Output {
                name: "updated_at".to_owned(),
                origin: Origin::Slot(slot(mapping.column(), &mut slots)),
                kind: None,
                reading,
                missing: None,
            });
        }
        for (part, column) in source.subject.iter().flat_map(|subject| &subject.key).enumerate() {
            columns.push(Column::new(format!("__subject_key_{part}"), DataType::Utf8, false));
            outputs.push(Output::key(column, "missing-subject", &mut slots));
        }
        for (part, column) in source.replaced_by.iter().flatten().enumerate() {
            columns.push(Column::new(format!("__replaced_by_{part}"), DataType::Utf8, true));
            outputs.push(Output { missing: None, ..Output::key(column, "", &mut slots) });
        }
        for field in &schema.fields {
            let format = source.columns.get(&field.name).and_then(ColumnMapping::format);
            let reading = Reading::of(field.data_type, mark, format, &field.name)?;
            let origin = match (source.columns.get(&field.name), source.constants.get(&field.name)) {
                (Some(mapping), _) => Origin::Slot(slot(mapping.column(), &mut slots)),
                (None, Some(constant)) => {
                    if reading.read_canonical(constant.trim()).is_none() {
                        let expected = reading.type_name();
                        return Err(IngestError::BadConstant { field: field.name.clone(), expected });
                    }
                    Origin::Constant(constant.clone())
                }
                (None, None) => continue,
            };
            let data_type = if field.class.is_personal() { DataType::Utf8 } else { reading.data_type() };
            columns.push(Column::new(&field.name, data_type, true));
            let required = source.contract.required.contains(&field.name);
            outputs.push(Output {
                name: field.name.clone(),
                origin,
                kind: Some((field.class, field.data_type)),
                reading,
                missing: required.then_some("missing-required"),
            });
        }
        let max_field_bytes = source.contract.max_field_bytes;
        Ok(Self { slots, outputs, columns: Arc::new(Columns::new(columns)), encoding, max_field_bytes })
    }

    /// Reads every output's value of a row into `values`, in order.
    ///
    /// # Errors
    /// The first thing in which the row breaks its contract: a code, the column,
    /// what was expected; never a value.
    pub(crate) fn read(&self, row: &impl Row, values: &mut Vec<Value>) -> Result<(), Diagnostic> {
        for (slot, column) in self.slots.iter().enumerate() {
            self.check_cell(&row.cell(slot), column)?;
        }
        values.clear();
        for output in &self.outputs {
            values.push(self.read_output(output, row)?);
        }
        Ok(())
    }

    /// The source's column that an output is read from; empty for constants.
    pub(crate) fn column_of(&self, output: &Output) -> &str {
        match output.origin {
            Origin::Slot(slot) => &self.slots[slot],
            Origin::Constant(_) => "",
        }
    }

    fn check_cell(&self, cell: &Cell<'_>, column: &str) -> Result<(), Diagnostic> {
        let code = match cell {
            Cell::Undecodable => {
                return Err(Diagnostic::new("invalid-encoding")
                    .with("column", column)
                    .with("encoding", self.encoding.name()));
            }
            Cell::Inexact => "number-too-long",
            Cell::Nested => "not-a-value",
            Cell::Missing => return Ok(()),
            Cell::Written(_) | Cell::Typed(_) => {
                let text = cell.text().trim();
                if text.len() > self.max_field_bytes {
                    return Err(Diagnostic::new("field-too-long")
                        .with("column", column)
                        .with("bytes", text.len())
                        .with("most", self.max_field_bytes));
                }
                if !text.contains('\0') {
                    return Ok(());
                }
                "nul-byte"
            }
        };
        Err(Diagnostic::new(code).with("column", column))
    }

    fn read_output(&self, output: &Output, row: &impl Row) -> Result<Value, Diagnostic> {
        let cell = match &output.origin {
            Origin::Constant(text) => Cell::Typed(Cow::Borrowed(text)),
            Origin::Slot(slot) => row.cell(*slot),
        };
        let text = cell.text().trim();
        if text.is_empty() {
            let Some(code) = output.missing else { return Ok(Value::Missing) };
            let diagnostic = Diagnostic::new(code).with("column", self.column_of(output));
            return Err(match code {
                "missing-required" => diagnostic.with("field", &output.name),
                _ => diagnostic,
            });
        }
        let value = match cell {
            Cell::Typed(_) => output.reading.read_canonical(text),
            _ => output.reading.read(text),
        };
        value.ok_or_else(|| {
            let (code, expected) = output.reading.problem();
            Diagnostic::new(code).with("column", self.column_of(output)).with("expected", expected)
        })
    }
}

impl Output {
    fn key(column: &str, missing: &'static str, slots: &mut Vec<String>) -> Self {
        Self {
            name: column.to_owned(),
            origin: Origin::Slot(slot(column, slots)),
            kind: None,
            reading: Reading::Text,
            missing: Some(missing),
        }
    }

    /// The pattern of dates and timestamps, as messages name it.
    pub(crate) fn format(&self) -> Option<&str> {
        match &self.reading {
            Reading::Date(pattern) | Reading::Timestamp(pattern) => Some(pattern.name()),
            _ => None,
        }
    }

    /// The value as canonical text; `text` is what the row holds.
    pub(crate) fn canonical<'a>(value: Value, text: &'a str) -> Option<Cow<'a, str>> {
        Some(match value {
            Value::Missing => return None,
            Value::Text => Cow::Borrowed(text),
            Value::Integer(number) => number.to_string().into(),
            Value::Decimal(number) => number.to_string().into(),
            Value::Day(days) => day_text(days).into(),
            Value::Moment(micros) => moment_text(micros).into(),
            Value::Boolean(flag) => if flag { "true" } else { "false" }.into(),
        })
    }
}

impl Reading {
    fn of(kind: FieldType, mark: char, format: Option<&str>, field: &str) -> Result<Self, IngestError> {
        let takes_format = matches!(kind, FieldType::Date | FieldType::Timestamp);
        let pattern = match format {
            Some(_) if !takes_format => return Err(IngestError::UnusedFormat { field: field.to_owned() }),
            Some(format) => DatePattern::own(format).ok_or_else(|| IngestError::BadDateFormat {
                field: field.to_owned(),
                format: format.to_owned(),
            })?,
            None => DatePattern::Iso,
        };
        Ok(match kind {
            FieldType::Text => Self::Text,
            FieldType::Integer => Self::Integer,
            FieldType::Decimal => Self::Decimal { mark },
            FieldType::Date => Self::Date(pattern),
            FieldType::Timestamp => Self::Timestamp(pattern),
            FieldType::Boolean => Self::Boolean,
        })
    }

    /// Reads text as the source writes it; not empty.
    fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::Text),
            Self::Integer => numbers::integer(text).map(Value::Integer),
            Self::Decimal { mark } => numbers::decimal(text, *mark).map(Value::Decimal),
            Self::Date(pattern) => pattern.day(text).map(Value::Day),
            Self::Timestamp(pattern) => pattern.moment(text).map(Value::Moment),
            Self::Boolean => numbers::boolean(text).map(Value::Boolean),
        }
    }

    /// Reads text made from a typed value; not empty.
    fn read_canonical(&self, text: &str) -> Option<Value> {
        match self {
            Self::Decimal { .. } => Self::Decimal { mark: '.' }.read(text),
            Self::Date(_) => Self::Date(DatePattern::Iso).read(text),
            Self::Timestamp(_) => Self::Timestamp(DatePattern::Iso).read(text),
            _ => self.read(text),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Decimal { .. } => DataType::Float64,
            Self::Date(_) => DataType::Date32,
            Self::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Boolean => DataType::Boolean,
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
            Self::Boolean => "boolean",
        }
    }

    /// The code of a value that cannot be read, and how it should have been written.
    fn problem(&self) -> (&'static str, String) {
        match self {
            Self::Text => ("not-a-value", String::new()),
            Self::Integer => ("not-an-integer", "1234".to_owned()),
            Self::Decimal { mark } => ("not-a-number", format!("1234{mark}5")),
            Self::Date(pattern) => ("not-a-date", pattern.name().to_owned()),
            Self::Timestamp(DatePattern::Iso) => ("not-a-timestamp", "YYYY-MM-DDTHH:MM:SSZ".to_owned()),
            Self::Timestamp(pattern) => ("not-a-timestamp", pattern.name().to_owned()),
            Self::Boolean => ("not-a-boolean", "true, false, 1, 0, oui, non, yes, no".to_owned()),
        }
    }
}

fn slot(column: &str, slots: &mut Vec<String>) -> usize {
    slots.iter().position(|known| known == column).unwrap_or_else(|| {
        slots.push(column.to_owned());
        slots.len() - 1
    })
}

fn check_names(source: &Source, schema: &Schema) -> Result<(), IngestError> {
    let named = source.columns.keys().chain(source.constants.keys()).chain(&source.contract.required);
    for field in named {
        if schema.field(field).is_none() {
            return Err(IngestError::UnknownField {
                schema: schema.id(),
                field: field.clone(),
                nearest: schema.nearest_field(field).map(str::to_owned),
            });
        }
    }
    if let Some(field) = source.constants.keys().find(|field| source.columns.contains_key(*field)) {
        return Err(IngestError::MappedAndConstant { field: field.clone() });
    }
    let supplied =
        |field: &String| source.columns.contains_key(field) || source.constants.contains_key(field);
    match source.contract.required.iter().find(|field| !supplied(field)) {
        Some(field) => Err(IngestError::RequiredNotMapped { field: field.clone() }),
        None => Ok(()),
    }
}
