//! What is measured, shown, and kept.

use super::truthset::Differences;
use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use super::number;

/// How much lower than last time a figure may be before it fails.
pub const TOLERATED_DROP: f64 = 0.005;

/// How one data set came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub pairwise_precision: f64,
    pub pairwise_recall: f64,
    pub pairwise_f1: f64,
    pub b3_f1: f64,
    seconds: f64,
    peak_mib: f64,
    pairs_per_record: f64,
    /// Where each entity is looked at.
    differences: Option<Differences>,
}

impl Figures {
    /// From the JSON of `dedupe` and of `evaluate`; `None` where a figure is missing.
    pub fn of(found: &str, judged: &str, differences: Option<Differences>) -> Option<Self> {
        Some(Self {
            pairwise_precision: number(judged, "pairwise_precision")?,
            pairwise_recall: number(judged, "pairwise_recall")?,
            pairwise_f1: number(judged, "pairwise_f1")?,
            b3_f1: number(judged, "b3_f1")?,
            seconds: number(found, "seconds")?,
            // Absent where the system does not tell.
            peak_mib: number(found, "peak_memory_bytes").unwrap_or(f64::NAN) / f64::from(1 << 20),
            pairs_per_record: number(found, "pairs_per_record")?,
            differences,
        })
    }

    /// The line of a table.
    pub fn row(&self, name: &str) -> String {
        let row = format!(
            "{name:<24} {:>9.4} {:>9.4} {:>9.4} {:>9.4} {:>9.1} {:>9.0} {:>12.1}",
            self.pairwise_precision,
            self.pairwise_recall,
            self.pairwise_f1,
            self.b3_f1,
            self.seconds,
            self.peak_mib,
            self.pairs_per_record
        );
        match &self.differences {
            Some(told) => format!("{row}  {} of {} entities as they are", told.as_they_are, told.entities),
            None => row,
        }
    }

    /// What came out wrong, where each entity is looked at.
    pub fn differences(&self) -> &[String] {
        self.differences.as_ref().map_or(&[], |told| &told.groups)
    }

    /// What is kept, by name: what a change must not lower.
    pub fn kept(&self) -> [(&'static str, f64); 4] {
        [
            ("b3_f1", self.b3_f1),
            ("pairwise_f1", self.pairwise_f1),
            ("pairwise_precision", self.pairwise_precision),
            ("pairwise_recall", self.pairwise_recall),
        ]
    }
}

/// The table's first line.
pub fn heading() -> String {
    format!(
        "{:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "data", "precision", "recall", "pair F1", "B³ F1", "seconds", "peak MiB", "pairs/record"
    )
}

/// A line of F1 alone: a peer's, or what is to be reached.
pub fn row_of_two(label: &str, pairwise: f64, b_cubed: f64) -> String {
    format!("  {label:<22} {:>9} {:>9} {pairwise:>9.4} {b_cubed:>9.4}", "", "")
}

/// The figures of the last time, by data set and name.
#[derive(Default)]
pub struct Stored(BTreeMap<String, BTreeMap<String, f64>>);

impl Stored {
    /// Reads what [`Stored::write`] wrote; nothing where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: &Path) -> Result<Self, String> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(format!("{}: {cause}", file.display())),
        }
    }

    /// One data set a line, as it is written.
    pub(super) fn parse(text: &str) -> Self {
        let of_line = |line: &str| {
            let (name, figures) = line.trim().strip_prefix('"')?.split_once("\":")?;
            let figures = figures.trim().strip_prefix('{')?.split('}').next()?;
            let pairs = figures.split(',').filter_map(|pair| {
                let (key, value) = pair.split_once(':')?;
                Some((key.trim().trim_matches('"').to_owned(), value.trim().parse().ok()?))
            });
            Some((name.to_owned(), pairs.collect()))
        };
        Self(text.lines().filter_map(of_line).collect())
    }

    pub(super) fn text(&self) -> String {
        let lines = self.0.iter().map(|(name, figures)| {
            let figures = figures.iter().map(|(key, value)| format!("\"{key}\": {value:.4}"));
            format!("  \"{name}\": {{ {} }}", figures.collect::<Vec<_>>().join(", "))
        });
        format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
    }

    /// Writes it, with sorted keys.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        fs::write(file, self.text()).map_err(|cause| format!("{}: {cause}", file.display()))
    }

    /// Takes new figures of a data set, by name.
    pub fn put(&mut self, name: &str, figures: &[(&str, f64)]) {
        let kept = figures.iter().map(|(key, value)| ((*key).to_owned(), *value));
        self.0.insert(name.to_owned(), kept.collect());
    }

    /// What has dropped by more than is tolerated.
    pub fn drops(&self, name: &str, figures: &[(&str, f64)]) -> Vec<String> {
        let Some(last) = self.0.get(name) else { return Vec::new() };
        let now = |key: &str| figures.iter().find(|(kept, _)| *kept == key).map(|(_, value)| *value);
        let dropped = last.iter().filter_map(|(key, last)| match now(key) {
            Some(now) if now >= last - TOLERATED_DROP => None,
            Some(now) => Some(format!("{name}: {key} is {now:.4}, it was {last:.4}")),
            None => Some(format!("{name}: {key} is no longer measured, it was {last:.4}")),
        });
        dropped.collect()
    }
}
