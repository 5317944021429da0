//! SQLite databases with a value in one place each, page by page: a driver
//! cannot be told to leave a value in slack, or torn at a given byte.
//!
//! Source: sqlite.org, "Database File Format".

use std::fs;
use std::io;
use std::path::Path;

use super::{Carrier, Takes, file, framed, gzip};
use crate::report::Channel;

const PAGE: usize = 1024;
/// The longest payload that stays in a leaf, and the shortest part that does of a longer one.
const MOST_LOCAL: usize = PAGE - 35;
const LEAST_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
const SCHEMA: &[u8] = b"CREATE TABLE people (id INTEGER PRIMARY KEY, note BLOB)";

pub(super) fn carriers() -> Vec<Carrier> {
    use Channel::{Bytes, SqlitePages, SqliteRow};
    let carrier =
        |kind, place, channel, plant| Carrier { kind, place, channel, takes: Takes::Anything, plant };
    vec![
        carrier("sqlite", "row", SqliteRow, |folder, bytes| write(folder, &[leaf(&[row(1, bytes)])], 0)),
        carrier("sqlite", "row over pages", SqliteRow, |folder, bytes| {
            let (row, overflow) = torn_row(bytes, 3);
            write(folder, &[leaf(&[row]), overflow], 0)
        }),
        carrier("sqlite", "gzip in a blob", Channel::Decompressed, |folder, bytes| {
            write(folder, &[leaf(&[row(1, &gzip(bytes)?)])], 0)
        }),
        carrier("sqlite", "slack of a page", Bytes, |folder, bytes| {
            write(folder, &[emptied(leaf(&[row(1, &framed(bytes))]))], 0)
        }),
        carrier("sqlite", "free page", Bytes, |folder, bytes| {
            let mut trunk = [0; PAGE];
            trunk[200..200 + bytes.len()].copy_from_slice(bytes);
            write(folder, &[leaf(&[]), trunk], 3)
        }),
        carrier("sqlite", "deleted row over pages", SqlitePages, |folder, bytes| {
            // The overflow page is a leaf of the list of free pages, and keeps its content.
            let (row, overflow) = torn_row(bytes, 4);
            let mut trunk = [0; PAGE];
            trunk[4..12].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 4]);
            write(folder, &[emptied(leaf(&[row])), trunk, overflow], 3)
        }),
        carrier("sqlite wal", "older row", SqliteRow, |folder, bytes| {
            write(folder, &[leaf(&[])], 0)?;
            write_log(folder, &[(2, leaf(&[row(1, bytes)])), (2, leaf(&[]))])
        }),
        carrier("sqlite wal", "older row over pages", SqlitePages, |folder, bytes| {
            let (row, overflow) = torn_row(bytes, 3);
            write(folder, &[leaf(&[]), [0; PAGE]], 0)?;
            write_log(folder, &[(3, overflow), (2, leaf(&[row])), (2, leaf(&[])), (3, [0; PAGE])])
        }),
        carrier("sqlite journal", "older row", SqliteRow, |folder, bytes| {
            write(folder, &[leaf(&[])], 0)?;
            let mut journal = vec![0; 512];
            journal[..8].copy_from_slice(&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
            journal[8..12].copy_from_slice(&1_u32.to_be_bytes());
            journal[16..20].copy_from_slice(&2_u32.to_be_bytes());
            journal[20..24].copy_from_slice(&512_u32.to_be_bytes());
            journal[24..28].copy_from_slice(&(PAGE as u32).to_be_bytes());
            journal.extend(2_u32.to_be_bytes());
            journal.extend(leaf(&[row(1, bytes)]));
            journal.extend([0; 4]);
            file(&folder.join("people.db-journal"), &journal)
        }),
    ]
}

/// A database of these pages behind the first; `free` is the first page of its list of free ones.
fn write(folder: &Path, pages: &[[u8; PAGE]], free: u32) -> io::Result<bool> {
    let mut first = [0; PAGE];
    let columns = [b"table".as_slice(), b"people", b"people"];
    let mut types: Vec<u8> = columns.iter().flat_map(|text| varint(13 + 2 * text.len() as u64)).collect();
    types.push(1);
    types.extend(varint(13 + 2 * SCHEMA.len() as u64));
    let content = [columns.concat().as_slice(), &[2], SCHEMA].concat();
    fill_leaf(&mut first, 100, &[cell(1, &record(&types, &content))]);
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..18].copy_from_slice(&(PAGE as u16).to_be_bytes());
    first[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    let count = 1 + pages.len() as u32;
    let numbers = [(24, 1), (28, count), (32, free), (40, 1), (44, 4), (56, 1), (92, 1), (96, 3_045_000)];
    for (at, number) in numbers {
        first[at..at + 4].copy_from_slice(&u32::to_be_bytes(number));
    }
    if free > 0 {
        let trunk = &pages[free as usize - 2];
        let leaves = u32::from_be_bytes([trunk[4], trunk[5], trunk[6], trunk[7]]);
        first[36..40].copy_from_slice(&(leaves + 1).to_be_bytes());
    }
    file(&folder.join("people.db"), &[first.as_slice(), pages.as_flattened()].concat())
}

/// A write-ahead log of these frames. Its salts are those of no run: nothing but a scan reads it.
fn write_log(folder: &Path, frames: &[(u32, [u8; PAGE])]) -> io::Result<bool> {
    let header = [0x377f_0682, 3_007_000, PAGE as u32, 0, 0, 0, 0, 0];
    let mut log: Vec<u8> = header.iter().flat_map(|number| number.to_be_bytes()).collect();
    for (number, page) in frames {
        log.extend(number.to_be_bytes());
        log.extend([0; 20]);
        log.extend(page);
    }
    fs::write(folder.join("people.db-wal"), log)?;
    Ok(true)
}

/// A page of a table with these cells.
fn leaf(cells: &[Vec<u8>]) -> [u8; PAGE] {
    let mut page = [0; PAGE];
    fill_leaf(&mut page, 0, cells);
    page
}

fn fill_leaf(page: &mut [u8; PAGE], header: usize, cells: &[Vec<u8>]) {
    let mut start = PAGE;
    for (number, cell) in cells.iter().enumerate() {
        start -= cell.len();
        page[start..start + cell.len()].copy_from_slice(cell);
        let pointer = header + 8 + 2 * number;
        page[pointer..pointer + 2].copy_from_slice(&(start as u16).to_be_bytes());
    }
    page[header] = 13;
    page[header + 3..header + 5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
    page[header + 5..header + 7].copy_from_slice(&(start as u16).to_be_bytes());
}

/// A page whose rows are deleted: what they held stays.
fn emptied(mut page: [u8; PAGE]) -> [u8; PAGE] {
    page[3..7].copy_from_slice(&[0, 0, (PAGE >> 8) as u8, PAGE as u8]);
    page
}

/// The cell of a row of `people`.
fn row(id: u64, note: &[u8]) -> Vec<u8> {
    cell(id, &note_record(note))
}

/// A row whose payload goes on in the page `next`, with the middle of a value at the seam.
fn torn_row(bytes: &[u8], next: u32) -> (Vec<u8>, [u8; PAGE]) {
    let length = MOST_LOCAL + 200;
    let local = LEAST_LOCAL + (length - LEAST_LOCAL) % (PAGE - 4);
    let local = if local <= MOST_LOCAL { local } else { LEAST_LOCAL };
    let header = note_record(&vec![b'.'; length - 5]).len() - (length - 5);
    let mut note = vec![b'.'; length - header];
    let start = local - header - bytes.len() / 2;
    note[start..start + bytes.len()].copy_from_slice(bytes);
    let payload = note_record(&note);
    let mut cell = varint(payload.len() as u64);
    cell.push(1);
    cell.extend_from_slice(&payload[..local]);
    cell.extend(next.to_be_bytes());
    let mut overflow = [0; PAGE];
    overflow[4..4 + payload.len() - local].copy_from_slice(&payload[local..]);
    (cell, overflow)
}

fn note_record(note: &[u8]) -> Vec<u8> {
    // The id is the row's number: its column holds NULL.
    let types = [vec![0], varint(12 + 2 * note.len() as u64)].concat();
    record(&types, note)
}

fn record(types: &[u8], content: &[u8]) -> Vec<u8> {
    [&[types.len() as u8 + 1], types, content].concat()
}

fn cell(id: u64, record: &[u8]) -> Vec<u8> {
    [varint(record.len() as u64).as_slice(), &varint(id), record].concat()
}

fn varint(number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    let mut rest = number >> 7;
    while rest > 0 {
        bytes.insert(0, (rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes
}
