//! The rows in a page: their columns, put together from overflow pages.

use super::super::{Damaged, cell};
use super::pages::{Image, Pages, u32_at};
use crate::report::{Channel, Reason};
use crate::scan::{Place, Scan};

/// The texts and blobs of the rows in a page, each behind a NUL. Looks numbers
/// up on the way and follows containers. Rows that make no sense are passed
/// over: free pages are half overwritten, and their bytes are searched anyway.
pub(super) fn rows_of(
    scan: &Scan<'_>,
    pages: &mut Pages<'_>,
    image: &Image,
    place: &Place,
) -> Result<Vec<u8>, Damaged> {
    let mut joined = Vec::new();
    let (header, bytes) = (image.header(), &image.bytes);
    let kind = bytes[header];
    let pointers = match kind {
        10 | 13 => header + 8,
        2 => header + 12,
        _ => return Ok(joined),
    };
    let count = u16_at(bytes, header + 3);
    for pointer in (0..count).map(|cell| u16_at(bytes, pointers + 2 * cell)) {
        let Some(payload) = payload_of(scan, pages, image, kind, pointer, place) else { continue };
        columns(scan, &payload, &mut joined, place);
    }
    Ok(joined)
}

fn payload_of(
    scan: &Scan<'_>,
    pages: &mut Pages<'_>,
    image: &Image,
    kind: u8,
    pointer: usize,
    place: &Place,
) -> Option<Vec<u8>> {
    let mut rest = image.bytes.get(pointer..)?;
    if kind == 2 {
        rest = rest.get(4..)?;
    }
    let length = usize::try_from(varint(&mut rest)?).ok()?;
    if kind == 13 {
        varint(&mut rest)?;
    }
    let usable = pages.usable();
    let most = if kind == 13 { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
    if length <= most {
        return rest.get(..length).map(<[u8]>::to_vec);
    }
    if length as u64 > scan.limits.packed_bytes {
        scan.unreadable(place, "sqlite row", Reason::TooLarge);
        return None;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let local = least + (length - least) % (usable - 4);
    let local = if local <= most { local } else { least };
    let mut payload = rest.get(..local)?.to_vec();
    let mut next = u32_at(rest, local);
    while payload.len() < length {
        let following = pages.images(next).into_iter().find(|image| !image.is_tree())?;
        let wanted = (length - payload.len()).min(usable - 4);
        payload.extend_from_slice(following.bytes.get(4..4 + wanted)?);
        next = u32_at(&following.bytes, 0);
    }
    Some(payload)
}

fn columns(scan: &Scan<'_>, payload: &[u8], joined: &mut Vec<u8>, place: &Place) -> Option<()> {
    let mut types = payload;
    let header = usize::try_from(varint(&mut types)?).ok()?;
    let mut types = payload.get(payload.len() - types.len()..header)?;
    let mut content = payload.get(header..)?;
    while !types.is_empty() {
        let kind = varint(&mut types)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let (value, after) = content.split_at_checked(length)?;
        content = after;
        match kind {
            1..=6 => scan.number(place, integer(value)),
            7 => scan.number(place, f64::from_be_bytes(value.try_into().ok()?) as i64),
            12.. => {
                joined.push(0);
                joined.extend_from_slice(value);
                cell(scan, value, || place.inside(Channel::SqliteRow, "value"));
            }
            _ => {}
        }
    }
    Some(())
}

/// A big-endian integer of up to eight bytes, in two's complement.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
}

/// Takes a variable-length integer off the front: seven bits a byte, eight in the ninth.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for length in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if length == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes)))
}
