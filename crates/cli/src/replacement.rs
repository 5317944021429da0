//! Files that commands write: whole or not at all, and never over what is read.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::session::Session;

/// A file under way beside the one it will replace, so that no reader ever meets half of it.
pub struct Replacement {
    target: PathBuf,
    part: PathBuf,
    file: Option<File>,
}

impl Replacement {
    pub fn begin(target: &Path) -> Result<Self, CliError> {
        let unwritable = |cause| CliError::Unwritable { file: target.to_owned(), cause };
        let name = target.file_name().ok_or_else(|| unwritable(io::ErrorKind::IsADirectory.into()))?;
        if target.is_dir() {
            return Err(unwritable(io::ErrorKind::IsADirectory.into()));
        }
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let part = target.with_file_name(hidden);
        let file = File::create(&part).map_err(unwritable)?;
        Ok(Self { target: target.to_owned(), part, file: Some(file) })
    }

    pub fn commit_text(self, text: &str) -> Result<(), CliError> {
        self.commit(|file| file.write_all(text.as_bytes()))
    }

    pub fn commit(mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
        let write_all = |file: File| {
            let mut writer = BufWriter::new(file);
            write(&mut writer)?;
            writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&self.part, &self.target)
        };
        let written = self.file.take().map_or(Ok(()), write_all);
        if written.is_err() {
            // What is left of it is of no use; that it cannot be written is told below.
            drop(fs::remove_file(&self.part));
        }
        written.map_err(|cause| CliError::Unwritable { file: self.target.clone(), cause })
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nothing was written: an empty file of this name disturbs nobody.
            drop(fs::remove_file(&self.part));
        }
    }
}

/// Says where a file for people was written, where one was.
pub fn tell_written(session: &Session, file: Option<&Path>) {
    if let Some(file) = file {
        let file = file.display().to_string();
        session.notice(&session.catalog.message("page-written", &[("file", file.into())]));
    }
}

/// Whether two paths lead to one file that is there.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests;
