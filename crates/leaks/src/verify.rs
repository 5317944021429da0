//! Whether bytes that squeeze to a value really hold it, and how it is written there.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::report::Encoding;
use crate::squeeze::{LATIN_LEAD, fold_at};

/// From this many letters and digits on, a value needs no word boundaries
/// around it, and may be split by separators that are not its own.
pub(crate) const DISTINCTIVE: usize = 8;
/// Longest separator inside a value.
const LONGEST_GAP: usize = 4;
/// Longest separator where the value has one of its own.
const LONGEST_OWN_GAP: usize = 16;
/// Longest separator between hexadecimal digits.
const LONGEST_GAP_OF_DIGITS: usize = 2;

/// What is known of a squeezed value to tell it from chance.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// The value, or a way to write it, back to front if it is sought so.
    text: String,
    /// Of each letter or digit: whether a separator stands before it, and whether it is upper case.
    marks: Vec<Mark>,
    digits_only: bool,
    /// Whether its own separators are those of numbers.
    grouped_as_number: bool,
    role: Role,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mark {
    after_gap: bool,
    upper: bool,
}

/// What a text that is sought is to the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The value, as it stands in the list.
    Itself,
    /// Another way to write it, such as a phone's international form.
    Rewritten,
    /// The value back to front.
    Reversed,
}

impl Shape {
    /// The shape of a text that is sought as it is.
    pub(crate) fn new(text: String, role: Role) -> Self {
        let bytes = text.as_bytes();
        let mut walk = Walk::new(bytes, 0);
        let letters: Vec<Letter> = std::iter::from_fn(|| walk.next_letter()).collect();
        let grouped_as_number = letters.iter().all(|letter| letter.gap_of_numbers);
        let marks = (letters.iter().enumerate())
            .map(|(index, letter)| Mark { after_gap: index > 0 && letter.gap > 0, upper: letter.upper })
            .collect();
        let digits_only = bytes.iter().all(|byte| !byte.is_ascii_alphabetic() && byte.is_ascii())
            && bytes.iter().any(u8::is_ascii_digit);
        Self { marks, digits_only, grouped_as_number, role, text }
    }

    /// How the value is written in `source[start..]`, if it stands there, and where it ends.
    /// `letters` is how many letters and digits it has there.
    pub(crate) fn check(&self, source: &[u8], start: usize, letters: usize) -> Option<(Encoding, usize)> {
        let start =
            start - usize::from(start > 0 && source[start] >= 0x80 && source[start - 1] == LATIN_LEAD);
        let is_short = letters < DISTINCTIVE;
        let among_digits = self.digits_only && !is_short;
        // Most of what is no word of its own is told by the byte before, in whatever encoding.
        if (is_short || self.digits_only)
            && let Some(before) = start.checked_sub(1).map(|before| source[before])
            && if among_digits { before.is_ascii_digit() } else { before.is_ascii_alphanumeric() }
        {
            return None;
        }
        let mut walk = Walk::new(source, start);
        let (mut has_extra_gap, mut lacks_gap, mut wide, mut all_upper, mut as_known) =
            (false, false, 0, true, true);
        for index in 0..letters {
            let letter = walk.next_letter()?;
            let known = self.marks.get(index).copied().unwrap_or_default();
            if index > 0 {
                let is_strange = letter.gap > LONGEST_GAP || (self.digits_only && !letter.gap_of_numbers);
                let is_no_number = self.digits_only && self.grouped_as_number && !letter.gap_of_numbers;
                let is_own = known.after_gap && letter.gap <= LONGEST_OWN_GAP && !is_no_number;
                if is_strange && !is_own {
                    return None;
                }
                has_extra_gap |= letter.gap > 0 && !known.after_gap;
                lacks_gap |= letter.gap == 0 && known.after_gap;
                wide += usize::from(letter.after_nul);
            }
            if letter.is_alphabetic {
                all_upper &= letter.upper;
                as_known &= !letter.upper || known.upper || index == 0 || letter.gap > 0 || known.after_gap;
            }
        }
        // Nobody writes mIxEd, but chance does.
        if !all_upper && !as_known {
            return None;
        }
        let end = walk.end_with_marks();
        let is_split = has_extra_gap || lacks_gap;
        if is_short && is_split {
            return None;
        }
        let is_wide = 2 * wide > letters;
        // In UTF-16 the other half of a letter stands between it and its neighbour.
        let left = start - usize::from(is_wide && start > 0 && source[start - 1] == 0);
        let right = end + usize::from(is_wide && source.get(end) == Some(&0));
        let bounded =
            || left_is_free(source, left, among_digits) && right_is_free(source, right, among_digits);
        if (is_short || has_extra_gap || self.digits_only) && !bounded() {
            return None;
        }
        let found = &source[start..end];
        if found == self.text.as_bytes() && self.role == Role::Itself {
            return Some((Encoding::Utf8, end));
        }
        let encoding = self.encoding(found, is_wide, is_split);
        (!is_short || self.is_spelt_right(found, is_wide)).then_some((encoding, end))
    }

    fn encoding(&self, found: &[u8], is_wide: bool, is_split: bool) -> Encoding {
        if self.role == Role::Reversed {
            Encoding::Reversed
        } else if is_wide {
            Encoding::Utf16
        } else if is_split || self.role == Role::Rewritten {
            Encoding::Separators
        } else {
            // Most are, and need not be composed.
            if found.is_ascii() && found.eq_ignore_ascii_case(self.text.as_bytes()) {
                return if found == self.text.as_bytes() { Encoding::Utf8 } else { Encoding::LetterCase };
            }
            let Ok(text) = std::str::from_utf8(found) else { return Encoding::Latin1 };
            let (composed, known): (String, String) = (text.nfc().collect(), self.text.nfc().collect());
            if is_all_of(&known, &composed) {
                if text == composed { Encoding::Utf8 } else { Encoding::Decomposed }
            } else if is_all_of(&known.to_lowercase(), &composed.to_lowercase()) {
                Encoding::LetterCase
            } else if bare(text) == bare(&self.text) {
                Encoding::WithoutAccents
            } else {
                Encoding::Separators
            }
        }
    }

    /// Whether the bytes, read in the encoding they seem to be in, are this text
    /// up to case, with its accents or without: nothing less tells a short value from chance.
    fn is_spelt_right(&self, found: &[u8], is_wide: bool) -> bool {
        if found.is_ascii() && found.eq_ignore_ascii_case(self.text.as_bytes()) {
            return true;
        }
        let narrow: Vec<u8> = found.iter().copied().filter(|byte| !is_wide || *byte != 0).collect();
        let text = match std::str::from_utf8(&narrow) {
            Ok(text) => text.to_owned(),
            Err(_) => narrow.iter().copied().map(char::from).collect(),
        };
        let composed: String = text.nfc().collect::<String>().to_lowercase();
        composed == self.text.nfc().collect::<String>().to_lowercase()
            || text.to_lowercase() == bare(&self.text)
    }
}

/// Where hexadecimal digits end that begin at `start`, if none of them stands apart.
pub(crate) fn check_hexadecimal(source: &[u8], start: usize, digits: usize) -> Option<usize> {
    let mut walk = Walk::new(source, start);
    for index in 0..digits {
        let digit = walk.next_letter()?;
        let is_torn = index > 0 && (digit.gap > LONGEST_GAP_OF_DIGITS || digit.after_nul);
        if is_torn || !source[walk.at - 1].is_ascii_hexdigit() {
            return None;
        }
    }
    // A short value must be a word of what is encoded.
    if digits < 2 * DISTINCTIVE {
        let byte_at = |at: usize| hexadecimal_byte(source.get(at..at + 2)?);
        let neighbours = [start.checked_sub(2).and_then(byte_at), byte_at(walk.at)];
        if neighbours.into_iter().flatten().any(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
    }
    Some(walk.at)
}

fn hexadecimal_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A value in base64, of which the pattern sought lacks bits at both edges.
#[derive(Debug, Clone)]
pub(crate) struct InBase64 {
    /// The pattern: what does not depend on the bytes around the value.
    pub(crate) characters: Box<[u8]>,
    /// Bytes that stand before in its first group of three.
    pub(crate) before: usize,
    /// Of the value, in bytes.
    pub(crate) length: usize,
    /// The first and last byte of the value.
    pub(crate) edges: (u8, u8),
    /// Whether the value is short, and must be a word of what is encoded.
    pub(crate) is_word: bool,
}

impl InBase64 {
    /// Where the pattern stands, if the whole value stands in base64 around its first letter or digit at `at`.
    pub(crate) fn check(&self, source: &[u8], at: usize) -> Option<Range<usize>> {
        let signs = self.characters.iter().position(u8::is_ascii_alphanumeric)?;
        let start = at.checked_sub(signs)?;
        if !source[start..].starts_with(&self.characters) {
            return None;
        }
        self.check_from(source, start)
    }

    /// The same where the pattern is known to stand at `start`.
    pub(crate) fn check_from(&self, source: &[u8], start: usize) -> Option<Range<usize>> {
        // A byte by its place from the start of the first group.
        let decoded = |place: isize| {
            let first = start.checked_sub([0, 2, 3][self.before])?;
            let group = first.checked_add_signed(place.div_euclid(3) * 4)?;
            let code = |at: usize| sextet(*source.get(group + at)?);
            let (high, low) = match place.rem_euclid(3) {
                0 => (code(0)? << 2, code(1)? >> 4),
                1 => (code(1)? << 4, code(2)? >> 2),
                _ => (code(2)? << 6, code(3)?),
            };
            Some(high | low)
        };
        let (first, last) = (self.before as isize, (self.before + self.length) as isize - 1);
        let is_whole = decoded(first) == Some(self.edges.0) && decoded(last) == Some(self.edges.1);
        let neighbours = [decoded(first - 1), decoded(last + 1)];
        let is_torn =
            self.is_word && neighbours.into_iter().flatten().any(|byte| byte.is_ascii_alphanumeric());
        (is_whole && !is_torn).then_some(start..start + self.characters.len())
    }
}

fn sextet(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Whether `found` is `known`, but for a letter before it that nothing is kept of, such as `Ł`.
fn is_all_of(known: &str, found: &str) -> bool {
    known.strip_suffix(found).is_some_and(|lost| lost.chars().all(char::is_alphabetic))
}

/// In lower case, without accents.
pub(crate) fn bare(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).collect::<String>().to_lowercase()
}

/// Walks over the letters and digits of bytes in an unknown encoding.
struct Walk<'a> {
    source: &'a [u8],
    at: usize,
}

struct Letter {
    /// Bytes between the one before and this one that belong to neither.
    gap: usize,
    /// Whether that is how numbers are grouped.
    gap_of_numbers: bool,
    after_nul: bool,
    upper: bool,
    is_alphabetic: bool,
}

impl<'a> Walk<'a> {
    fn new(source: &'a [u8], at: usize) -> Self {
        Self { source, at }
    }

    /// The next letter, or `None` at the end or where no separator stands.
    fn next_letter(&mut self) -> Option<Letter> {
        let (mut gap, mut gap_of_numbers, mut after_nul) = (0, true, false);
        loop {
            let byte = *self.source.get(self.at)?;
            let kept = fold_at(self.source, self.at);
            if kept != 0 {
                let upper = byte.is_ascii_uppercase()
                    || (self.at > 0
                        && self.source[self.at - 1] == LATIN_LEAD
                        && (0x80..=0x9e).contains(&byte))
                    || (0xc0..=0xde).contains(&byte);
                self.at += 1;
                let is_alphabetic = !kept.is_ascii_digit();
                return Some(Letter { gap, gap_of_numbers, after_nul, upper, is_alphabetic });
            }
            let rest = &self.source[self.at..];
            let separator = wide_space(rest);
            match byte {
                0 => after_nul = true,
                LATIN_LEAD => {}
                0xcc | 0xcd if is_mark(rest) => self.at += 1,
                _ if separator > 0 => {
                    gap += 1;
                    self.at += separator - 1;
                }
                _ if byte < 0x80 => {
                    gap += 1;
                    gap_of_numbers &= b" .-/()_+".contains(&byte);
                }
                _ if is_letter_of_utf8(rest) => self.at += 1,
                // The second byte of a letter without a base, and bytes of no text.
                _ => return None,
            }
            self.at += 1;
        }
    }

    /// Where the last letter ends, with the accents that follow it.
    fn end_with_marks(&self) -> usize {
        let mut end = self.at;
        while self.source.get(end..).is_some_and(is_mark) {
            end += 2;
        }
        end
    }
}

/// Whether a combining mark of U+0300 to U+036F begins here.
fn is_mark(rest: &[u8]) -> bool {
    matches!(rest, [0xcc, 0x80..=0xbf, ..] | [0xcd, 0x80..=0xaf, ..])
}

/// Whether a letter of two bytes begins here whose base is no ASCII letter, such as `œ` or `ł`.
fn is_letter_of_utf8(rest: &[u8]) -> bool {
    matches!(rest, [0xc4..=0xdf, 0x80..=0xbf, ..])
}

/// The length of a no-break or typographic space or hyphen of UTF-8 that begins here; 0 for none.
fn wide_space(rest: &[u8]) -> usize {
    match rest {
        [0xc2, 0xa0 | 0xab | 0xad | 0xb7 | 0xbb, ..] => 2,
        [0xe2, 0x80, _, ..] => 3,
        _ => 0,
    }
}

/// Whether no word, or no number where only digits count, reaches `start` from the left.
fn left_is_free(source: &[u8], start: usize, among_digits: bool) -> bool {
    // A NUL may be the other half of a letter of UTF-16, or an end: both are free.
    let Some(&byte) = start.checked_sub(1).and_then(|before| source.get(before)) else { return true };
    if among_digits {
        return !byte.is_ascii_digit();
    }
    let before = &source[..start];
    (byte < 0x80 && !byte.is_ascii_alphanumeric())
        || before.ends_with(&[0xc2, byte]) && wide_space(&before[start - 2..]) == 2
        || start >= 3 && wide_space(&before[start - 3..]) == 3
}

fn right_is_free(source: &[u8], end: usize, among_digits: bool) -> bool {
    let Some(&byte) = source.get(end) else { return true };
    if among_digits {
        return !byte.is_ascii_digit();
    }
    (byte < 0x80 && !byte.is_ascii_alphanumeric()) || wide_space(&source[end..]) > 0
}
