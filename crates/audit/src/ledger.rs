//! The ledger of erasures: what bars erased people from coming back, kept outside of the state database.
//!
//! A backup of the state database knows nothing of erasures that came after it. Whoever opens a restored one
//! compares it with this file, which only grows, and carries out again what it does not know. A line is JSON:
//! when, keyed tags in hexadecimal, and an Ed25519 signature (RFC 8032) in base64 over `vermeil erasure ledger 1`,
//! a newline, and both as compact JSON. Tags tell nobody who it was.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use vermeil_model::Tag;

use crate::certificate::message;
use crate::error::AuditError;
use crate::folder::Folder;
use crate::note::LogKey;

const DOMAIN: &str = "vermeil erasure ledger 1\n";

/// The name of the file, in the folder of the log.
pub(crate) const LEDGER: &str = "erasures.ledger";

/// What was erased together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Statement {
    at: String,
    tags: Vec<String>,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    #[serde(flatten)]
    statement: Statement,
    signature: String,
}

impl LedgerEntry {
    /// When it was noted: RFC 3339, UTC.
    pub fn noted_at(&self) -> &str {
        &self.statement.at
    }

    /// The tags; `None` where they are not as this program writes them.
    pub fn tags(&self) -> Option<Vec<Tag>> {
        self.statement.tags.iter().map(|text| tag(text)).collect()
    }
}

/// Adds a line, durably.
pub(crate) fn append(folder: &Folder, key: &LogKey, tags: &[Tag]) -> Result<(), AuditError> {
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let statement = Statement { at, tags: tags.iter().map(Tag::to_string).collect() };
    let signature = key.signature(&message(DOMAIN, &statement));
    let line = serde_json::to_string(&LedgerEntry { statement, signature }).expect("plain data");
    add(folder, &line).map_err(|cause| AuditError::write(folder.path(), cause))
}

fn add(folder: &Folder, line: &str) -> io::Result<()> {
    folder.create()?;
    let path = folder.file(LEDGER);
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).truncate(false).mode(0o600).open(&path)?;
    file.lock()?;
    // A line that was cut off is none, and nothing was erased after it.
    let whole = match is_torn(&mut file)? {
        true => format!("\n{line}\n"),
        false => format!("{line}\n"),
    };
    file.write_all(whole.as_bytes())?;
    file.sync_all()?;
    folder.give_to_owner(&path)?;
    folder.sync()
}

fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Every line; none where there is no file. Whether the key signed them, [`is_signed`] tells.
pub(crate) fn entries(folder: &Folder) -> Result<Vec<LedgerEntry>, AuditError> {
    let text = folder.text(&folder.file(LEDGER))?.unwrap_or_default();
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Whether `key` signed a line as it stands.
pub(crate) fn is_signed(entry: &LedgerEntry, key: &LogKey) -> bool {
    key.verifier().has_signed(&message(DOMAIN, &entry.statement), &entry.signature)
}

fn tag(text: &str) -> Option<Tag> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16))
        .map(|digit| Some(digit? as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| Some(pair[0] << 4 | *pair.get(1)?)).collect::<Option<_>>()?;
    bytes.try_into().ok().map(Tag)
}

#[cfg(test)]
mod tests;
