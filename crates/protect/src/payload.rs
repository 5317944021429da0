//! Payloads: the fields of one class of one record, packed into what is sealed.
//!
//! ```text
//! version u8   1
//! then, for each field that has a value:
//!   name length    varint    name     UTF-8
//!   value length   varint    value    UTF-8
//! ```
//!
//! A varint is unsigned LEB128 (seven bits a byte, lowest first), in as few
//! bytes as possible. Fields go by name, not by place in a schema, so that a
//! payload outlives changes of its schema. An absent field has no entry; an
//! empty text has one. A name comes once. There is one way to write a list of
//! fields, and anything else is refused.

use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;

/// Packs payloads, one after the other, into a buffer that it keeps.
///
/// ```text
/// writer.clear(); writer.field("email", …); cipher.seal_into(&binding, writer.as_bytes(), &mut sealed);
/// ```
pub struct PayloadWriter(Zeroizing<Vec<u8>>);

impl Default for PayloadWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl PayloadWriter {
    /// An empty payload.
    pub fn new() -> Self {
        // Room for most records at once: growing would leave copies behind.
        let mut buffer = Vec::with_capacity(4096);
        buffer.push(VERSION);
        Self(Zeroizing::new(buffer))
    }

    /// Starts the next payload.
    pub fn clear(&mut self) {
        self.0.truncate(1);
    }

    /// Appends a field. Its name must not have come before in this payload.
    pub fn field(&mut self, name: &str, value: &str) {
        for part in [name, value] {
            // A growing vector frees what it held as it is; so clear that here.
            let needed = self.0.len() + 10 + part.len();
            if needed > self.0.capacity() {
                let mut larger = Vec::with_capacity(needed.next_power_of_two());
                larger.extend_from_slice(&self.0);
                std::mem::replace(&mut *self.0, larger).zeroize();
            }
            append_varint(&mut self.0, part.len());
            self.0.extend_from_slice(part.as_bytes());
        }
    }

    /// Whether no field has been appended.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// The payload, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The fields of a payload, name and value, in the order written.
///
/// # Errors
/// [`PayloadError`] if these bytes are not what a [`PayloadWriter`] writes.
pub fn fields(payload: &[u8]) -> Result<Vec<(&str, &str)>, PayloadError> {
    let (&version, mut rest) = payload.split_first().ok_or(PayloadError::CutOff)?;
    if version != VERSION {
        return Err(PayloadError::UnknownVersion(version));
    }
    let mut fields: Vec<(&str, &str)> = Vec::new();
    while !rest.is_empty() {
        let name = take_text(&mut rest)?;
        let value = take_text(&mut rest)?;
        // A class has a dozen fields at most, too few for a set to pay.
        if fields.iter().any(|(other, _)| *other == name) {
            return Err(PayloadError::FieldTwice);
        }
        fields.push((name, value));
    }
    Ok(fields)
}

/// The bytes are no payload. Says nothing of what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Written by a later version of the program.
    #[error("payloads of version {0} are not known: a later version of the program wrote this")]
    UnknownVersion(u8),
    /// A length reaches beyond the end.
    #[error("the payload is cut off")]
    CutOff,
    /// A length is written in more bytes than it takes.
    #[error("a length in the payload is not written in the shortest way")]
    LongLength,
    /// Not text.
    #[error("the payload holds something that is not UTF-8")]
    NotUtf8,
    /// A name comes twice.
    #[error("the payload holds one field twice")]
    FieldTwice,
}

fn append_varint(buffer: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        buffer.push(number as u8 | 0x80);
        number >>= 7;
    }
    buffer.push(number as u8);
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, PayloadError> {
    let length = take_varint(rest)?;
    let length = usize::try_from(length).map_err(|_| PayloadError::CutOff)?;
    let (text, after) = rest.split_at_checked(length).ok_or(PayloadError::CutOff)?;
    *rest = after;
    std::str::from_utf8(text).map_err(|_| PayloadError::NotUtf8)
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, PayloadError> {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(PayloadError::CutOff)?;
        *rest = after;
        // Nine bytes carry 63 bits; no length needs a tenth.
        if shift > 56 || (byte == 0 && shift > 0) {
            return Err(PayloadError::LongLength);
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Ok(number)
}

#[cfg(test)]
mod tests;
