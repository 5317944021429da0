//! Standard output: tables for people, or JSON for programs, and nothing else.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::args::Format;
use crate::error::CliError;

/// Where results go.
pub struct Output {
    /// What the user asked for.
    pub format: Format,
    writer: Box<dyn Write>,
}

impl Output {
    /// Results to standard output.
    pub fn to_stdout(format: Format) -> Self {
        Self { format, writer: Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())) }
    }

    /// Writes a text and a line end.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub fn line(&mut self, text: &str) -> Result<(), CliError> {
        writeln!(self.writer, "{text}").map_err(CliError::Output)
    }

    /// Writes one JSON object on a line of its own.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer(&mut self.writer, value).map_err(|error| CliError::Output(error.into()))?;
        self.writer.write_all(b"\n").map_err(CliError::Output)
    }

    /// Writes one object as JSON, or what `render` makes of it.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub fn report<T: Serialize>(
        &mut self,
        report: &T,
        render: impl FnOnce(&T) -> String,
    ) -> Result<(), CliError> {
        match self.format {
            Format::Json => self.json(report),
            Format::Table => self.line(&render(report)),
        }
    }

    /// Hands everything written so far to the reader.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub fn flush(&mut self) -> Result<(), CliError> {
        self.writer.flush().map_err(CliError::Output)
    }
}
