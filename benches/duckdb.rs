//! What DuckDB takes to copy a delimited file to Parquet: the limit that landing is compared with.
//!
//! DuckDB parses and compresses as landing does, but seals nothing, keeps no keys and recognises no row
//! that it has seen.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

const SCRIPT: &str = include_str!("duckdb_copy.py");

/// A Python interpreter that can import DuckDB.
pub struct DuckDb(());

/// One copy.
#[derive(Deserialize)]
pub struct Copy {
    /// Of DuckDB.
    pub version: String,
    /// Threads it used at most.
    pub threads: u64,
    /// The copy alone, without the start of Python.
    pub seconds: f64,
    /// Rows of the Parquet file.
    pub rows: u64,
    /// Size of the Parquet file.
    pub bytes: u64,
}

impl DuckDb {
    /// `None` where `python3` is missing or cannot import DuckDB.
    pub fn find() -> Option<Self> {
        let imported = Command::new("python3")
            .args(["-c", "import duckdb"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        imported.is_ok_and(|status| status.success()).then_some(Self(()))
    }

    /// Copies `source` to a new file `target`.
    ///
    /// # Errors
    /// Python or DuckDB fail.
    pub fn copy(&self, source: &Path, target: &Path) -> anyhow::Result<Copy> {
        let output = Command::new("python3")
            .args(["-c", SCRIPT])
            .args([source, target])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("could not start python3")?;
        ensure!(output.status.success(), "the copy by DuckDB ended with {}", output.status);
        serde_json::from_slice(&output.stdout)
            .context("the copy by DuckDB printed something else than its times")
    }
}
