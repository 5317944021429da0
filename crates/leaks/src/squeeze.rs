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
    /// One lower-case letter or digit each; zeros behind [`Self::len`].
    kept: Vec<u8>,
    len: usize,
    /// How many bytes were kept before each stretch of the source.
    marks: Vec<u32>,
}

/// Bytes of the source between two marks.
const STRETCH: usize = 64;

impl Squeezed {
    /// Squeezes `source`, in place of what was here before.
    pub(crate) fn fill(&mut self, source: &[u8]) {
        // Whole stretches are written, whatever part of them was kept.
        self.kept.resize(self.kept.len().max(source.len() + STRETCH), 0);
        self.marks.clear();
        let mut len = 0;
        for start in (0..source.len()).step_by(STRETCH) {
            self.marks.push(len as u32);
            let mut kept = [0; STRETCH];
            let stretch = source[start..].first_chunk::<STRETCH>();
            let count = match stretch.filter(|stretch| stretch.is_ascii()) {
                Some(stretch) => squeeze_ascii(stretch, &mut kept),
                None => squeeze_any(source, start, &mut kept),
            };
            self.kept[len..len + STRETCH].copy_from_slice(&kept);
            len += count;
        }
        self.len = len;
    }

    /// What was kept.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.kept[..self.len]
    }

    /// Where the kept byte `index` stood in `source`, which must be what was squeezed.
    pub(crate) fn position(&self, source: &[u8], index: usize) -> usize {
        let stretch = self.marks.partition_point(|&before| before as usize <= index).saturating_sub(1);
        let mut left = index - self.marks[stretch] as usize;
        for at in stretch * STRETCH..source.len() {
            if fold_at(source, at) != 0 {
                if left == 0 {
                    return at;
                }
                left -= 1;
            }
        }
        source.len()
    }
}

/// Squeezes a stretch in which no byte depends on its neighbours, as most of most texts are.
fn squeeze_ascii(stretch: &[u8; STRETCH], kept: &mut [u8; STRETCH]) -> usize {
    let mut count = 0;
    for byte in stretch {
        let letter = FOLDED[usize::from(*byte)];
        // Written before it is known to be kept; the remainder spares a check.
        kept[count % STRETCH] = letter;
        count += usize::from(letter != 0);
    }
    count
}

fn squeeze_any(source: &[u8], start: usize, kept: &mut [u8; STRETCH]) -> usize {
    let end = source.len().min(start + STRETCH);
    let before = start.checked_sub(1).map_or(0, |before| source[before]);
    let (mut count, mut previous) = (0, before);
    for at in start..end {
        let byte = source[at];
        let letter = fold(previous, byte, source.get(at + 1).copied().unwrap_or(0));
        kept[count % STRETCH] = letter;
        count += usize::from(letter != 0);
        previous = byte;
    }
    count
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
///
/// Before a continuation byte, a byte above 0xBF leads a character of UTF-8 and
/// is dropped. Behind the lead of U+00C0 to U+00FF a continuation byte is a
/// letter; any other is dropped, the accents of NFD among them. What remains
/// above 0xBF is Latin-1, or a low byte of UTF-16.
#[inline(always)]
fn fold(previous: u8, byte: u8, next: u8) -> u8 {
    let context = usize::from(previous == LATIN_LEAD) << 9 | usize::from(next & 0xc0 == 0x80) << 8;
    FOLDED[context | usize::from(byte)]
}

/// The first byte of U+00C0 to U+00FF in UTF-8.
pub(crate) const LATIN_LEAD: u8 = 0xc3;

/// By byte, whether a continuation byte follows, and whether [`LATIN_LEAD`] precedes.
const FOLDED: [u8; 1024] = {
    let mut folded = [0; 1024];
    let mut index = 0;
    while index < 1024 {
        let (byte, leads, led) = ((index & 0xff) as u8, index & 0x100 != 0, index & 0x200 != 0);
        folded[index] = match byte {
            b'0'..=b'9' | b'a'..=b'z' => byte,
            b'A'..=b'Z' => byte | 0x20,
            0x80..=0xbf if led => base_letter(byte | 0x40),
            0xc0..=0xff if !leads => base_letter(byte),
            _ => 0,
        };
        index += 1;
    }
    folded
};

/// The letter below the accent of U+00C0 to U+00FF.
const fn base_letter(code: u8) -> u8 {
    // Lower case lies 0x20 above upper case, but for the signs × and ÷ and for ß and ÿ.
    match code {
        0xd7 | 0xf7 => 0,
        0xdf => b's',
        _ => match code | 0x20 {
            0xe0..=0xe6 => b'a',
            0xe7 => b'c',
            0xe8..=0xeb => b'e',
            0xec..=0xef => b'i',
            0xf0 => b'd',
            0xf1 => b'n',
            0xf2..=0xf6 | 0xf8 => b'o',
            0xf9..=0xfc => b'u',
            0xfd | 0xff => b'y',
            _ => b't',
        },
    }
}

#[cfg(test)]
mod tests;
