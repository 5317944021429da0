//! Tables with headings from the message files and numbers to the right.

use chrono::{DateTime, SecondsFormat};
pub use comfy_table::Cell;
use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::language::Catalog;

/// A table under construction.
pub struct Grid<'a> {
    catalog: &'a Catalog,
    table: Table,
}

impl<'a> Grid<'a> {
    /// A table whose columns are headed by the messages `column-<name>`.
    pub fn new(catalog: &'a Catalog, columns: &[&str]) -> Self {
        let mut table = empty_table();
        table.set_header(columns.iter().map(|name| catalog.text(&format!("column-{name}"))));
        Self { catalog, table }
    }

    /// A table of two columns without a heading: the message `column-<name>`, and what it is.
    pub fn facts(catalog: &'a Catalog) -> Self {
        Self { catalog, table: empty_table() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.table.add_row(cells);
    }

    /// Adds a row of a table of facts.
    pub fn fact(&mut self, name: &str, value: Cell) {
        self.table.add_row(vec![text(self.catalog.text(&format!("column-{name}"))), value]);
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The finished table.
    pub fn finish(self) -> String {
        // Padding of the last column would break comparisons and copying.
        self.table.trim_fmt()
    }
}

/// A table without rows in the style of all tables.
pub fn empty_table() -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .apply_modifier(UTF8_ROUND_CORNERS)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// A cell of text.
pub fn text(value: impl ToString) -> Cell {
    Cell::new(value.to_string())
}

/// A cell of text that may be missing.
pub fn optional(value: Option<impl ToString>) -> Cell {
    Cell::new(value.map(|value| value.to_string()).unwrap_or_default())
}

/// A moment as RFC 3339, to the second: what people compare by eye.
pub fn moment(rfc3339: &str) -> Cell {
    let parsed = DateTime::parse_from_rfc3339(rfc3339);
    Cell::new(parsed.map_or_else(
        |_| rfc3339.to_owned(),
        |moment| moment.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true),
    ))
}

/// A count.
pub fn count(catalog: &Catalog, value: u64) -> Cell {
    right(catalog.language.integer(value))
}

/// A duration.
pub fn seconds(catalog: &Catalog, value: f64) -> Cell {
    right(catalog.language.seconds(value))
}

/// A span of time that may be seconds or months.
pub fn span(catalog: &Catalog, value: f64) -> Cell {
    let (minute, hour, day) = (60.0, 3_600.0, 86_400.0);
    let (unit, id) = match value {
        seconds if seconds < 2.0 * minute => (1.0, "span-seconds"),
        seconds if seconds < 2.0 * hour => (minute, "span-minutes"),
        seconds if seconds < 2.0 * day => (hour, "span-hours"),
        _ => (day, "span-days"),
    };
    right(catalog.message(id, &[("number", (value / unit).floor().into())]))
}

/// A number with that many decimals.
pub fn number(catalog: &Catalog, value: f64, places: usize) -> Cell {
    right(catalog.language.number(value, places))
}

/// A share in [0, 1].
pub fn percent(catalog: &Catalog, value: f64) -> Cell {
    right(catalog.language.percent(value))
}

/// Bits of evidence, with their sign.
pub fn bits(catalog: &Catalog, value: f64) -> Cell {
    right(signed(catalog, value))
}

/// Bits of evidence, with their sign.
pub fn signed(catalog: &Catalog, value: f64) -> String {
    let sign = if value >= 0.005 { "+" } else { "" };
    format!("{sign}{}", catalog.language.number(value, 2))
}

fn right(value: String) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}
