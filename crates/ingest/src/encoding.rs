//! From a source's encoding to bytes that can be cut into records.
//!
//! UTF-8 and single-byte encodings are cut as they are and decoded field by
//! field, so that a rejected row is kept exactly as delivered. In every other
//! encoding a byte of a longer sequence can look like a comma or a line end;
//! these are turned into UTF-8 first, and what they kept of a rejected row is
//! that UTF-8.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use crate::error::IngestError;

/// A byte that UTF-8 never holds: it marks bytes that could not be decoded, so
/// that their row is found invalid later, and only that row.
const UNDECODABLE: u8 = 0xff;

/// How the bytes of a text source are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextEncoding {
    Utf8,
    SingleByte(&'static Encoding),
    Converted(&'static Encoding),
}

impl TextEncoding {
    /// The encoding of that label; UTF-8 for none.
    pub(crate) fn of_label(label: Option<&str>) -> Result<Self, IngestError> {
        let Some(label) = label else { return Ok(Self::Utf8) };
        let encoding = Encoding::for_label_no_replacement(label.as_bytes())
            .ok_or_else(|| IngestError::UnknownEncoding { encoding: label.to_owned() })?;
        Ok(match encoding {
            utf8 if utf8 == UTF_8 => Self::Utf8,
            single if single.is_single_byte() => Self::SingleByte(single),
            other => Self::Converted(other),
        })
    }

    /// Its standard name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => UTF_8.name(),
            Self::SingleByte(encoding) | Self::Converted(encoding) => encoding.name(),
        }
    }

    /// The one byte that stands for `character` where records are cut, if there is one.
    pub(crate) fn byte(self, character: char) -> Option<u8> {
        let mut utf8 = [0; 4];
        let utf8 = character.encode_utf8(&mut utf8);
        match self {
            Self::Utf8 | Self::Converted(_) => u8::try_from(character).ok().filter(u8::is_ascii),
            Self::SingleByte(encoding) => match encoding.encode(utf8) {
                (bytes, _, false) if bytes.len() == 1 => Some(bytes[0]),
                _ => None,
            },
        }
    }
}

/// Brings the chunks of one file into the form that is cut into records: drops
/// a byte-order mark and converts where that is needed.
pub(crate) enum Intake {
    /// UTF-8 whose first bytes, kept here, may still be a byte-order mark.
    Utf8Start(Vec<u8>),
    AsIs,
    Converting(Box<Decoder>),
}

impl Intake {
    pub(crate) fn new(encoding: TextEncoding) -> Self {
        match encoding {
            TextEncoding::Utf8 => Self::Utf8Start(Vec::new()),
            TextEncoding::SingleByte(_) => Self::AsIs,
            TextEncoding::Converted(encoding) => {
                Self::Converting(Box::new(encoding.new_decoder_with_bom_removal()))
            }
        }
    }

    /// Hands `chunk` on to `sink`, prepared.
    pub(crate) fn feed(&mut self, chunk: &[u8], mut sink: impl FnMut(&[u8])) {
        match self {
            Self::AsIs => sink(chunk),
            Self::Converting(decoder) => convert(decoder, chunk, Part::Middle, sink),
            Self::Utf8Start(held) => {
                held.extend_from_slice(chunk);
                if held.len() >= 3 {
                    sink(held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(held));
                    *self = Self::AsIs;
                }
            }
        }
    }

    /// Hands on what was still held back at the end of the file.
    pub(crate) fn finish(&mut self, mut sink: impl FnMut(&[u8])) {
        match self {
            Self::AsIs => {}
            Self::Converting(decoder) => convert(decoder, &[], Part::Last, sink),
            Self::Utf8Start(held) => sink(held),
        }
        *self = Self::AsIs;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Middle,
    Last,
}

fn convert(decoder: &mut Decoder, mut chunk: &[u8], part: Part, mut sink: impl FnMut(&[u8])) {
    let mut converted = Vec::with_capacity(chunk.len() + chunk.len() / 2 + 16);
    let mut room = [0; 4096];
    loop {
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(chunk, &mut room, part == Part::Last);
        converted.extend_from_slice(&room[..written]);
        chunk = &chunk[read..];
        match result {
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => converted.push(UNDECODABLE),
            DecoderResult::InputEmpty => break,
        }
    }
    sink(&converted);
}

#[cfg(test)]
mod tests;
