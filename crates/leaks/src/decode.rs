//! What files hold: each kind is recognised by its first bytes, whatever its name.

mod archive;
mod arrow;
mod parquet;
mod sqlite;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use ::bytes::Bytes;

use crate::report::{Channel, Reason};
use crate::scan::{Place, Scan, Searched, root};

/// Bytes that say what kind a file is.
const HEAD: usize = 512;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, or bytes of no known kind: as they lie is all there is.
    Plain,
    Gzip,
    Zstd,
    Snappy,
    Lz4,
    Zip,
    Tar,
    Parquet,
    ArrowFile,
    ArrowStream,
    Sqlite,
    SqliteWal,
    SqliteJournal,
    /// Recognised, but what it holds stays hidden.
    Opaque(&'static str, Reason),
}

impl Kind {
    /// The kind that begins like this.
    pub(crate) fn of(head: &[u8]) -> Self {
        const MAGICS: [(&[u8], Kind); 24] = [
            (&[0x1f, 0x8b, 8], Kind::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Kind::Zstd),
            (b"\xff\x06\x00\x00sNaPpY", Kind::Snappy),
            (&[0x04, 0x22, 0x4d, 0x18], Kind::Lz4),
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"PAR1", Kind::Parquet),
            (b"PARE", Kind::Opaque("parquet", Reason::Encrypted)),
            (b"ARROW1", Kind::ArrowFile),
            (b"SQLite format 3\0", Kind::Sqlite),
            (&[0x37, 0x7f, 0x06, 0x82], Kind::SqliteWal),
            (&[0x37, 0x7f, 0x06, 0x83], Kind::SqliteWal),
            (&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7], Kind::SqliteJournal),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Kind::Opaque("xz", Reason::NotDecoded)),
            (b"BZh", Kind::Opaque("bzip2", Reason::NotDecoded)),
            (&[b'7', b'z', 0xbc, 0xaf], Kind::Opaque("7z", Reason::NotDecoded)),
            (b"Rar!\x1a\x07", Kind::Opaque("rar", Reason::NotDecoded)),
            (b"%PDF-", Kind::Opaque("pdf", Reason::NotDecoded)),
            (b"Obj\x01", Kind::Opaque("avro", Reason::NotDecoded)),
            (b"ORC", Kind::Opaque("orc", Reason::NotDecoded)),
            (b"age-encryption.org/", Kind::Opaque("age", Reason::Encrypted)),
            (b"-----BEGIN PGP MESSAGE", Kind::Opaque("openpgp", Reason::Encrypted)),
            (b"\x89HDF\r\n\x1a\n", Kind::Opaque("hdf5", Reason::NotDecoded)),
            (&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1], Kind::Opaque("compound file", Reason::NotDecoded)),
        ];
        // Asked for each value of a table: hardly any begins like a container.
        static FIRST: [bool; 256] = {
            let mut first = [false; 256];
            let mut magic = 0;
            while magic < MAGICS.len() {
                first[MAGICS[magic].0[0] as usize] = true;
                magic += 1;
            }
            let mut skippable = 0x50;
            while skippable <= 0x5f {
                first[skippable] = true;
                skippable += 1;
            }
            first[0xff] = true;
            first
        };
        if head.first().is_some_and(|first| FIRST[usize::from(*first)]) {
            if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
                return *kind;
            }
            match head {
                [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => return Self::Zstd,
                [0xff, 0xff, 0xff, 0xff, low, middle, high, 0, ..] if [*low, *middle, *high] != [0; 3] => {
                    return Self::ArrowStream;
                }
                _ => {}
            }
        }
        if head.get(257..262) == Some(b"ustar") { Self::Tar } else { Self::Plain }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "file",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Parquet => "parquet",
            Self::ArrowFile => "arrow file",
            Self::ArrowStream => "arrow stream",
            Self::Sqlite => "sqlite",
            Self::SqliteWal => "sqlite wal",
            Self::SqliteJournal => "sqlite journal",
            Self::Opaque(name, _) => name,
        }
    }

    /// Whether it is read from several places at once.
    fn is_read_at_random(self) -> bool {
        use Kind::{ArrowFile, Parquet, Sqlite, SqliteJournal, SqliteWal, Zip};
        matches!(self, ArrowFile | Parquet | Sqlite | SqliteWal | SqliteJournal | Zip)
    }
}

/// Why something could not be decoded; it is told as [`Reason::Damaged`].
#[derive(Debug)]
pub(crate) struct Damaged;

impl<E: std::error::Error> From<E> for Damaged {
    fn from(_: E) -> Self {
        // The text of a library may quote what it read.
        Self
    }
}

/// Searches a file on disk, and all it holds.
pub(crate) fn file(scan: &Scan<'_>, file: &mut File, path: &Path) {
    let place = root(Channel::Bytes);
    let kind = content_of(scan, file, &place, Packing::OnDisk);
    if let Some(kind) = kind.filter(|kind| kind.is_read_at_random()) {
        let siblings = sqlite::Siblings::of(path);
        let again = file.rewind().and_then(|()| file.try_clone()).map_err(Damaged::from);
        let decoded = again.and_then(|file| at_random(scan, kind, Opened::File(file), &siblings, &place));
        report(scan, &place, kind, decoded);
    }
}

/// Searches packed bytes, and all they hold.
pub(crate) fn content(scan: &Scan<'_>, reader: &mut dyn Read, place: &Place) {
    content_of(scan, reader, place, Packing::Packed);
}

/// Follows what a cell holds, if it is a container; it was searched as it lies. Its place is seldom asked for.
pub(crate) fn cell(scan: &Scan<'_>, bytes: &[u8], place: impl FnOnce() -> Place) {
    if bytes.len() < 8 || matches!(Kind::of(bytes), Kind::Plain | Kind::Opaque("bzip2" | "orc", _)) {
        return;
    }
    content(scan, &mut Cursor::new(bytes), &place());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    OnDisk,
    Packed,
}

/// Searches bytes as they come and what is packed in them in one go. A file on
/// disk that is read at random is left to the caller: its kind is returned.
fn content_of(scan: &Scan<'_>, reader: &mut dyn Read, place: &Place, packing: Packing) -> Option<Kind> {
    let mut searched = Searched::new(scan, place, reader);
    let mut head = Vec::with_capacity(HEAD);
    let read = io::copy(&mut (&mut searched).take(HEAD as u64), &mut head);
    let kind = Kind::of(&head);
    let mut whole = Cursor::new(head).chain(&mut searched);
    let decoded = match kind {
        _ if read.is_err() => Err(Damaged),
        Kind::Plain => Ok(()),
        Kind::Opaque(name, reason) => {
            scan.unreadable(place, name, reason);
            Ok(())
        }
        _ if place.depth >= scan.limits.depth => {
            scan.unreadable(place, kind.name(), Reason::TooDeep);
            Ok(())
        }
        Kind::Gzip => unpacked(scan, &mut flate2::read::MultiGzDecoder::new(&mut whole), place, kind),
        Kind::Zstd => match zstd::stream::read::Decoder::new(&mut whole) {
            Ok(mut decoder) => unpacked(scan, &mut decoder, place, kind),
            Err(_) => Err(Damaged),
        },
        Kind::Snappy => unpacked(scan, &mut snap::read::FrameDecoder::new(&mut whole), place, kind),
        Kind::Lz4 => unpacked(scan, &mut lz4_flex::frame::FrameDecoder::new(&mut whole), place, kind),
        Kind::Tar => archive::tar(scan, &mut whole, place),
        Kind::ArrowStream => arrow::stream(scan, &mut whole, place),
        _ if packing == Packing::OnDisk => Ok(()),
        _ => {
            let mut bytes = Vec::new();
            let read = (&mut whole).take(scan.limits.packed_bytes + 1).read_to_end(&mut bytes);
            if bytes.len() as u64 > scan.limits.packed_bytes {
                scan.unreadable(place, kind.name(), Reason::TooLarge);
                Ok(())
            } else if read.is_ok() {
                let opened = Opened::Memory(Bytes::from(bytes));
                at_random(scan, kind, opened, &sqlite::Siblings::default(), place)
            } else {
                Err(Damaged)
            }
        }
    };
    // What a decoder did not ask for is still part of the file.
    let rest = searched.exhaust();
    if searched.too_large {
        scan.unreadable(place, kind.name(), Reason::TooLarge);
    } else if kind == Kind::Plain && (rest.is_err() || read.is_err()) {
        let reason = if place.depth > 0 { Reason::Damaged } else { Reason::Unreadable };
        scan.unreadable(place, kind.name(), reason);
    } else {
        report(scan, place, kind, decoded.and(rest.map_err(Damaged::from)));
    }
    searched.finish();
    Some(kind)
}

fn report(scan: &Scan<'_>, place: &Place, kind: Kind, decoded: Result<(), Damaged>) {
    if decoded.is_err() {
        scan.unreadable(place, kind.name(), Reason::Damaged);
    }
}

fn unpacked(scan: &Scan<'_>, reader: &mut dyn Read, place: &Place, kind: Kind) -> Result<(), Damaged> {
    let mut watched = Watched { inner: reader, failed: false };
    content(scan, &mut watched, &place.inside(Channel::Decompressed, kind.name()));
    if watched.failed { Err(Damaged) } else { Ok(()) }
}

/// A reader that remembers whether it failed: a container is damaged then, not what it holds.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    failed: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(0);
        }
        self.inner.read(buffer).or_else(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return Err(error);
            }
            self.failed = true;
            Ok(0)
        })
    }
}

/// A file that may be read from several places at once.
enum Opened {
    File(File),
    Memory(Bytes),
}

fn at_random(
    scan: &Scan<'_>,
    kind: Kind,
    opened: Opened,
    siblings: &sqlite::Siblings,
    place: &Place,
) -> Result<(), Damaged> {
    match (kind, opened) {
        (Kind::Parquet, Opened::File(file)) => parquet::search(scan, file, place),
        (Kind::Parquet, Opened::Memory(bytes)) => parquet::search(scan, bytes, place),
        (_, Opened::File(mut file)) => seekable(scan, kind, &mut file, siblings, place),
        (_, Opened::Memory(bytes)) => seekable(scan, kind, &mut Cursor::new(bytes), siblings, place),
    }
}

fn seekable<R: Read + Seek>(
    scan: &Scan<'_>,
    kind: Kind,
    reader: &mut R,
    siblings: &sqlite::Siblings,
    place: &Place,
) -> Result<(), Damaged> {
    match kind {
        Kind::Zip => archive::zip(scan, reader, place),
        Kind::ArrowFile => arrow::file(scan, reader, place),
        Kind::Sqlite => sqlite::database(scan, reader, siblings, place),
        Kind::SqliteWal => sqlite::write_ahead_log(scan, reader, siblings, place),
        _ => sqlite::journal(scan, reader, siblings, place),
    }
}
