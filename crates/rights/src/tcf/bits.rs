//! Bits of a segment, from left to right, six a character.

use super::NoTcString;

/// What is left of a segment.
pub(super) struct Bits<'t> {
    text: &'t [u8],
    next: usize,
}

impl<'t> Bits<'t> {
    /// A segment that begins at a character of a string, counted from 0.
    pub(super) fn of(segment: &'t str, start: usize) -> Result<Self, NoTcString> {
        match segment.bytes().position(|byte| sextet(byte).is_none()) {
            Some(wrong) => Err(NoTcString::Character { at: start + wrong + 1 }),
            None => Ok(Self { text: segment.as_bytes(), next: 0 }),
        }
    }

    /// The next bits, 64 at most, as a number.
    pub(super) fn take(&mut self, bits: u32, field: &'static str) -> Result<u64, NoTcString> {
        let mut number = 0;
        for _ in 0..bits {
            let byte = self.text.get(self.next / 6).ok_or(NoTcString::Truncated { field })?;
            let sextet = sextet(*byte).expect("every character was looked at");
            number = number << 1 | u64::from(sextet >> (5 - self.next % 6) & 1);
            self.next += 1;
        }
        Ok(number)
    }

    pub(super) fn small(&mut self, bits: u32, field: &'static str) -> Result<u8, NoTcString> {
        Ok(u8::try_from(self.take(bits, field)?).expect("asked for with 8 bits at most"))
    }

    pub(super) fn medium(&mut self, bits: u32, field: &'static str) -> Result<u16, NoTcString> {
        Ok(u16::try_from(self.take(bits, field)?).expect("asked for with 16 bits at most"))
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, NoTcString> {
        Ok(self.take(1, field)? == 1)
    }

    /// The places, from 1, of the bits that are set.
    pub(super) fn set(&mut self, bits: u32, field: &'static str) -> Result<Vec<u8>, NoTcString> {
        let mut places = Vec::new();
        for place in 1..=bits {
            if self.flag(field)? {
                places.push(u8::try_from(place).expect("asked for with few bits"));
            }
        }
        Ok(places)
    }
}

/// What a character stands for (RFC 4648, §5).
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}
