//! Entries as they are stored: in a fixed number of bytes, whose order is theirs.

use vermeil_model::{RecordId, Tag};
use vermeil_protect::KeyLocation;

use super::IndexEntry;
use crate::database::unexpected;

/// Tag, record, key page, key slot; each big-endian.
pub(super) const ENTRY_BYTES: usize = 16 + 16 + 8 + 2;
/// Where the place of the key begins.
const KEY: usize = 32;

/// Entries in a chunk: what a look-up reads of each run. 16 KB, so that a page of SQLite's is not
/// mostly empty and a row's own cost is shared by hundreds.
pub(super) const CHUNK_ENTRIES: usize = 390;

/// An entry as it is stored.
pub(super) type Packed = [u8; ENTRY_BYTES];

/// Entries that lie together.
pub(super) struct Chunk {
    pub(super) first: Packed,
    pub(super) entries: Vec<u8>,
}

impl Chunk {
    /// `None` where there are no entries.
    pub(super) fn new(entries: Vec<u8>) -> Option<Self> {
        Some(Self { first: *entries.first_chunk()?, entries })
    }
}

/// Sorts entries as they are stored, and drops repeated ones.
pub(super) fn sort(entries: &mut Vec<IndexEntry>) {
    entries.sort_unstable_by_key(|entry| {
        let IndexEntry { tag, record, key } = entry;
        (u128::from_be_bytes(tag.0), record.0, key.page.cast_unsigned(), key.slot)
    });
    entries.dedup();
}

/// The chunks of sorted entries.
pub(super) fn chunks(mut sorted: impl Iterator<Item = Packed>) -> impl Iterator<Item = Chunk> {
    std::iter::from_fn(move || {
        let mut entries = Vec::with_capacity(CHUNK_ENTRIES * ENTRY_BYTES);
        sorted.by_ref().take(CHUNK_ENTRIES).for_each(|entry| entries.extend_from_slice(&entry));
        Chunk::new(entries)
    })
}

pub(super) fn pack(entry: &IndexEntry) -> Packed {
    let mut packed = [0; ENTRY_BYTES];
    packed[..16].copy_from_slice(&entry.tag.0);
    packed[16..KEY].copy_from_slice(&entry.record.to_bytes());
    packed[KEY..KEY + 8].copy_from_slice(&entry.key.page.to_be_bytes());
    packed[KEY + 8..].copy_from_slice(&entry.key.slot.to_be_bytes());
    packed
}

/// The least and the greatest that an entry with this tag can be.
pub(super) fn bounds(tag: Tag) -> (Packed, Packed) {
    let (mut least, mut greatest) = ([0; ENTRY_BYTES], [u8::MAX; ENTRY_BYTES]);
    least[..16].copy_from_slice(&tag.0);
    greatest[..16].copy_from_slice(&tag.0);
    (least, greatest)
}

/// The entries of a chunk.
pub(super) fn split(chunk: &[u8]) -> Result<&[Packed], sqlx::Error> {
    match chunk.as_chunks() {
        (entries, []) => Ok(entries),
        _ => Err(unexpected("a chunk of the index")),
    }
}

/// The entries with this tag among sorted ones.
pub(super) fn of_tag(sorted: &[Packed], tag: Tag) -> impl Iterator<Item = IndexEntry> {
    let start = sorted.partition_point(|entry| entry[..16] < tag.0[..]);
    sorted[start..].iter().take_while(move |entry| entry[..16] == tag.0[..]).map(unpack)
}

/// Where the key of an entry's record lies.
pub(super) fn key_of(entry: &Packed) -> KeyLocation {
    let page = entry[KEY..].first_chunk().expect("eight bytes and two");
    let slot = entry.last_chunk().expect("the last two bytes");
    KeyLocation { page: i64::from_be_bytes(*page), slot: u16::from_be_bytes(*slot) }
}

fn unpack(entry: &Packed) -> IndexEntry {
    let (tag, rest) = entry.split_first_chunk().expect("a tag comes first");
    let record = rest.first_chunk().expect("a record follows");
    IndexEntry { tag: Tag(*tag), record: RecordId(u128::from_be_bytes(*record)), key: key_of(entry) }
}
