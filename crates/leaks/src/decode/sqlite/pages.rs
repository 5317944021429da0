//! Page images: where each version of each page stands, in which file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::super::Damaged;

/// One version of one page.
pub(super) struct Image {
    /// From 1.
    pub(super) number: u32,
    pub(super) bytes: Vec<u8>,
}

impl Image {
    /// Where the header of a tree's page begins: the first page has the database's before it.
    pub(super) fn header(&self) -> usize {
        if self.number == 1 { 100 } else { 0 }
    }

    /// Whether it seems to be a page of a table or index: overflow pages begin with a pointer.
    pub(super) fn is_tree(&self) -> bool {
        matches!(self.bytes.get(self.header()), Some(2 | 5 | 10 | 13))
    }
}

/// Every image of a file, and of those beside it.
pub(super) struct Pages<'r> {
    sources: Vec<Box<dyn Source + 'r>>,
    page_size: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    /// Page number and offset, in order, of the first source.
    own: Vec<(u32, u64)>,
    /// Page number → source and offset.
    places: HashMap<u32, Vec<(usize, u64)>>,
    /// Whether an image of a page may continue another page.
    continues: HashMap<u32, bool>,
}

trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Versions of one page that are looked at.
const MOST_IMAGES: usize = 16;

impl<'r> Pages<'r> {
    /// The pages of a database file.
    pub(super) fn of_database<R: Read + Seek>(reader: &'r mut R) -> Result<Self, Damaged> {
        let header = read(reader, 0, 100)?;
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        let reserved = usize::from(header[20]);
        let size = reader.seek(SeekFrom::End(0))?;
        check_size(page_size)?;
        let own =
            (1..).zip((0..size).step_by(page_size)).filter(|(_, at)| at + page_size as u64 <= size).collect();
        Self::new(reader, page_size, reserved, own)
    }

    /// The frames of a write-ahead log.
    pub(super) fn of_log<R: Read + Seek>(reader: &'r mut R) -> Result<Self, Damaged> {
        let (page_size, own) = frames(reader)?;
        Self::new(reader, page_size, 0, own)
    }

    /// The records of a rollback journal.
    pub(super) fn of_journal<R: Read + Seek>(reader: &'r mut R) -> Result<Self, Damaged> {
        let (page_size, own) = journal_records(reader)?;
        Self::new(reader, page_size, 0, own)
    }

    fn new<R: Read + Seek>(
        reader: &'r mut R,
        page_size: usize,
        reserved: usize,
        own: Vec<(u32, u64)>,
    ) -> Result<Self, Damaged> {
        check_size(page_size)?;
        let mut pages = Self {
            sources: vec![Box::new(reader)],
            page_size,
            usable: page_size - reserved.min(page_size / 2),
            own,
            places: HashMap::new(),
            continues: HashMap::new(),
        };
        for (number, at) in pages.own.clone() {
            pages.places.entry(number).or_default().push((0, at));
        }
        Ok(pages)
    }

    /// Adds the images of a file beside, if it is one of the same database.
    pub(super) fn add(&mut self, mut file: File) {
        let database = Pages::of_database(&mut file).map(|pages| (pages.page_size, pages.own));
        let found = database
            .ok()
            .or_else(|| frames(&mut file).ok())
            .or_else(|| journal_records(&mut file).ok())
            .filter(|(page_size, _)| *page_size == self.page_size);
        let Some((_, images)) = found else { return };
        let source = self.sources.len();
        self.sources.push(Box::new(file));
        for (number, at) in images {
            self.places.entry(number).or_default().push((source, at));
        }
    }

    pub(super) fn own_images(&self) -> usize {
        self.own.len()
    }

    pub(super) fn own_image(&mut self, index: usize) -> Result<Image, Damaged> {
        let (number, at) = self.own[index];
        Ok(Image { number, bytes: read(&mut self.sources[0], at, self.page_size)? })
    }

    /// Versions of a page, the latest first.
    pub(super) fn images(&mut self, number: u32) -> Vec<Image> {
        let places = self.places.get(&number).cloned().unwrap_or_default();
        let read_image = |(source, at): &(usize, u64)| {
            let bytes = read(&mut self.sources[*source], *at, self.page_size).ok()?;
            Some(Image { number, bytes })
        };
        places.iter().rev().take(MOST_IMAGES).filter_map(read_image).collect()
    }

    /// Whether a page exists that is no page of a tree.
    pub(super) fn may_continue(&mut self, number: u32) -> bool {
        if number < 2 || !self.places.contains_key(&number) {
            return false;
        }
        if let Some(known) = self.continues.get(&number) {
            return *known;
        }
        let continues = self.images(number).iter().any(|image| !image.is_tree());
        self.continues.insert(number, continues);
        continues
    }

    pub(super) fn usable(&self) -> usize {
        self.usable
    }
}

/// Frames of a write-ahead log: page size, and each frame's page number and offset.
fn frames<R: Read + Seek>(reader: &mut R) -> Result<(usize, Vec<(u32, u64)>), Damaged> {
    const HEADER: u64 = 32;
    const FRAME_HEADER: u64 = 24;
    let header = read(reader, 0, HEADER as usize)?;
    if !matches!(u32_at(&header, 0), 0x377f_0682 | 0x377f_0683) {
        return Err(Damaged);
    }
    let page_size = u32_at(&header, 8) as usize;
    check_size(page_size)?;
    let size = reader.seek(SeekFrom::End(0))?;
    let mut images = Vec::new();
    let mut at = HEADER;
    while at + FRAME_HEADER + page_size as u64 <= size {
        let number = u32_at(&read(reader, at, 4)?, 0);
        images.push((number, at + FRAME_HEADER));
        at += FRAME_HEADER + page_size as u64;
    }
    Ok((page_size, images))
}

/// Records of a rollback journal: page size, and each record's page number and offset.
fn journal_records<R: Read + Seek>(reader: &mut R) -> Result<(usize, Vec<(u32, u64)>), Damaged> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let size = reader.seek(SeekFrom::End(0))?;
    let (mut at, mut page_size, mut images) = (0, 0, Vec::new());
    while let Ok(header) = read(reader, at, 28) {
        if !header.starts_with(&MAGIC) {
            break;
        }
        let sector = u64::from(u32_at(&header, 20)).max(512);
        page_size = u32_at(&header, 24) as usize;
        check_size(page_size)?;
        at += sector;
        // All ones where nobody came to write the count: as many as there are.
        let mut left = u32_at(&header, 8);
        while left > 0 && at + page_size as u64 + 8 <= size {
            let number = u32_at(&read(reader, at, 4)?, 0);
            images.push((number, at + 4));
            at += page_size as u64 + 8;
            left -= 1;
        }
        at = at.next_multiple_of(sector);
    }
    check_size(page_size)?;
    Ok((page_size, images))
}

fn check_size(page_size: usize) -> Result<(), Damaged> {
    if (512..=65_536).contains(&page_size) && page_size.is_power_of_two() { Ok(()) } else { Err(Damaged) }
}

fn read(reader: &mut (impl Read + Seek + ?Sized), at: u64, length: usize) -> Result<Vec<u8>, Damaged> {
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A big-endian number; 0 beyond the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
