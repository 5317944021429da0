//! Handing profiles to a recipient: those that may be seen for a declared purpose, and a note of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_rights::spreadsheet;
use vermeil_state::Export;

use crate::columns::PROFILE_ID;
use crate::consent::is_token;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::{ExportReport, second};
use crate::stored;

/// Everything that a reader may see of profiles.
const PROFILES: &str = "SELECT * FROM golden.profiles";

/// An export cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum ExportError {
    #[error("an export has a purpose")]
    NoPurpose,
    #[error("this is no short name of a recipient")]
    Recipient,
    #[error("{file} is no CSV or Parquet file")]
    Format { file: String },
    #[error("{file} cannot be written")]
    Unwritable {
        file: String,
        #[source]
        cause: io::Error,
    },
}

impl Diagnose for ExportError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::NoPurpose => Diagnostic::new("export-no-purpose"),
            Self::Recipient => Diagnostic::new("export-recipient"),
            Self::Format { file } => Diagnostic::new("export-format").with("file", file),
            Self::Unwritable { file, cause } => {
                Diagnostic::new("export-unwritable").with("file", file).with("reason", cause)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unwritable { .. } => ErrorKind::Failed,
            _ => ErrorKind::Usage,
        }
    }
}

/// Where rows go.
enum Sink {
    Csv(BufWriter<File>),
    Parquet(Box<ArrowWriter<File>>),
}

impl Engine {
    /// Writes the profiles that `reader` may see for the declared purpose into a new file (mode 0600) for
    /// `recipient`, as CSV or Parquet by its name. It is noted before the first row is read, and by
    /// which handles the recipient will know whom before these rows are written; the file has its name once it
    /// is whole.
    ///
    /// # Errors
    /// [`ExportError`], and those of [`Engine::query`].
    pub async fn export(
        &self,
        recipient: &str,
        to: &Path,
        reader: &Reader,
    ) -> Result<ExportReport, EngineError> {
        let purpose = reader.purpose.as_ref().ok_or(ExportError::NoPurpose)?;
        if !is_token(recipient) {
            return Err(ExportError::Recipient.into());
        }
        // Asked for before the first row: whoever is to be erased from here on is not handed over unnoticed.
        let epoch = self.state.erasure_epoch().await?;
        let mut rows = self.query(PROFILES, reader).await?;
        let part = part_of(to);
        let mut sink = Some(Sink::create(to, &part, &rows.schema)?);
        let number = self.state.begin_export(recipient, purpose, &reader.role, &reader.actor).await?;
        let mut profiles = 0;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            profiles += batch.num_rows() as u64;
            let handles = stored::texts(&batch, PROFILE_ID)?;
            let tags = self.handle_tags(recipient, handles.iter().flatten());
            self.state.keep_handles(number, epoch, &tags).await?;
            let (mut open, file) = (sink.take().expect("put back below"), to.to_owned());
            sink = Some(
                blocking(move || open.write(&batch).map(|()| open).map_err(|cause| failed(&file, cause)))
                    .await?,
            );
        }
        let (open, file, from) = (sink.expect("put back above"), to.to_owned(), part.clone());
        blocking(move || {
            open.finish().and_then(|()| fs::rename(&from, &file)).map_err(|cause| failed(&file, cause))
        })
        .await?;
        self.state.end_export(number, profiles).await?;
        let exports = self.state.exports().await?;
        let noted = exports.iter().find(|export| export.number == number);
        Ok(noted.map(report).expect("noted above"))
    }

    /// Every export, the oldest first.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn exports(&self) -> Result<Vec<ExportReport>, EngineError> {
        Ok(self.state.exports().await?.iter().map(report).collect())
    }
}

fn report(export: &Export) -> ExportReport {
    ExportReport {
        number: export.number,
        recipient: export.recipient.clone(),
        purpose: export.purpose.to_string(),
        role: export.role.to_string(),
        actor: export.actor.clone(),
        begun_at: second(export.begun_at),
        ended_at: export.ended.map(|(at, _)| second(at)),
        profiles: export.ended.map(|(_, profiles)| profiles),
    }
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    to.with_file_name(name)
}

fn failed(file: &Path, cause: io::Error) -> EngineError {
    ExportError::Unwritable { file: file.display().to_string(), cause }.into()
}

impl Sink {
    fn create(to: &Path, part: &Path, schema: &SchemaRef) -> Result<Self, EngineError> {
        let ending = to.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let open = || {
            if to.try_exists()? {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            // What a former export left, which was cut off.
            drop(fs::remove_file(part));
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)
        };
        match ending {
            "csv" => {
                let mut file = BufWriter::new(open().map_err(|cause| failed(to, cause))?);
                let names: Vec<String> =
                    schema.fields().iter().map(|field| spreadsheet::cell(field.name())).collect();
                writeln!(file, "{}", names.join(",")).map_err(|cause| failed(to, cause))?;
                Ok(Self::Csv(file))
            }
            "parquet" => {
                let file = open().map_err(|cause| failed(to, cause))?;
                let writer = ArrowWriter::try_new(file, SchemaRef::clone(schema), None);
                Ok(Self::Parquet(Box::new(writer.map_err(|cause| failed(to, cause.into()))?)))
            }
            _ => Err(ExportError::Format { file: to.display().to_string() }.into()),
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            Self::Csv(file) => write_csv(file, batch),
            Self::Parquet(writer) => Ok(writer.write(batch)?),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv(file) => file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all(),
            Self::Parquet(writer) => writer.into_inner()?.sync_all(),
        }
    }
}

fn write_csv(file: &mut BufWriter<File>, batch: &RecordBatch) -> io::Result<()> {
    let options = FormatOptions::default();
    let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    for row in 0..batch.num_rows() {
        let cells: Vec<String> =
            columns.iter().map(|column| spreadsheet::cell(&column.value(row).to_string())).collect();
        writeln!(file, "{}", cells.join(","))?;
    }
    Ok(())
}
