//! A file that no pipeline describes: its form is found out, its columns are read as text.
//!
//! Parquet and NDJSON are known by their first bytes, delimited text is what is left. Of
//! text the encoding is found by reading all of it once, because the first accent may stand
//! in the last row; the delimiter is the one that parts the first rows into equally many fields.
//! On the way excerpts are kept, by which a sorted file can be understood.

mod form;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vermeil_model::pipeline::{ColumnMapping, Contract, Format, Linking, Source};
use vermeil_model::schema::{Field, Schema, SchemaKind};

use crate::batch::{BatchBuilder, SourceBatch};
use crate::delimited::Delimited;
use crate::error::IngestError;
use crate::formats::{Replay, SourceFormat, format_of};
use crate::location;
use crate::plan::Plan;
use crate::stream::SourceStream;

pub use form::FileForm;

/// The rows of a file that no pipeline describes, batch by batch.
pub struct UnknownFile {
    form: FileForm,
    stream: SourceStream,
    excerpts: Option<SourceBatch>,
}

impl UnknownFile {
    /// Finds out the form of the file at `path` (relative to `base`, or a URL with the
    /// object store's `options`) and begins to read it.
    ///
    /// # Errors
    /// [`IngestError`] where there is no such file, it is empty, has no column, or cannot be read.
    pub async fn open(
        path: &str,
        base: &Path,
        options: &BTreeMap<String, String>,
    ) -> Result<UnknownFile, IngestError> {
        let location = location::find(path, base, options).await?;
        let [found] = location.found.as_slice() else {
            let cause = format!("one file is needed, {} were found", location.found.len());
            return Err(IngestError::BadLocation { path: path.to_owned(), cause: cause.into() });
        };
        let (form, excerpts) = FileForm::of(&location.store, found).await?;
        // Not its columns: of a file without a header they are somebody's values.
        let (kind, encoding) = (form.format, form.encoding);
        tracing::debug!(?kind, encoding, columns = form.columns.len(), "the form of the file");
        let (format, plan) = format(path, &form)?;
        let mut batch = BatchBuilder::new(Arc::clone(&plan));
        for raw in &excerpts {
            format.replay(&Replay { file: path, columns: &form.columns, raw, line: 1 }, &mut batch)?;
        }
        let excerpts = (batch.row_count() > 0).then(|| batch.finish());
        let stream = SourceStream::begin(location, format, plan).await?;
        Ok(UnknownFile { form, stream, excerpts })
    }

    /// How the file is written, and its columns.
    pub fn form(&self) -> &FileForm {
        &self.form
    }

    /// Rows from all over a large text, to understand it by; `None` where its first rows must do.
    /// A row whose quotes hold a line end may be cut. Given once.
    pub fn take_excerpts(&mut self) -> Option<SourceBatch> {
        self.excerpts.take()
    }

    /// The next rows; `None` after the last. One nullable column of trimmed text (`Utf8`) for
    /// each of [`FileForm::columns`], in their order.
    ///
    /// After an error the stream is over.
    pub async fn next_batch(&mut self) -> Option<Result<SourceBatch, IngestError>> {
        self.stream.next_batch().await
    }
}

fn format(path: &str, form: &FileForm) -> Result<(Box<dyn SourceFormat>, Arc<Plan>), IngestError> {
    let (source, schema) = described(path, form);
    let plan = Arc::new(Plan::new(&source, &schema)?);
    let format: Box<dyn SourceFormat> = match form.format {
        Format::Delimited => {
            Box::new(Delimited::new(&source, Arc::clone(&plan))?.with_columns(form.columns.clone()))
        }
        Format::Ndjson | Format::Parquet => format_of(&source, &plan)?,
    };
    Ok((format, plan))
}

/// What a pipeline would say of the file, were every column just text.
fn described(path: &str, form: &FileForm) -> (Source, Schema) {
    // Schemas name their fields in a way of their own; columns may be called anything.
    let field_of = |place: usize| format!("column_{place}");
    let columns = form.columns.iter().enumerate();
    let source = Source {
        id: "file".parse().expect("a valid id"),
        path: path.to_owned(),
        format: form.format,
        delimiter: form.delimiter,
        quote: None,
        encoding: Some(form.encoding.to_owned()),
        decimal: None,
        header: None,
        schema: None,
        key: Vec::new(),
        updated_at: None,
        subject: None,
        replaced_by: None,
        link: Linking::default(),
        columns: columns
            .map(|(place, column)| (field_of(place), ColumnMapping::Column(column.clone())))
            .collect(),
        constants: BTreeMap::new(),
        contract: Contract::default(),
        self_declared: false,
        consent: Vec::new(),
    };
    let schema = Schema {
        name: "file".to_owned(),
        version: 1,
        kind: SchemaKind::Record,
        description: String::new(),
        fields: (0..form.columns.len()).map(|place| Field::text(field_of(place))).collect(),
        groups: BTreeMap::new(),
        blocking: Vec::new(),
    };
    (source, schema)
}

#[cfg(test)]
mod tests;
