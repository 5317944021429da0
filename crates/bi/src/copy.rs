//! `COPY (…) TO STDOUT`: rows as a file would have them.
//!
//! Formats as PostgreSQL's documentation of COPY describes them. A row of the binary format is a `DataRow`
//! behind its number of fields.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::CopyOption;
use futures::{Sink, SinkExt, StreamExt};
use pgwire::api::portal::Format;
use pgwire::api::results::Tag;
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::copy::{CopyData, CopyDone, CopyOutResponse};
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;

use crate::answer::{self, Answer};
use crate::fault;

/// What a file of the binary format begins with: a signature, flags and the length of an extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopyFormat {
    Binary,
    Text { delimiter: u8, null: String, header: bool },
    Csv { delimiter: u8, quote: u8, null: String, header: bool },
}

impl CopyFormat {
    /// # Errors
    /// An option is not supported.
    pub(crate) fn of(options: &[CopyOption]) -> PgWireResult<Self> {
        let mut format = "text".to_owned();
        let (mut delimiter, mut quote, mut null, mut with_header) = (None, b'"', None, false);
        for option in options {
            match option {
                CopyOption::Format(name) => format = name.value.to_ascii_lowercase(),
                CopyOption::Delimiter(letter) if letter.is_ascii() => delimiter = Some(*letter as u8),
                CopyOption::Quote(letter) if letter.is_ascii() => quote = *letter as u8,
                CopyOption::Null(text) => null = Some(text.clone()),
                CopyOption::Header(header) => with_header = *header,
                CopyOption::Encoding(name) if name.to_ascii_lowercase().replace('-', "") == "utf8" => {}
                _ => return Err(unsupported()),
            }
        }
        let header = with_header;
        match format.as_str() {
            "binary" => Ok(Self::Binary),
            "text" => Ok(Self::Text {
                delimiter: delimiter.unwrap_or(b'\t'),
                null: null.unwrap_or_else(|| "\\N".to_owned()),
                header,
            }),
            "csv" => Ok(Self::Csv {
                delimiter: delimiter.unwrap_or(b','),
                quote,
                null: null.unwrap_or_default(),
                header,
            }),
            _ => Err(unsupported()),
        }
    }

    /// What a file of these columns begins with.
    fn begin(&self, names: &[String]) -> Vec<u8> {
        let line = |header: bool| match header {
            true => self.line(names.iter().map(|name| Some(name.as_bytes()))),
            false => Vec::new(),
        };
        match self {
            Self::Binary => BINARY_HEADER.to_vec(),
            Self::Text { header, .. } | Self::Csv { header, .. } => line(*header),
        }
    }

    /// What it ends with.
    fn end(&self) -> Vec<u8> {
        match self {
            Self::Binary => (-1i16).to_be_bytes().to_vec(),
            Self::Text { .. } | Self::Csv { .. } => Vec::new(),
        }
    }

    fn row(&self, row: &DataRow) -> Vec<u8> {
        match self {
            Self::Binary => [&row.field_count.to_be_bytes()[..], &row.data[..]].concat(),
            Self::Text { .. } | Self::Csv { .. } => self.line(values(&row.data)),
        }
    }

    fn line<'a>(&self, values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
        let mut line = Vec::new();
        for (position, value) in values.enumerate() {
            match self {
                Self::Binary => {}
                Self::Text { delimiter, null, .. } => {
                    line.extend((position > 0).then_some(*delimiter));
                    match value {
                        None => line.extend(null.as_bytes()),
                        Some(value) => value.iter().for_each(|byte| escape(&mut line, *byte, *delimiter)),
                    }
                }
                Self::Csv { delimiter, quote, null, .. } => {
                    line.extend((position > 0).then_some(*delimiter));
                    match value {
                        None => line.extend(null.as_bytes()),
                        Some(value) => quoted(&mut line, value, *delimiter, *quote, null),
                    }
                }
            }
        }
        line.push(b'\n');
        line
    }
}

/// Sends an answer as a file, as it comes.
pub(crate) async fn send<C>(
    client: &mut C,
    answer: Answer,
    format: &CopyFormat,
    formats: Arc<FormatOptions>,
) -> PgWireResult<Tag>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let (code, encoding) = match format {
        CopyFormat::Binary => (1, Format::UnifiedBinary),
        CopyFormat::Text { .. } | CopyFormat::Csv { .. } => (0, Format::UnifiedText),
    };
    let fields = answer::fields(answer.schema(), &encoding, formats)?;
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let codes = vec![i16::from(code); names.len()];
    let columns = i16::try_from(names.len()).unwrap_or(i16::MAX);
    let response = CopyOutResponse::new(code, columns, codes);
    client.feed(PgWireBackendMessage::CopyOutResponse(response)).await?;
    send_data(client, format.begin(&names)).await?;
    let mut rows = answer.rows(fields);
    let mut count = 0;
    while let Some(row) = rows.next().await {
        send_data(client, format.row(&row?)).await?;
        count += 1;
    }
    send_data(client, format.end()).await?;
    client.feed(PgWireBackendMessage::CopyDone(CopyDone::new())).await?;
    Ok(Tag::new("COPY").with_rows(count))
}

async fn send_data<C>(client: &mut C, data: Vec<u8>) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    if !data.is_empty() {
        client.feed(PgWireBackendMessage::CopyData(CopyData::new(data.into()))).await?;
    }
    Ok(())
}

/// The values of an encoded row: each behind its length, which is negative for null.
fn values(data: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            rest = after;
            return Some(None);
        };
        let (value, after) = after.split_at_checked(length)?;
        rest = after;
        Some(Some(value))
    })
}

fn escape(line: &mut Vec<u8>, byte: u8, delimiter: u8) {
    match byte {
        b'\\' => line.extend(b"\\\\"),
        b'\n' => line.extend(b"\\n"),
        b'\r' => line.extend(b"\\r"),
        b'\t' => line.extend(b"\\t"),
        byte if byte == delimiter => line.extend([b'\\', byte]),
        byte => line.push(byte),
    }
}

fn quoted(line: &mut Vec<u8>, value: &[u8], delimiter: u8, quote: u8, null: &str) {
    let telling = |byte: &u8| [delimiter, quote, b'\n', b'\r'].contains(byte);
    // What reads as null, or as the end of the file, is a text.
    if !(value == null.as_bytes() || value == b"\\." || value.iter().any(telling)) {
        line.extend(value);
        return;
    }
    line.push(quote);
    for byte in value {
        line.extend((*byte == quote).then_some(quote));
        line.push(*byte);
    }
    line.push(quote);
}

fn unsupported() -> PgWireError {
    fault::error(fault::UNSUPPORTED, "COPY does not take this option")
}

#[cfg(test)]
mod tests;
