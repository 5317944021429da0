//! Bytes squeezed to what is left of a text whatever its encoding: lower-case
//! letters without accents, and digits.
//!
//! ```text
//! "Zélandine Quoxveil" in UTF-8 (NFC, NFD), Latin-1, UTF-16 ─┐
//! "ZELANDINE-QUOXVEIL"                                       ├─▶ zelandinequoxveil
//! "+33 6 12 34 56 78" ─▶ 33612345678                         ┘
//! ```
//!
//! Searching squeezed bytes for squeezed values makes one pattern of dozens.
//! What is squeezed together by chance is told apart afterwards, by looking at
//! the bytes that were there ([`crate::verify`]).

/// Squeezed bytes, and where each came from.
#[derive(Default)]
pub(crate) struct Squeezed {
    /// One lower-case letter or digit each; anything behind [`Self::len`].
    kept: Vec<u8>,
    len: usize,
    /// How many bytes were kept before each stretch of the source.
    marks: Vec<u32>,
}

/// Bytes of the source between two marks.
const STRETCH: usize = 32;

impl Squeezed {
    /// Squeezes `source`, in place of what was here before.
    pub(crate) fn fill(&mut self, source: &[u8]) {
        // Whole stretches are written to, whatever part of them is kept.
        self.kept.resize(self.kept.len().max(source.len() + 2 * STRETCH), 0);
        self.marks.clear();
        self.marks.reserve(source.len().div_ceil(STRETCH));
        let mut len = 0;
        for start in (0..source.len()).step_by(STRETCH) {
            let Some(kept) = self.kept[len..].first_chunk_mut() else { return };
            self.marks.push(len as u32);
            len += match source[start..].first_chunk() {
                Some(stretch) if stretch.is_ascii() => keep(stretch, &OF_ASCII, kept),
                _ => keep(&codes_at(source, start), &OF_CODES, kept),
            };
        }
        self.len = len;
    }

    /// What was kept.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.kept[..self.len]
    }

    /// Where the kept byte `index` stood in `source`, which must be what was squeezed.
    pub(crate) fn position(&self, source: &[u8], index: usize) -> usize {
        let number = self.marks.partition_point(|&before| before as usize <= index).saturating_sub(1);
        let start = number * STRETCH;
        let codes = codes_at(source, start);
        let kept = (start..).zip(codes).filter(|(_, code)| letter(*code) != 0);
        kept.map(|(at, _)| at).nth(index - self.marks[number] as usize).unwrap_or(source.len())
    }
}

/// A stretch, the byte before and the byte behind it.
const AROUND: usize = STRETCH + 2;

/// The codes of what is kept of each byte of the stretch that begins at `start`; see [`letter`].
#[inline(always)]
fn codes_at(source: &[u8], start: usize) -> [u8; STRETCH] {
    let around = start.checked_sub(1).and_then(|before| source[before..].first_chunk());
    around.map_or_else(|| codes_at_edge(source, start), codes_between)
}

/// The same at the start or the end of the source, beyond which stand zeros.
#[cold]
fn codes_at_edge(source: &[u8], start: usize) -> [u8; STRETCH] {
    let mut around = [0; AROUND];
    let before = start.saturating_sub(1);
    let known = &source[before..source.len().min(start + STRETCH + 1)];
    let from = before + 1 - start;
    around[from..from + known.len()].copy_from_slice(known);
    codes_between(&around)
}

/// Many bytes are coded at once, as there is neither a branch nor a table; bytes and their neighbours
/// are read from the same place, as bytes that were just moved are long in coming.
#[inline(always)]
fn codes_between(around: &[u8; AROUND]) -> [u8; STRETCH] {
    let from = |shift: usize| *around[shift..].first_chunk::<STRETCH>().unwrap_or(&[0; STRETCH]);
    let stretch = from(1);
    let mut codes = [0; STRETCH];
    for (code, &byte) in codes.iter_mut().zip(&stretch) {
        *code = code_ascii(byte);
    }
    if !stretch.is_ascii() {
        let (before, behind) = (from(0), from(2));
        for at in 0..STRETCH {
            codes[at] |= code_other(before[at], stretch[at], behind[at]);
        }
    }
    codes
}

/// Moves letters together, two bytes at a time as `pairs` tells; how many there are. A branch for each
/// letter would be foretold wrongly too often.
#[inline(always)]
fn keep(bytes: &[u8; STRETCH], pairs: &Pairs, kept: &mut [u8; 2 * STRETCH]) -> usize {
    let mut count = 0;
    for pair in bytes.as_chunks().0 {
        let pair = pairs[usize::from(u16::from_le_bytes(*pair)) % PAIRS];
        // The remainder spares a check. What stands behind the letters is written over by the next.
        if let Some(kept) = kept[count % STRETCH..].first_chunk_mut() {
            *kept = pair.to_le_bytes();
        }
        count += (pair >> 24) as usize;
    }
    count
}

/// By two bytes below 0x80: the letters that are kept of them, in the order of bytes, and in the last
/// byte how many.
type Pairs = [u32; PAIRS];

const PAIRS: usize = 1 << 15;

/// What is kept of ASCII.
static OF_ASCII: Pairs = {
    let mut letters = [0; 128];
    let mut byte = 0;
    while byte < letters.len() {
        letters[byte] = letter(code_ascii(byte as u8));
        byte += 1;
    }
    pairs_of(&letters)
};

/// The letters that have two codes.
static OF_CODES: Pairs = {
    let mut letters = [0; 128];
    let mut code = 0;
    while code < letters.len() {
        letters[code] = letter(code as u8);
        code += 1;
    }
    pairs_of(&letters)
};

/// A table by the letters of single bytes, with zeros for nothing.
const fn pairs_of(letters: &[u8; 128]) -> Pairs {
    let mut pairs = [0; PAIRS];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = u32::from_le_bytes(match (letters[at & 0x7f], letters[at >> 8]) {
            (0, 0) => [0; 4],
            (0, letter) | (letter, 0) => [letter, 0, 0, 1],
            (first, second) => [first, second, 0, 2],
        });
        at += 1;
    }
    pairs
}

/// What is kept of `source[at]`; 0 for nothing.
pub(crate) fn fold_at(source: &[u8], at: usize) -> u8 {
    let previous = at.checked_sub(1).map_or(0, |before| source[before]);
    fold(previous, source[at], source.get(at + 1).copied().unwrap_or(0))
}

/// `text` squeezed.
pub(crate) fn squeeze(text: &[u8]) -> Vec<u8> {
    (0..text.len()).map(|at| fold_at(text, at)).filter(|&letter| letter != 0).collect()
}

/// What is kept of a byte between its neighbours; 0 for nothing.
#[inline(always)]
fn fold(previous: u8, byte: u8, next: u8) -> u8 {
    letter(code_ascii(byte) | code_other(previous, byte, next))
}

/// The code of an ASCII letter or digit: itself, in lower case; 0 for anything else.
#[inline(always)]
const fn code_ascii(byte: u8) -> u8 {
    let lower = byte | 0x20;
    let letter = if lower.wrapping_sub(b'a') < 26 { lower } else { 0 };
    if byte.wrapping_sub(b'0') < 10 { byte } else { letter }
}

/// The code of a byte that is no ASCII; 0 for nothing, and for ASCII.
///
/// Before a continuation byte, a byte above 0xBF leads a character of UTF-8 and
/// is dropped. Behind the lead of U+00C0 to U+00FF a continuation byte is a
/// letter; any other is dropped, the accents of NFD among them. What remains
/// above 0xBF is Latin-1, or a low byte of UTF-16.
#[inline(always)]
fn code_other(previous: u8, byte: u8, next: u8) -> u8 {
    let (is_led, leads) = (previous == LATIN_LEAD, next & 0xc0 == 0x80);
    let is_letter = if byte < 0xc0 { byte >= 0x80 && is_led } else { !leads };
    // Lower case lies 0x20 above upper case, but for ß and ÿ.
    let code = if byte | 0x40 == 0xdf { SHARP_S } else { byte & 0x1f | ACCENTED };
    if is_letter { code } else { 0 }
}

/// The first byte of U+00C0 to U+00FF in UTF-8.
pub(crate) const LATIN_LEAD: u8 = 0xc3;

/// What the code of a letter with an accent begins with: its place in a column of Latin-1 follows.
const ACCENTED: u8 = 0x40;
/// The code of ß.
const SHARP_S: u8 = 0x60;

/// The letter that has this code; 0 for none.
///
/// Codes have seven bits: an ASCII letter or digit is its own, and those that
/// would be upper case are the letters U+00E0 to U+00FF.
const fn letter(code: u8) -> u8 {
    const BASES: [u8; 32] = *b"aaaaaaaceeeeiiiidnooooo\0ouuuuyty";
    match code {
        b'0'..=b'9' | b'a'..=b'z' => code,
        SHARP_S => b's',
        ACCENTED..SHARP_S => BASES[(code - ACCENTED) as usize],
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
