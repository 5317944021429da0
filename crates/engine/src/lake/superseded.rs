//! Rows that no longer count, though they lie in files of their table still.
//!
//! So that a small change need not write a large table anew. What Delta calls deletion vectors: a
//! bitmap of positions a file, in the same format (Roaring, <https://roaringbitmap.org>). They are kept
//! with the version that readers are given instead of in Delta's log, since the writer in use here
//! cannot write them there.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use roaring::RoaringBitmap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The rows of one version of a table that no longer count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Superseded {
    /// By the name of the file; of a file that is not here every row counts.
    files: BTreeMap<String, FileRows>,
}

/// The rows of one file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FileRows {
    /// How many it holds, whether they count or not.
    pub(super) total: u32,
    /// The positions of those that do not, from 0.
    #[serde(serialize_with = "to_text", deserialize_with = "from_text")]
    pub(super) superseded: RoaringBitmap,
}

impl Superseded {
    /// How many rows do not count.
    pub fn rows(&self) -> u64 {
        self.files.values().map(|file| file.superseded.len()).sum()
    }

    pub(super) fn of_file(&self, file: &str) -> Option<&FileRows> {
        self.files.get(file)
    }

    pub(super) fn insert(&mut self, file: String, rows: FileRows) {
        if !rows.superseded.is_empty() {
            self.files.insert(file, rows);
        }
    }

    /// Forgets all files but these.
    pub(super) fn only(mut self, files: &BTreeSet<String>) -> Self {
        self.files.retain(|file, _| files.contains(file));
        self
    }
}

impl FileRows {
    /// The rows that count, as a Parquet scan takes them.
    pub(super) fn selection(&self) -> ParquetRowSelection {
        let mut selectors: Vec<RowSelector> = Vec::new();
        let mut next = 0;
        for row in &self.superseded {
            if row > next {
                selectors.push(RowSelector::select((row - next) as usize));
            }
            selectors.push(RowSelector::skip(1));
            next = row + 1;
        }
        selectors.push(RowSelector::select((self.total - next) as usize));
        // Neighbours that say the same become one.
        ParquetRowSelection::new(RowSelection::from(selectors))
    }
}

fn to_text<S: Serializer>(rows: &RoaringBitmap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut bytes).expect("memory takes all");
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoaringBitmap, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    RoaringBitmap::deserialize_from(bytes.as_slice()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;
