//! One silo on disk: keys, rows, rows delivered twice, rows that break their contract.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::account::Account;
use crate::chance::{Chance, scramble};
use crate::people::Person;
use crate::rates::{ErrorRates, SiloRates};
use crate::{SourceSummary, SynthError};

/// How many rows wait for their turn: neighbours in a file need not live together.
const WAITING_ROWS: usize = 8192;

/// What breaks the contract of a bad row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The row ends early.
    CutShort,
    /// A day that no calendar has.
    ImpossibleDate,
    /// No key.
    NoKey,
}

impl Defect {
    /// Each as often as the others.
    pub fn any(chance: &mut Chance) -> Self {
        chance.pick(&[Self::CutShort, Self::ImpossibleDate, Self::NoKey])
    }
}

/// Writes one account as a row of bytes, line end included.
pub(crate) type WriteRow = fn(&str, &Account, Option<Defect>, &mut Chance) -> Vec<u8>;

/// A silo that takes accounts of people.
pub(crate) struct Silo {
    source: &'static str,
    rates: SiloRates,
    write_row: WriteRow,
    make_key: fn(u64, &mut Chance) -> String,
    keys: u64,
    pub rows: Rows,
}

impl Silo {
    /// An empty silo that writes to `rows`.
    pub fn new(
        source: &'static str,
        rates: &SiloRates,
        rows: Rows,
        make_key: fn(u64, &mut Chance) -> String,
        write_row: WriteRow,
    ) -> Self {
        Self { source, rates: rates.clone(), write_row, make_key, keys: 0, rows }
    }

    /// A key that no row of this silo has.
    pub fn next_key(&mut self, chance: &mut Chance) -> String {
        self.keys += 1;
        (self.make_key)(self.keys, chance)
    }

    /// Adds an account of `person`; now and then a bad row beside it, which is nobody's in the truth.
    pub fn add(
        &mut self,
        person: &Person,
        truth: &mut Rows,
        rates: &ErrorRates,
        chance: &mut Chance,
    ) -> Result<(String, Account), SynthError> {
        let account = Account::of(person, &self.rates, chance);
        let key = self.next_key(chance);
        let row = (self.write_row)(&key, &account, None, chance);
        self.rows.add(row, rates, chance)?;
        truth.add_once(truth_row(self.source, &key, &person.id), chance)?;
        if chance.happens(rates.bad_rows) {
            let bad_key = self.next_key(chance);
            let defect = Defect::any(chance);
            let row = (self.write_row)(&bad_key, &account, Some(defect), chance);
            self.rows.add_bad(row, chance)?;
        }
        Ok((key, account))
    }
}

/// A row of `truth.csv`.
pub(crate) fn truth_row(source: &str, key: &str, id: &str) -> Vec<u8> {
    format!("{source},{key},{id}\n").into_bytes()
}

/// A key of `digits` digits, zero-padded; no two positions below 10^10 share one.
pub(crate) fn digits_key(position: u64, digits: usize) -> String {
    const SCRAMBLED: u64 = 100_000_000;
    let number = if position < SCRAMBLED { scramble(position, SCRAMBLED) } else { position };
    format!("{number:0digits$}")
}

/// The rows of one file, written in an order that tells nothing.
pub(crate) struct Rows {
    name: &'static str,
    file: BufWriter<File>,
    waiting: Vec<Vec<u8>>,
    summary: SourceSummary,
}

impl Rows {
    /// A new file in `folder`; `header` comes first, line end included.
    pub fn create(folder: &Path, name: &'static str, header: &str) -> Result<Self, SynthError> {
        let failed = |cause| SynthError::Write { file: name.to_owned(), cause };
        let mut file = BufWriter::with_capacity(1 << 18, File::create(folder.join(name)).map_err(failed)?);
        file.write_all(header.as_bytes()).map_err(failed)?;
        Ok(Self { name, file, waiting: Vec::new(), summary: SourceSummary::default() })
    }

    /// Adds a row; now and then it is delivered twice.
    pub fn add(&mut self, row: Vec<u8>, rates: &ErrorRates, chance: &mut Chance) -> Result<(), SynthError> {
        if chance.happens(rates.duplicate_rows) {
            self.summary.duplicates += 1;
            self.add_once(row.clone(), chance)?;
        }
        self.add_once(row, chance)
    }

    /// Adds a row that breaks its contract.
    pub fn add_bad(&mut self, row: Vec<u8>, chance: &mut Chance) -> Result<(), SynthError> {
        self.summary.bad += 1;
        self.add_once(row, chance)
    }

    /// Adds a row.
    pub fn add_once(&mut self, mut row: Vec<u8>, chance: &mut Chance) -> Result<(), SynthError> {
        self.summary.rows += 1;
        if self.waiting.len() < WAITING_ROWS {
            self.waiting.push(row);
            return Ok(());
        }
        let place = chance.below(WAITING_ROWS);
        std::mem::swap(&mut self.waiting[place], &mut row);
        self.write(&row)
    }

    /// Writes what waits.
    pub fn finish(mut self, chance: &mut Chance) -> Result<SourceSummary, SynthError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        while !waiting.is_empty() {
            let row = waiting.swap_remove(chance.below(waiting.len()));
            self.write(&row)?;
        }
        self.file.flush().map_err(|cause| SynthError::Write { file: self.name.to_owned(), cause })?;
        Ok(self.summary)
    }

    fn write(&mut self, row: &[u8]) -> Result<(), SynthError> {
        self.file.write_all(row).map_err(|cause| SynthError::Write { file: self.name.to_owned(), cause })
    }
}

/// One line of delimited text; a defect cuts it short.
pub(crate) fn delimited(fields: &[&str], delimiter: char, defect: Option<Defect>) -> String {
    let kept = if defect == Some(Defect::CutShort) { fields.len() / 3 } else { fields.len() };
    let mut line = String::with_capacity(192);
    for (position, field) in fields[..kept].iter().enumerate() {
        if position > 0 {
            line.push(delimiter);
        }
        if field.contains([delimiter, '"', '\n']) {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(field);
        }
    }
    line.push('\n');
    line
}

/// One JSON object, its members in the order given; empty texts are left out.
///
/// By hand, because the order of `serde_json::Map` depends on a feature that any crate may switch on.
#[derive(Default)]
pub(crate) struct JsonLine(String);

impl JsonLine {
    /// Adds a text; an empty one is left out.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.member(name, &serde_json::Value::from(value).to_string());
        }
        self
    }

    /// Adds a number, truth value or object, written as JSON.
    pub fn raw(mut self, name: &str, value: &str) -> Self {
        self.member(name, value);
        self
    }

    /// The object without a line end.
    pub fn object(self) -> String {
        format!("{{{}}}", self.0)
    }

    /// The line; a defect cuts it short.
    pub fn line(self, defect: Option<Defect>) -> Vec<u8> {
        let mut object = self.object();
        if defect == Some(Defect::CutShort) {
            // Not within a letter: malformed text is another defect than a short row.
            object.truncate(object.floor_char_boundary(object.len() / 2));
        }
        object.push('\n');
        object.into_bytes()
    }

    fn member(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&format!("\"{name}\":{value}"));
    }
}
