//! A row's values as its format delivers them, before they are read as fields.

use std::borrow::Cow;

/// One value of a row.
#[derive(Clone)]
pub(crate) enum Cell<'a> {
    /// Nothing there: the key is absent, or null.
    Missing,
    /// Text as the source writes it: the configured patterns and decimal mark hold.
    Written(&'a str),
    /// Text made from a typed value (a JSON number, a Parquet date): ISO 8601
    /// and a decimal point, whatever is configured for text.
    Typed(Cow<'a, str>),
    /// Bytes that are not in the declared encoding.
    Undecodable,
    /// A number with more digits than could be kept.
    Inexact,
    /// A list or an object.
    Nested,
}

/// A row whose values can be asked for by slot: the position of a mapped column
/// in [`Plan::slots`](crate::plan::Plan).
pub(crate) trait Row {
    /// The value in a slot.
    fn cell(&self, slot: usize) -> Cell<'_>;
}

/// A row whose values were gathered, slot by slot.
pub(crate) struct Cells<'a>(pub(crate) Vec<Cell<'a>>);

impl Row for Cells<'_> {
    fn cell(&self, slot: usize) -> Cell<'_> {
        match &self.0[slot] {
            Cell::Typed(text) => Cell::Typed(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }
}

impl Cell<'_> {
    /// The text of the value; empty where there is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Written(text) => text,
            Self::Typed(text) => text,
            _ => "",
        }
    }
}
