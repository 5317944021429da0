//! Opened values as Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::Date32Type;
use chrono::{DateTime, NaiveDate};
use vermeil_model::FieldClass;
use vermeil_model::schema::FieldType;

/// The column of one opened field.
pub(super) struct ValueBuilder {
    name: String,
    class: FieldClass,
    values: Values,
}

/// A value is not written as its field's type is. Says nothing of what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotOfItsType;

enum Values {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Float64Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Boolean(BooleanBuilder),
}

impl ValueBuilder {
    /// A column for `rows` values of the field `name`.
    pub(super) fn new(name: &str, class: FieldClass, field_type: FieldType, rows: usize) -> Self {
        let values = match field_type {
            FieldType::Text => Values::Text(StringBuilder::with_capacity(rows, rows * 16)),
            FieldType::Integer => Values::Integer(Int64Builder::with_capacity(rows)),
            FieldType::Decimal => Values::Decimal(Float64Builder::with_capacity(rows)),
            FieldType::Date => Values::Date(Date32Builder::with_capacity(rows)),
            FieldType::Timestamp => {
                Values::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"))
            }
            FieldType::Boolean => Values::Boolean(BooleanBuilder::with_capacity(rows)),
        };
        Self { name: name.to_owned(), class, values }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn class(&self) -> FieldClass {
        self.class
    }

    /// Appends a value as payloads write it, or null.
    pub(super) fn append(&mut self, value: Option<&str>) -> Result<(), NotOfItsType> {
        match &mut self.values {
            Values::Text(values) => values.append_option(value),
            Values::Integer(values) => values.append_option(read(value, |text| text.parse().ok())?),
            Values::Decimal(values) => values.append_option(read(value, |text| text.parse().ok())?),
            Values::Date(values) => values.append_option(read(value, |text| {
                text.parse::<NaiveDate>().ok().map(Date32Type::from_naive_date)
            })?),
            Values::Timestamp(values) => values.append_option(read(value, |text| {
                DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.timestamp_micros())
            })?),
            Values::Boolean(values) => values.append_option(read(value, |text| text.parse().ok())?),
        }
        Ok(())
    }

    pub(super) fn append_null(&mut self) {
        self.append(None).expect("null is of every type");
    }

    pub(super) fn finish(self) -> ArrayRef {
        match self.values {
            Values::Text(mut values) => Arc::new(values.finish()),
            Values::Integer(mut values) => Arc::new(values.finish()),
            Values::Decimal(mut values) => Arc::new(values.finish()),
            Values::Date(mut values) => Arc::new(values.finish()),
            Values::Timestamp(mut values) => Arc::new(values.finish()),
            Values::Boolean(mut values) => Arc::new(values.finish()),
        }
    }
}

fn read<T>(value: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, NotOfItsType> {
    value.map(|text| parse(text).ok_or(NotOfItsType)).transpose()
}
