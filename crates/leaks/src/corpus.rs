//! Folders with planted values, to measure what a scan finds.
//!
//! One invented person's name and phone stand in every kind of file, in every
//! place of it, in every encoding: one of them in each folder, so that a miss is
//! seen. Any scanner can be run on them; `planted.csv` says what is where.

mod arrow;
mod parquet;
pub(crate) mod payload;
mod sqlite;

use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use self::payload::{NAME, PHONE, Payload};
use crate::report::{Channel, Encoding};

/// The values file of a corpus.
pub const VALUES_FILE: &str = "values.txt";
/// What says what is planted where: `folder,kind,place,channel,encoding`.
pub const LIST_FILE: &str = "planted.csv";
/// Below this folder of a corpus the values are planted.
pub const PLANTED_FOLDER: &str = "planted";

/// One value, planted in one place.
#[derive(Debug, Clone)]
pub struct Planted {
    /// Relative to the corpus; nothing else is planted in it.
    pub folder: PathBuf,
    /// Kind of file.
    pub kind: &'static str,
    /// Place in the file.
    pub place: &'static str,
    /// The part of the file in which it must be found.
    pub channel: Channel,
    /// How it is written.
    pub payload: Payload,
}

/// Writes a corpus below `folder`, with its values file and its list.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path) -> io::Result<Vec<Planted>> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(VALUES_FILE), format!("{NAME}\n{PHONE}\n"))?;
    let mut list = String::from("folder,kind,place,channel,encoding\n");
    let mut planted = Vec::new();
    for carrier in carriers() {
        for payload in payload::all().into_iter().filter(|payload| carrier.takes.takes(payload)) {
            let (kind, place, channel) = (carrier.kind, carrier.place, carrier.channel);
            let name = format!("{PLANTED_FOLDER}/{}/{}/{}", kebab(kind), kebab(place), payload.name);
            let file_folder = folder.join(&name);
            fs::create_dir_all(&file_folder)?;
            if !(carrier.plant)(&file_folder, &payload.bytes)? {
                continue;
            }
            let encoding = payload.encoding.as_str();
            list.push_str(&format!("{name},{kind},{place},{},{encoding}\n", channel.as_str()));
            planted.push(Planted { folder: name.into(), kind, place, channel, payload });
        }
    }
    fs::write(folder.join(LIST_FILE), list)?;
    Ok(planted)
}

/// A place in a kind of file.
struct Carrier {
    kind: &'static str,
    place: &'static str,
    channel: Channel,
    takes: Takes,
    /// Plants bytes in a folder of their own; `false` where the system has no such place.
    plant: fn(&Path, &[u8]) -> io::Result<bool>,
}

/// What bytes a place can hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Anything,
    /// UTF-8 without NUL, slashes or line breaks.
    Text,
    /// The value as it is: the place holds hashes.
    Plain,
}

impl Takes {
    fn takes(self, payload: &Payload) -> bool {
        match self {
            Self::Anything => payload.encoding != Encoding::Hash,
            Self::Text => {
                payload.encoding != Encoding::Hash
                    && std::str::from_utf8(&payload.bytes).is_ok()
                    && !payload.bytes.iter().any(|byte| matches!(byte, 0 | b'/' | b'\n'))
            }
            Self::Plain => payload.encoding == Encoding::Hash,
        }
    }
}

fn carriers() -> Vec<Carrier> {
    use Channel::{Attribute, Bytes, Decompressed, LinkTarget, MemberName, Name};
    use Takes::{Anything, Text};
    let carrier = |kind, place, channel, takes, plant| Carrier { kind, place, channel, takes, plant };
    let mut carriers = vec![
        carrier("folder", "file name", Name, Text, |folder, bytes| {
            file(&folder.join(std::ffi::OsStr::from_bytes(bytes)), b"")
        }),
        carrier("folder", "folder name", Name, Text, |folder, bytes| {
            let inner = folder.join(std::ffi::OsStr::from_bytes(bytes));
            fs::create_dir_all(&inner)?;
            file(&inner.join("empty"), b"")
        }),
        carrier("folder", "link target", LinkTarget, Text, |folder, bytes| {
            let link = folder.join("link");
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(bytes), link)?;
            Ok(true)
        }),
        carrier("folder", "extended attribute", Attribute, Anything, |folder, bytes| {
            let path = folder.join("attributed");
            fs::write(&path, b"")?;
            Ok(rustix::fs::setxattr(&path, c"user.note", bytes, rustix::fs::XattrFlags::empty()).is_ok())
        }),
        carrier("plain", "text", Bytes, Anything, |folder, bytes| {
            file(&folder.join("plain.txt"), &framed(bytes))
        }),
        carrier("plain", "across blocks", Bytes, Anything, |folder, bytes| {
            let mut long = vec![b'.'; 128 * 1024 - bytes.len() / 2];
            long.extend_from_slice(&framed(bytes));
            file(&folder.join("long.bin"), &long)
        }),
        carrier("csv", "field", Bytes, Text, |folder, bytes| {
            let text = String::from_utf8_lossy(bytes);
            file(&folder.join("people.csv"), format!("id,note\n1,\"{text}\"\n").as_bytes())
        }),
        carrier("json", "string", Bytes, Text, |folder, bytes| {
            let text = String::from_utf8_lossy(bytes);
            file(
                &folder.join("people.json"),
                serde_json::json!({ "id": 1, "note": text }).to_string().as_bytes(),
            )
        }),
        carrier("delta log", "statistics", Bytes, Text, |folder, bytes| {
            let text = String::from_utf8_lossy(bytes);
            let statistics = serde_json::json!({ "maxValues": { "note": text } }).to_string();
            let action = serde_json::json!({ "add": { "path": "1.parquet", "stats": statistics } });
            file(&folder.join("00000000000000000000.json"), format!("{action}\n").as_bytes())
        }),
        carrier("gzip", "content", Decompressed, Anything, |folder, bytes| {
            file(&folder.join("a.gz"), &gzip(bytes)?)
        }),
        carrier("gzip", "second member", Decompressed, Anything, |folder, bytes| {
            file(&folder.join("a.gz"), &[gzip(b"first")?, gzip(bytes)?].concat())
        }),
        carrier("gzip", "gzip in gzip", Decompressed, Anything, |folder, bytes| {
            let inner = gzip(bytes)?;
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(&inner)?;
            file(&folder.join("a.gz.gz"), &writer.finish()?)
        }),
        carrier("zstd", "content", Decompressed, Anything, |folder, bytes| {
            file(&folder.join("a.zst"), &zstd(bytes)?)
        }),
        carrier("zstd", "second frame", Decompressed, Anything, |folder, bytes| {
            file(&folder.join("a.zst"), &[zstd(b"first")?, zstd(bytes)?].concat())
        }),
        carrier("snappy", "content", Decompressed, Anything, |folder, bytes| {
            let mut writer = snap::write::FrameEncoder::new(Vec::new());
            writer.write_all(&packable(bytes))?;
            file(&folder.join("a.sz"), &writer.into_inner().map_err(|error| error.into_error())?)
        }),
        carrier("lz4", "content", Decompressed, Anything, |folder, bytes| {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(&packable(bytes))?;
            file(&folder.join("a.lz4"), &writer.finish().map_err(io::Error::other)?)
        }),
        carrier("zip", "member", Decompressed, Anything, |folder, bytes| {
            let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(&packable(bytes))?;
            file(&folder.join("a.zip"), &zip(b"member.txt", 8, &writer.finish()?, packable(bytes).len()))
        }),
        carrier("zip", "member name", MemberName, Text, |folder, bytes| {
            file(&folder.join("a.zip"), &zip(bytes, 0, b"nothing", 7))
        }),
        carrier("tar", "gzip in member", Decompressed, Anything, |folder, bytes| {
            file(&folder.join("a.tar"), &tar(b"member.gz", &gzip(bytes)?))
        }),
    ];
    carriers.extend(parquet::carriers());
    carriers.extend(arrow::carriers());
    carriers.extend(sqlite::carriers());
    carriers
}

/// Words as the name of a folder.
fn kebab(words: &str) -> String {
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn file(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    fs::write(path, bytes)?;
    Ok(true)
}

/// A value between bytes that are none of it.
fn framed(bytes: &[u8]) -> Vec<u8> {
    [b"<".as_slice(), bytes, b">"].concat()
}

/// A value in a text that compresses: what is stored as it is would be found without decompressing.
fn packable(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0..40 {
        // Each tells of letters that come again, so that the value is made of references.
        for piece in bytes.chunks(3) {
            text.extend_from_slice(piece);
            text.push(b'0' + number % 10);
        }
    }
    text.extend_from_slice(&framed(bytes));
    text
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(&packable(bytes))?;
    writer.finish()
}

fn zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    ::zstd::encode_all(packable(bytes).as_slice(), 19)
}

/// A zip file with one member. Checksums are zero: no reader of a leak would mind.
fn zip(name: &[u8], method: u16, packed: &[u8], size: usize) -> Vec<u8> {
    let fields = |made_by: &[u8]| {
        let mut fields = made_by.to_vec();
        fields.extend([20, 0, 0, 0]);
        fields.extend(method.to_le_bytes());
        fields.extend([0; 8]);
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((size as u32).to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);
        fields
    };
    let mut zip = [fields(b"PK\x03\x04").as_slice(), name, packed].concat();
    let start = zip.len();
    let entry = [fields(b"PK\x01\x02\x14\0").as_slice(), &[0; 14], name].concat();
    zip.extend(&entry);
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend((entry.len() as u32).to_le_bytes());
    zip.extend((start as u32).to_le_bytes());
    zip.extend([0; 2]);
    zip
}

fn tar(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000600");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].fill(b' ');
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut tar = [header.as_slice(), content].concat();
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}
