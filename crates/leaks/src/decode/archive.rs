//! Zip and tar: members, each of any kind.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Damaged, content};
use crate::report::{Channel, Reason};
use crate::scan::{Place, Scan};

/// Searches every member of a zip file that its directory names.
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
pub(super) fn zip<R: Read + Seek>(scan: &Scan<'_>, reader: &mut R, place: &Place) -> Result<(), Damaged> {
    let directory = zip_directory(reader)?;
    let mut rest = directory.as_slice();
    let mut number = 0;
    while rest.starts_with(b"PK\x01\x02") {
        number += 1;
        let entry = rest.get(..46).ok_or(Damaged)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(entry, at)));
        let end = 46 + name + extra + comment;
        let fields = rest.get(46..end).ok_or(Damaged)?;
        let member = Member {
            is_encrypted: u16_at(entry, 8) & 1 != 0,
            method: u16_at(entry, 10),
            sizes: ZipSizes::of(entry, &fields[name..name + extra]),
        };
        scan.slice(&place.part(Channel::MemberName, "zip directory"), &fields[..name]);
        let shown = scan.shown(&String::from_utf8_lossy(&fields[..name]), || format!("[member {number}]"));
        let inside = place.inside(Channel::Decompressed, &format!("zip member {shown}"));
        zip_member(scan, reader, &member, &inside)?;
        rest = &rest[end..];
    }
    Ok(())
}

struct Member {
    is_encrypted: bool,
    method: u16,
    sizes: ZipSizes,
}

struct ZipSizes {
    packed: u64,
    offset: u64,
}

impl ZipSizes {
    /// From an entry of the directory, and its extra fields where they are too large for it.
    fn of(entry: &[u8], extra: &[u8]) -> Self {
        let full = u32_at(entry, 24);
        let (mut packed, mut offset) = (u64::from(u32_at(entry, 20)), u64::from(u32_at(entry, 42)));
        let mut rest = extra;
        while let Some((header, content)) = rest.split_at_checked(4) {
            let Some((field, after)) = content.split_at_checked(usize::from(u16_at(header, 2))) else {
                break;
            };
            if u16_at(header, 0) == 1 {
                let mut large = field.chunks_exact(8).map(|bytes| u64_at(bytes, 0));
                if full == u32::MAX {
                    large.next();
                }
                if packed == u64::from(u32::MAX) {
                    packed = large.next().unwrap_or(packed);
                }
                if offset == u64::from(u32::MAX) {
                    offset = large.next().unwrap_or(offset);
                }
            }
            rest = after;
        }
        Self { packed, offset }
    }
}

fn zip_directory<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, Damaged> {
    const END: u64 = 22;
    const LONGEST_COMMENT: u64 = 65_535;
    let size = reader.seek(SeekFrom::End(0))?;
    let tail_start = size.saturating_sub(END + LONGEST_COMMENT + 20);
    let tail = read_at(reader, tail_start, size - tail_start)?;
    let at = tail.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").ok_or(Damaged)?;
    let end = tail.get(at..at + END as usize).ok_or(Damaged)?;
    let (mut length, mut start) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if start == u64::from(u32::MAX) || length == u64::from(u32::MAX) {
        let locator = at.checked_sub(20).and_then(|before| tail.get(before..at)).ok_or(Damaged)?;
        let end = read_at(reader, u64_at(locator, 8), 56)?;
        (length, start) = (u64_at(&end, 40), u64_at(&end, 48));
    }
    if size < start.saturating_add(length) {
        return Err(Damaged);
    }
    read_at(reader, start, length)
}

fn zip_member<R: Read + Seek>(
    scan: &Scan<'_>,
    reader: &mut R,
    member: &Member,
    inside: &Place,
) -> Result<(), Damaged> {
    const HEADER: u64 = 30;
    let header = read_at(reader, member.sizes.offset, HEADER)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(Damaged);
    }
    let names = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    reader.seek(SeekFrom::Start(member.sizes.offset + HEADER + names))?;
    let mut packed = reader.take(member.sizes.packed);
    if member.is_encrypted {
        scan.unreadable(inside, "zip member", Reason::Encrypted);
        return Ok(());
    }
    match member.method {
        0 => content(scan, &mut packed, inside),
        8 => content(scan, &mut flate2::read::DeflateDecoder::new(&mut packed), inside),
        93 => content(scan, &mut zstd::stream::read::Decoder::new(&mut packed)?, inside),
        _ => scan.unreadable(inside, "zip member", Reason::NotDecoded),
    }
    Ok(())
}

fn read_at<R: Read + Seek>(reader: &mut R, start: u64, length: u64) -> Result<Vec<u8>, Damaged> {
    reader.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(Damaged) }
}

/// Searches every member of a tar file.
///
/// Source: IEEE Std 1003.1, pax, "ustar Interchange Format".
pub(super) fn tar(scan: &Scan<'_>, mut reader: &mut dyn Read, place: &Place) -> Result<(), Damaged> {
    const BLOCK: usize = 512;
    let mut number = 0;
    loop {
        let mut header = [0; BLOCK];
        match reader.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(_) => return Err(Damaged),
        }
        if header == [0; BLOCK] {
            continue;
        }
        number += 1;
        let size = tar_size(&header[124..136])?;
        let name = String::from_utf8_lossy(&header[..100]);
        let shown = scan.shown(name.trim_end_matches('\0'), || format!("[member {number}]"));
        let mut member = (&mut reader).take(size);
        content(scan, &mut member, &place.inside(Channel::Decompressed, &format!("tar member {shown}")));
        let left = member.limit();
        let padding = size.next_multiple_of(BLOCK as u64) - size;
        io::copy(&mut (&mut reader).take(left + padding), &mut io::sink())?;
    }
}

/// In octal digits, or in base 256 where these do not suffice.
fn tar_size(field: &[u8]) -> Result<u64, Damaged> {
    if field[0] & 0x80 != 0 {
        return Ok(field[4..].iter().fold(0, |size, byte| size << 8 | u64::from(*byte)));
    }
    let digits = std::str::from_utf8(field)?.trim_matches(['\0', ' ']);
    Ok(u64::from_str_radix(digits, 8)?)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes[at..].first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
