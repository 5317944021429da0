//! What compressed files hold.
//!
//! Gzip and framed snappy are opened here, so that no library is needed for
//! files that should not be there in the first place; the other formats are
//! only recognised.

/// What bytes turned out to be.
pub(super) enum Decompressed {
    NotCompressed,
    Content(Vec<u8>),
    /// Damaged, or of a format that is only recognised.
    Unreadable(&'static str),
}

/// How compressed files begin that are recognised only.
const RECOGNISED: [(&str, &[u8]); 5] = [
    ("zstd", &[0x28, 0xb5, 0x2f, 0xfd]),
    ("lz4", &[0x04, 0x22, 0x4d, 0x18]),
    ("xz", &[0xfd, b'7', b'z', b'X', b'Z']),
    ("zip", b"PK\x03\x04"),
    ("bzip2", b"BZh91AY&SY"),
];
const GZIP: &[u8] = &[0x1f, 0x8b, 8];
const SNAPPY: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// Opens bytes that begin as a compressed file.
pub(super) fn decompress(bytes: &[u8]) -> Decompressed {
    let (container, content) = if bytes.starts_with(GZIP) {
        ("gzip", gunzip(bytes))
    } else if bytes.starts_with(SNAPPY) {
        ("snappy", unframe(&bytes[SNAPPY.len()..]))
    } else if let Some((container, _)) = RECOGNISED.iter().find(|(_, magic)| bytes.starts_with(magic)) {
        (*container, None)
    } else {
        return Decompressed::NotCompressed;
    };
    content.map_or(Decompressed::Unreadable(container), Decompressed::Content)
}

/// The first member of a gzip file.
///
/// Source: RFC 1952.
fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let flags = *bytes.get(3)?;
    let mut rest = bytes.get(10..)?;
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes(*rest.first_chunk()?);
        rest = rest.get(2 + usize::from(length)..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            rest = rest.get(rest.iter().position(|byte| *byte == 0)? + 1..)?;
        }
    }
    if flags & CHECKSUM != 0 {
        rest = rest.get(2..)?;
    }
    inflate(rest)
}

/// Source: RFC 1951; tables decoded bit by bit as in Mark Adler's `puff`.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Bits { bytes, at: 0 };
    let mut content = Vec::new();
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let length = usize::try_from(bits.take(16)?).ok()?;
                bits.take(16)?;
                let start = bits.at / 8;
                content.extend_from_slice(bytes.get(start..start + length)?);
                bits.at += 8 * length;
            }
            1 => {
                let lengths: Vec<u8> = [(8, 144), (9, 112), (7, 24), (8, 8)]
                    .iter()
                    .flat_map(|&(bits, n)| [bits].repeat(n))
                    .collect();
                inflate_block(&mut bits, &mut content, &Huffman::new(&lengths), &Huffman::new(&[5; 30]))?;
            }
            2 => {
                let (literals, distances) = dynamic_tables(&mut bits)?;
                inflate_block(&mut bits, &mut content, &literals, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            return Some(content);
        }
    }
}

fn dynamic_tables(bits: &mut Bits<'_>) -> Option<(Huffman, Huffman)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances) = (bits.take(5)? as usize + 257, bits.take(5)? as usize + 1);
    let mut code_lengths = [0; 19];
    let given = bits.take(4)? as usize + 4;
    for place in &ORDER[..given] {
        code_lengths[*place] = bits.take(3)? as u8;
    }
    let codes = Huffman::new(&code_lengths);
    let mut lengths: Vec<u8> = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match codes.decode(bits)? {
            16 => (*lengths.last()?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (length as u8, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times as usize));
    }
    Some((Huffman::new(&lengths[..literals]), Huffman::new(lengths.get(literals..literals + distances)?)))
}

fn inflate_block(
    bits: &mut Bits<'_>,
    content: &mut Vec<u8>,
    literals: &Huffman,
    distances: &Huffman,
) -> Option<()> {
    loop {
        let symbol = literals.decode(bits)?;
        let length = match symbol {
            0..256 => {
                content.push(symbol as u8);
                continue;
            }
            256 => return Some(()),
            257..265 => u32::from(symbol) - 254,
            265..285 => {
                let extra = u32::from(symbol - 261) / 4;
                ((4 + u32::from(symbol - 261) % 4) << extra) + 3 + bits.take(extra)?
            }
            _ => 258,
        };
        let symbol = u32::from(distances.decode(bits)?);
        let distance = if symbol < 4 {
            symbol + 1
        } else {
            let extra = symbol / 2 - 1;
            ((2 + symbol % 2) << extra) + 1 + bits.take(extra)?
        };
        repeat(content, distance as usize, length as usize)?;
    }
}

/// Appends what stands `distance` bytes back; it may overlap what it makes.
fn repeat(content: &mut Vec<u8>, distance: usize, length: usize) -> Option<()> {
    let start = content.len().checked_sub(distance).filter(|_| distance > 0)?;
    (start..start + length).for_each(|at| content.push(content[at]));
    Some(())
}

/// Bits from the lowest of each byte.
struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(value)
    }
}

/// A canonical Huffman code.
struct Huffman {
    /// How many codes there are of each length.
    counts: [u16; 16],
    /// Symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Huffman {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        lengths.iter().filter(|length| **length > 0).for_each(|length| counts[usize::from(*length)] += 1);
        let mut symbols: Vec<u16> =
            (0..).take(lengths.len()).filter(|&at| lengths[usize::from(at)] > 0).collect();
        symbols.sort_by_key(|&symbol| lengths[usize::from(symbol)]);
        Self { counts, symbols }
    }

    fn decode(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in self.counts.into_iter().skip(1).map(i32::from) {
            code |= bits.take(1)? as i32;
            if code - count < first {
                return self.symbols.get(usize::try_from(index + code - first).ok()?).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// Chunks of framed snappy: `kind: u8, length: u24, checksum: u32, data`.
///
/// Source: google/snappy, `framing_format.txt`.
fn unframe(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(&[kind, low, middle, high]) = rest.first_chunk() {
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let chunk = rest.get(4..4 + length)?;
        match kind {
            0 => unsnap(chunk.get(4..)?, &mut content)?,
            1 => content.extend_from_slice(chunk.get(4..)?),
            0x80.. => {}
            _ => return None,
        }
        rest = &rest[4 + length..];
    }
    rest.is_empty().then_some(content)
}

/// One block of snappy.
///
/// Source: google/snappy, `format_description.txt`.
fn unsnap(block: &[u8], content: &mut Vec<u8>) -> Option<()> {
    let preamble = block.iter().position(|byte| byte & 0x80 == 0)?;
    let mut rest = &block[preamble + 1..];
    let mut block_content = Vec::new();
    while let Some((&tag, after)) = rest.split_first() {
        let number = |bytes: usize| {
            let given = after.get(..bytes)?;
            Some(given.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
        };
        let upper = usize::from(tag >> 2);
        let used = match tag & 3 {
            0 => {
                let extra = upper.saturating_sub(59);
                let length = 1 + if extra == 0 { upper } else { number(extra)? };
                block_content.extend_from_slice(after.get(extra..extra + length)?);
                extra + length
            }
            1 => {
                let distance = usize::from(tag >> 5) << 8 | number(1)?;
                repeat(&mut block_content, distance, 4 + upper % 8)?;
                1
            }
            kind => {
                let bytes = if kind == 2 { 2 } else { 4 };
                repeat(&mut block_content, number(bytes)?, 1 + upper)?;
                bytes
            }
        };
        rest = &after[used..];
    }
    content.append(&mut block_content);
    Some(())
}
