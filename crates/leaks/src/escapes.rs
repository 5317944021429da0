//! Texts in which some characters are escaped: JSON, URLs, e-mail, HTML.
//!
//! What stands around escapes is unescaped and searched once more, without
//! asking whether the whole is well-formed: a torn log line, a page of SQLite
//! and a statistic in a Delta log are read alike.

use std::ops::{Range, RangeInclusive};

use memchr::memchr_iter;

use crate::report::Encoding;

/// Bytes around an escape that may hold a value together with it.
const REACH: usize = 512;

/// A way to escape characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// What a finding is told as.
    pub(crate) encoding: Encoding,
    /// The byte every escape begins with.
    lead: u8,
    /// Where an escape with this byte would begin, if what stands before allows one.
    begins: fn(&[u8], usize) -> Option<usize>,
    /// The length of the escape that begins the text, its meaning appended; 0 if none does.
    decode: fn(&[u8], &mut Vec<u8>) -> usize,
}

/// Every way that is undone.
const FAMILIES: [Family; 5] = [
    Family { encoding: Encoding::Backslash, lead: b'\\', begins: at_lead, decode: backslash },
    Family { encoding: Encoding::Percent, lead: b'%', begins: at_lead, decode: percent },
    Family { encoding: Encoding::QuotedPrintable, lead: b'=', begins: at_lead, decode: quoted_printable },
    Family { encoding: Encoding::Entities, lead: b'&', begins: at_lead, decode: entity },
    Family { encoding: Encoding::Wrapped, lead: b'\n', begins: behind_base64, decode: line_break },
];

/// A stretch of bytes, unescaped.
#[derive(Default)]
pub(crate) struct Window {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` a run of unchanged bytes starts, and where it stood.
    runs: Vec<(usize, usize)>,
}

impl Window {
    /// Where the byte `at` stood before.
    pub(crate) fn origin(&self, at: usize) -> usize {
        let run = self.runs.partition_point(|&(start, _)| start <= at).saturating_sub(1);
        self.runs.get(run).map_or(at, |&(start, origin)| origin + (at - start))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
    }

    fn copy(&mut self, text: &[u8], from: usize, to: usize) {
        if from < to {
            self.runs.push((self.bytes.len(), from));
            self.bytes.extend_from_slice(&text[from..to]);
        }
    }
}

/// Where escapes may begin in a text: for each family, in ascending order.
#[derive(Default)]
pub(crate) struct Leads([Vec<u32>; FAMILIES.len()]);

/// Bytes looked at together.
const STRETCH: usize = 32;

impl Leads {
    /// Finds where escapes may begin in `text`, in place of what was here before.
    pub(crate) fn fill(&mut self, text: &[u8]) {
        self.0.iter_mut().for_each(Vec::clear);
        if is_ascii_mostly(text) { self.fill_by_family(text) } else { self.fill_at_once(text) }
    }

    /// One pass for each family, which leaps from lead to lead: text has few.
    fn fill_by_family(&mut self, text: &[u8]) {
        for (family, leads) in FAMILIES.iter().zip(&mut self.0) {
            leads.extend(memchr_iter(family.lead, text).map(|at| at as u32));
        }
    }

    /// One pass for all families: in sealed bytes each would stop hundreds of times in a block.
    fn fill_at_once(&mut self, text: &[u8]) {
        let mut start = 0;
        while let Some(stretch) = text[start..].first_chunk() {
            let flags = lead_flags(stretch);
            if flags.iter().fold(0, |any, flag| any | flag) != 0 {
                self.push_flagged(text, start, &flags);
            }
            start += STRETCH;
        }
        (start..text.len()).for_each(|at| self.push(text, at));
    }

    /// Each family, and where its escapes may begin.
    pub(crate) fn by_family(&self) -> impl Iterator<Item = (&'static Family, &[u32])> {
        FAMILIES.iter().zip(self.0.iter().map(Vec::as_slice))
    }

    fn push_flagged(&mut self, text: &[u8], start: usize, flags: &[u8; STRETCH]) {
        // Eight flags are gathered into the highest byte of a product.
        let gathered = flags.as_chunks().0.iter().rev().fold(0, |gathered: u32, flags| {
            gathered << 8 | (u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
        });
        let mut rest = gathered;
        while rest != 0 {
            self.push(text, start + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }

    fn push(&mut self, text: &[u8], at: usize) {
        let Some(next) = text.get(at + 1) else { return };
        if let Some(family) = FAMILIES.iter().position(|family| family.lead == text[at])
            && MAY_FOLLOW[usize::from(*next)] >> family & 1 != 0
        {
            self.0[family].push(at as u32);
        }
    }
}

/// For each byte, the families in which it may stand behind the lead of an escape: a bit for each.
static MAY_FOLLOW: [u8; 256] = {
    let mut families = [0; 256];
    let mut at = 0;
    while at < families.len() {
        let byte = at as u8;
        let may_follow = [
            matches!(byte, b'u' | b'x' | b'0'..=b'3' | b'n' | b'r' | b't' | b'b' | b'f')
                || matches!(byte, b'"' | b'\\' | b'/' | b'\'' | b'@'),
            byte.is_ascii_hexdigit(),
            byte.is_ascii_hexdigit() || matches!(byte, b'\r' | b'\n'),
            byte.is_ascii_alphabetic() || byte == b'#',
            is_base64(&byte),
        ];
        let mut family = 0;
        while family < FAMILIES.len() {
            families[at] |= (may_follow[family] as u8) << family;
            family += 1;
        }
        at += 1;
    }
    families
};

/// Whether less than a third of `text` is beyond ASCII, told by a few bytes from all over it.
fn is_ascii_mostly(text: &[u8]) -> bool {
    const LOOKED_AT: usize = 64;
    let sample = text.iter().step_by(text.len().div_ceil(LOOKED_AT).max(1));
    let beyond = sample.clone().filter(|byte| !byte.is_ascii()).count();
    3 * beyond < sample.len().max(1)
}

/// Which bytes lead an escape, as far as the next tells: 1 or 0 for each.
///
/// Many are asked for at once, as there is neither a branch nor a table.
#[inline(always)]
fn lead_flags(stretch: &[u8; STRETCH + 1]) -> [u8; STRETCH] {
    let from = |shift: usize| *stretch[shift..].first_chunk::<STRETCH>().unwrap_or(&[0; STRETCH]);
    let (stretch, next) = (from(0), from(1));
    let mut flags = [0; STRETCH];
    for at in 0..STRETCH {
        let is_lead = FAMILIES.iter().fold(false, |is_lead, family| is_lead | (stretch[at] == family.lead));
        flags[at] = u8::from(is_lead & NEXT.contains(&next[at]));
    }
    flags
}

/// What may stand behind the lead of an escape of any family.
const NEXT: RangeInclusive<u8> = b'\n'..=0x7f;

impl Family {
    /// Calls `with` for each stretch of `text` around escapes of this family, unescaped: they begin
    /// at some of `leads`.
    pub(crate) fn unescape(&self, text: &[u8], leads: &[u32], reach: Reach, mut with: impl FnMut(&Window)) {
        let mut window = Window::default();
        let mut meaning = Vec::new();
        // Up to where the text is in the window.
        let mut done = 0;
        for at in leads.iter().map(|&at| at as usize) {
            if at < done {
                continue;
            }
            let Some(at) = (self.begins)(text, at) else { continue };
            meaning.clear();
            let length = (self.decode)(&text[at..], &mut meaning);
            if length == 0 {
                continue;
            }
            if window.bytes.is_empty() {
                window.copy(text, reach.before(text, done, at), at);
            } else {
                let end = reach.behind(text, done, at);
                window.copy(text, done, end.end);
                if end.end < at || end.start < end.end {
                    with(&window);
                    window.clear();
                    window.copy(text, reach.before(text, end.start, at), at);
                }
            }
            window.runs.push((window.bytes.len(), at));
            window.bytes.append(&mut meaning);
            done = at + length;
        }
        if done > 0 {
            window.copy(text, done, reach.behind(text, done, text.len()).end);
            with(&window);
        }
    }
}

/// How far around an escape a value may lie that holds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// As far as values are long.
    Far,
    /// Nor beyond bytes that part texts, where no value sought holds any: see [`holds_break`].
    WithinText,
}

impl Reach {
    /// Where a window begins that reaches up to the escape at `at`, not before `from`.
    fn before(self, text: &[u8], from: usize, at: usize) -> usize {
        let start = at.saturating_sub(REACH).max(from);
        if self == Self::Far {
            return start;
        }
        (start..at).rev().find(|&place| is_break(&text[place..at])).unwrap_or(start)
    }

    /// Where a window ends that begins behind an escape at `done`, not behind `limit`: at the
    /// end of the range. The next may begin at its start: both hold the bytes that part them.
    fn behind(self, text: &[u8], done: usize, limit: usize) -> Range<usize> {
        let end = limit.min(done + REACH);
        if self == Self::Far {
            return end..end;
        }
        let found = (done..end).find(|&place| is_break(&text[place..end]));
        found.map_or(end..end, |place| place..end.min(place + LONGEST_BREAK))
    }
}

/// Whether bytes are sought that part what is found otherwise: letters of three bytes, of scripts
/// that nothing is squeezed of.
pub(crate) fn holds_break(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|at| is_break(&bytes[at..]))
}

/// Bytes that part two texts, at most.
const LONGEST_BREAK: usize = 3;

/// Whether bytes begin here that no squeezed value reaches across, whatever stands around them: two
/// that begin a letter of another script, or three that continue one.
///
/// [`crate::verify`] gives up at such a byte, as it is neither letter nor separator. The first,
/// and the second of three, may be the end of one; the last may not. No escape holds such bytes.
fn is_break(rest: &[u8]) -> bool {
    matches!(rest, [0xe0 | 0xe1 | 0xe3..=0xff, 0x80..=0xbf, ..] | [0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..])
}

/// Escapes of JSON, of C and the languages after it: `\u00e9 \xe9 \303\251 \/`.
fn backslash(text: &[u8], meaning: &mut Vec<u8>) -> usize {
    match text {
        [_, b'u', rest @ ..] => {
            let Some(unit) = unit(rest) else { return 0 };
            if (0xd800..0xdc00).contains(&unit)
                && let [b'\\', b'u', rest @ ..] = &rest[4..]
                && let Some(Ok(pair)) = self::unit(rest).map(|low| one_character(&[unit, low]))
            {
                push(pair, meaning);
                return 12;
            }
            let Ok(letter) = one_character(&[unit]) else { return 0 };
            push(letter, meaning);
            6
        }
        [_, b'x', high, low, ..] => {
            let Some(byte) = byte(*high, *low) else { return 0 };
            meaning.push(byte);
            4
        }
        [_, a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            meaning.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            4
        }
        [_, escaped @ (b'n' | b'r' | b't' | b'b' | b'f' | b'0'), ..] => {
            meaning.push(if *escaped == b'n' { b'\n' } else { b' ' });
            2
        }
        [_, escaped @ (b'"' | b'\\' | b'/' | b'\'' | b'@'), ..] => {
            meaning.push(*escaped);
            2
        }
        _ => 0,
    }
}

/// Source: RFC 3986, section 2.1.
fn percent(text: &[u8], meaning: &mut Vec<u8>) -> usize {
    let [_, high, low, ..] = text else { return 0 };
    let Some(byte) = byte(*high, *low) else { return 0 };
    meaning.push(byte);
    3
}

/// Source: RFC 2045, section 6.7.
fn quoted_printable(text: &[u8], meaning: &mut Vec<u8>) -> usize {
    match text {
        [_, b'\n', ..] => 2,
        [_, b'\r', b'\n', ..] => 3,
        _ => percent(text, meaning),
    }
}

/// Numeric entities, and the named ones of Latin-1's letters and of XML.
fn entity(text: &[u8], meaning: &mut Vec<u8>) -> usize {
    let Some(end) = text.iter().take(10).position(|&byte| byte == b';') else { return 0 };
    let Ok(name) = std::str::from_utf8(&text[1..end]) else { return 0 };
    let letter = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        }
        .and_then(char::from_u32),
        None => named_entity(name),
    };
    let Some(letter) = letter else { return 0 };
    push(letter, meaning);
    end + 1
}

fn named_entity(name: &str) -> Option<char> {
    const LONGHAND: [(&str, char); 9] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("szlig", 'ß'),
        ("oelig", 'œ'),
        ("OElig", 'Œ'),
    ];
    const ACCENTS: [(&str, char); 6] = [
        ("acute", '\u{301}'),
        ("grave", '\u{300}'),
        ("circ", '\u{302}'),
        ("uml", '\u{308}'),
        ("tilde", '\u{303}'),
        ("cedil", '\u{327}'),
    ];
    if let Some((_, letter)) = LONGHAND.iter().find(|(known, _)| *known == name) {
        return Some(*letter);
    }
    let base = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let (_, accent) = ACCENTS.iter().find(|(accent, _)| *accent == &name[1..])?;
    unicode_normalization::char::compose(base, *accent)
}

/// The break of a long line of base64: it means nothing. Begins at the `\r`, if there is one.
///
/// Source: RFC 2045, section 6.8: lines of at most 76 characters.
fn line_break(text: &[u8], _meaning: &mut Vec<u8>) -> usize {
    let length = if text.first() == Some(&b'\r') { 2 } else { 1 };
    let continues = text.get(length..length + 8).is_some_and(|next| next.iter().all(is_base64));
    if continues { length } else { 0 }
}

fn at_lead(_text: &[u8], at: usize) -> Option<usize> {
    Some(at)
}

/// Where the break at the line feed `at` begins, if it ends a long line of base64.
fn behind_base64(text: &[u8], at: usize) -> Option<usize> {
    const LONG: usize = 40;
    let end = at - usize::from(at > 0 && text[at - 1] == b'\r');
    let line = &text[end.checked_sub(LONG)?..end];
    line.iter().rev().all(is_base64).then_some(end)
}

const fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

fn push(letter: char, meaning: &mut Vec<u8>) {
    meaning.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

fn one_character(units: &[u16]) -> Result<char, std::char::DecodeUtf16Error> {
    char::decode_utf16(units.iter().copied()).next().unwrap_or(Ok('\0'))
}

fn unit(digits: &[u8]) -> Option<u16> {
    let &[a, b, c, d] = digits.first_chunk()?;
    Some(u16::from_be_bytes([byte(a, b)?, byte(c, d)?]))
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

#[cfg(test)]
mod tests;
