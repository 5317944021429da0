//! All values at once: what is searched for, and the search of one block of bytes.

use std::collections::{HashMap, HashSet};

use crate::escapes::{Leads, Reach, Window, holds_break};
use crate::forms;
use crate::grams::{Alphabet, GramIndex, Pattern, SHORTEST};
use crate::report::{Encoding, ValueName};
use crate::squeeze::{Squeezed, squeeze};
use crate::values::Values;
use crate::verify::{DISTINCTIVE, InBase64, Role, Shape, check_hexadecimal};

/// Fewer letters and digits are met by chance in any folder.
const FEWEST_LETTERS: usize = 5;
/// Fewer digits alone are.
const FEWEST_DIGITS: usize = 6;
/// Fewer bytes of another script, or written as hexadecimal digits, are.
const FEWEST_BYTES: usize = 6;
/// Fewer characters of base64 are.
const FEWEST_OF_BASE64: usize = 8;
/// A shorter number stands in many a column of counts and ids.
const FEWEST_OF_NUMBER: usize = 8;
/// A day of birth before 1967: below zero, as few counts are.
const LATEST_BARE_DAY: i64 = -1_000;
/// Escapes within escapes that are undone.
const DEEPEST_ESCAPE: usize = 4;

/// Values made ready to be searched for. It holds them in the clear.
pub struct Matcher {
    names: Vec<ValueName>,
    refused: Vec<ValueName>,
    squeezed: GramIndex,
    squeezed_patterns: Vec<SqueezedPattern>,
    exact: GramIndex,
    exact_patterns: Vec<ExactPattern>,
    /// Around escapes.
    reach: Reach,
    numbers: HashMap<i64, usize>,
    days: HashMap<i64, usize>,
    probes: Vec<(Vec<u8>, usize)>,
}

struct SqueezedPattern {
    value: usize,
    letters: usize,
    sought: Sought,
}

impl SqueezedPattern {
    /// The value, if it stands in `block` where bytes squeeze to it from `at` on.
    fn check(&self, block: &[u8], at: usize) -> Option<Hit> {
        let Self { value, letters, sought } = self;
        let (encoding, start, end) = match sought {
            Sought::Text(shape) => {
                shape.check(block, at, *letters).map(|(encoding, end)| (encoding, at, end))?
            }
            Sought::Hexadecimal => (Encoding::Hexadecimal, at, check_hexadecimal(block, at, *letters)?),
            Sought::Base64(base64) => {
                base64.check(block, at).map(|place| (Encoding::Base64, place.start, place.end))?
            }
        };
        Some(Hit { value: *value, encoding, start, end })
    }
}

/// What is sought as squeezed bytes, to be told from what squeezes to the same.
enum Sought {
    Text(Shape),
    Hexadecimal,
    Base64(InBase64),
}

struct ExactPattern {
    value: usize,
    sought: Exact,
}

impl ExactPattern {
    /// The value, if it stands in `block` where the pattern does, at `start`.
    fn check(&self, block: &[u8], start: usize) -> Option<Hit> {
        let (encoding, end) = match &self.sought {
            Exact::Text(encoding, length) => (*encoding, start + length),
            Exact::Base64(base64) => (Encoding::Base64, base64.check_from(block, start)?.end),
        };
        Some(Hit { value: self.value, encoding, start, end })
    }
}

/// What is sought as the bytes that it is.
enum Exact {
    /// So many bytes, which are no other text.
    Text(Encoding, usize),
    /// Signs for the most part, that squeezing would not keep.
    Base64(InBase64),
}

/// A value that stands in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Its position among the values searched for.
    pub(crate) value: usize,
    pub(crate) encoding: Encoding,
    /// In bytes of the block.
    pub(crate) start: usize,
    /// In bytes of the block.
    pub(crate) end: usize,
}

impl Matcher {
    /// Makes ready what can be told from chance; the rest is [`Self::refused`].
    pub fn new(values: &Values) -> Self {
        let mut patterns = Patterns::default();
        let (mut names, mut refused) = (Vec::new(), Vec::new());
        for (name, text) in values.entries() {
            if patterns.add(names.len(), text) {
                names.push(name.clone());
            } else {
                refused.push(name.clone());
            }
        }
        let squeezed = patterns.squeezed.into_iter();
        let (squeezed, squeezed_patterns) =
            squeezed.map(|(bytes, known)| (Pattern { value: known.value, bytes }, known)).unzip();
        let has_breaks = patterns.exact.iter().any(|(bytes, _)| holds_break(bytes));
        let exact = patterns.exact.into_iter();
        let (exact, exact_patterns) =
            exact.map(|(bytes, known)| (Pattern { value: known.value, bytes }, known)).unzip();
        Self {
            names,
            refused,
            squeezed: GramIndex::new(squeezed, Alphabet::Squeezed),
            squeezed_patterns,
            exact: GramIndex::new(exact, Alphabet::Bytes),
            exact_patterns,
            reach: if has_breaks { Reach::Far } else { Reach::WithinText },
            numbers: patterns.numbers,
            days: patterns.days,
            probes: patterns.probes,
        }
    }

    /// How many values are searched for.
    pub fn values(&self) -> usize {
        self.names.len()
    }

    /// Values that are too short to be told from chance.
    pub fn refused(&self) -> &[ValueName] {
        &self.refused
    }

    pub(crate) fn name(&self, value: usize) -> &ValueName {
        &self.names[value]
    }

    /// The value that a number in a column of numbers is.
    pub(crate) fn number(&self, number: i64) -> Option<usize> {
        self.numbers.get(&number).copied()
    }

    /// The value that a number in a column of days is.
    pub(crate) fn day(&self, day: i64) -> Option<usize> {
        self.days.get(&day).copied()
    }

    /// What a filter of hashes is asked for, and the values that these are.
    pub(crate) fn probes(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.probes.iter().map(|(bytes, value)| (bytes.as_slice(), *value))
    }
}

#[derive(Default)]
struct Patterns {
    squeezed: Vec<(Box<[u8]>, SqueezedPattern)>,
    exact: Vec<(Box<[u8]>, ExactPattern)>,
    known: HashSet<(usize, Vec<u8>)>,
    numbers: HashMap<i64, usize>,
    days: HashMap<i64, usize>,
    probes: Vec<(Vec<u8>, usize)>,
}

impl Patterns {
    /// Whether the value is long enough to be searched for.
    fn add(&mut self, value: usize, text: &str) -> bool {
        let before = self.squeezed.len() + self.exact.len();
        let itself = forms::itself(text);
        for writing in forms::writings(text) {
            let role = if writing == itself { Role::Itself } else { Role::Rewritten };
            self.add_text(value, &writing, role);
        }
        if self.squeezed.len() + self.exact.len() == before {
            return false;
        }
        for writing in forms::writings(text) {
            self.add_encoded(value, &writing);
        }
        self.add_numbers(value, text);
        true
    }

    fn add_text(&mut self, value: usize, writing: &str, role: Role) {
        let fewest = if forms::digits(writing).is_some() { FEWEST_DIGITS } else { FEWEST_LETTERS };
        for form in [writing.to_owned(), forms::without_accents(writing)] {
            let letters = squeeze(form.as_bytes());
            if letters.len() < fewest {
                continue;
            }
            let reversed: String = form.chars().rev().collect();
            // A day back to front may be another day, which stands in many a table.
            let is_other_day = forms::digits(&reversed).is_some_and(|digits| forms::may_be_day(&digits));
            if letters.len() >= DISTINCTIVE && !is_other_day {
                let backwards = squeeze(reversed.as_bytes());
                self.add_squeezed(value, backwards, Shape::new(reversed, Role::Reversed));
            }
            self.add_squeezed(value, letters, Shape::new(form, role));
        }
        // Scripts that nothing is kept of, and letters whose halves in UTF-16 look like others.
        let letters = squeeze(writing.as_bytes());
        for form in forms::cases(writing) {
            let is_foreign = form.chars().any(|letter| letter > '\u{ff}' && letter.is_alphanumeric());
            if is_foreign && letters.len() < fewest {
                self.add_exact(value, form.clone().into_bytes(), Encoding::Utf8);
            }
            for wide in
                forms::utf_16(&form).into_iter().filter(|wide| squeeze(wide) != squeeze(form.as_bytes()))
            {
                if is_foreign {
                    self.add_exact(value, wide, Encoding::Utf16);
                }
            }
        }
    }

    fn add_encoded(&mut self, value: usize, writing: &str) {
        let mut written: Vec<Vec<u8>> = forms::cases(writing).into_iter().map(String::into_bytes).collect();
        self.probes.extend(written.iter().map(|bytes| (bytes.clone(), value)));
        written.extend(forms::latin_1(writing));
        written.extend(forms::utf_16(writing));
        for bytes in written.into_iter().filter(|bytes| bytes.len() >= FEWEST_BYTES) {
            let is_short = squeeze(&bytes).len() < DISTINCTIVE;
            for (before, encoded) in forms::base64(&bytes) {
                let edges = (bytes[0], bytes[bytes.len() - 1]);
                if encoded.len() >= FEWEST_OF_BASE64 && self.known.insert((value, encoded.clone())) {
                    let letters = squeeze(&encoded);
                    let length = bytes.len();
                    let base64 =
                        InBase64 { characters: encoded.into(), before, length, edges, is_word: is_short };
                    if letters.len() < SHORTEST {
                        self.exact.push((
                            base64.characters.clone(),
                            ExactPattern { value, sought: Exact::Base64(base64) },
                        ));
                    } else {
                        self.push_squeezed(value, letters, Sought::Base64(base64));
                    }
                }
            }
            let digits = forms::hexadecimal(&bytes);
            if self.known.insert((value, digits.clone())) {
                self.push_squeezed(value, digits, Sought::Hexadecimal);
            }
        }
    }

    fn add_numbers(&mut self, value: usize, text: &str) {
        for digits in forms::writings(text).iter().filter_map(|writing| forms::digits(writing)) {
            if digits.len() >= FEWEST_OF_NUMBER
                && let Ok(number) = digits.parse()
            {
                self.numbers.insert(number, value);
            }
        }
        let Some(day) = forms::day(text) else { return };
        let days = forms::count_of_days(day);
        self.days.insert(days, value);
        if days < LATEST_BARE_DAY {
            self.numbers.insert(days, value);
        }
        let counts = forms::counts_of_seconds(day);
        self.numbers
            .extend(counts.iter().filter(|count| count.abs() > 10_000_000).map(|count| (*count, value)));
    }

    fn add_squeezed(&mut self, value: usize, letters: Vec<u8>, shape: Shape) {
        if self.known.insert((value, letters.clone())) {
            self.push_squeezed(value, letters, Sought::Text(shape));
        }
    }

    fn push_squeezed(&mut self, value: usize, letters: Vec<u8>, sought: Sought) {
        let pattern = SqueezedPattern { value, letters: letters.len(), sought };
        self.squeezed.push((letters.into(), pattern));
    }

    fn add_exact(&mut self, value: usize, bytes: Vec<u8>, encoding: Encoding) {
        if bytes.len() >= FEWEST_BYTES.max(SHORTEST + 1) && self.known.insert((value, bytes.clone())) {
            let sought = Exact::Text(encoding, bytes.len());
            self.exact.push((bytes.into(), ExactPattern { value, sought }));
        }
    }
}

/// The search of one block after another, with room to work in.
pub(crate) struct Searcher<'m> {
    matcher: &'m Matcher,
    squeezed: Squeezed,
    /// One for each depth that was come to.
    leads: Vec<Leads>,
}

impl<'m> Searcher<'m> {
    pub(crate) fn new(matcher: &'m Matcher) -> Self {
        Self { matcher, squeezed: Squeezed::default(), leads: Vec::new() }
    }

    /// Every value in `block`, its escapes undone.
    pub(crate) fn search(&mut self, block: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.search_direct(block, &mut hits);
        self.search_escaped(block, DEEPEST_ESCAPE, &mut hits);
        hits
    }

    fn search_direct(&mut self, block: &[u8], hits: &mut Vec<Hit>) {
        let Self { matcher, squeezed, .. } = self;
        squeezed.fill(block);
        let squeezed: &Squeezed = squeezed;
        matcher.squeezed.search(squeezed.as_bytes(), |number, index| {
            hits.extend(matcher.squeezed_patterns[number].check(block, squeezed.position(block, index)));
        });
        matcher.exact.search(block, |number, start| {
            hits.extend(matcher.exact_patterns[number].check(block, start));
        });
    }

    fn search_escaped(&mut self, block: &[u8], depth: usize, hits: &mut Vec<Hit>) {
        if depth == 0 {
            return;
        }
        let mut leads = self.leads.pop().unwrap_or_default();
        leads.fill(block);
        for (family, leads) in leads.by_family() {
            let mut direct: HashSet<(usize, usize)> = HashSet::new();
            family.unescape(block, leads, self.matcher.reach, |window: &Window| {
                if direct.is_empty() {
                    direct = hits.iter().map(|hit| (hit.value, hit.start)).collect();
                }
                let mut inside = Vec::new();
                self.search_direct(&window.bytes, &mut inside);
                self.search_escaped(&window.bytes, depth - 1, &mut inside);
                for hit in inside {
                    let (start, end) = (window.origin(hit.start), window.origin(hit.end - 1) + 1);
                    let is_escaped = end - start != hit.end - hit.start;
                    let encoding = if is_escaped { family.encoding } else { hit.encoding };
                    if !direct.contains(&(hit.value, start)) {
                        hits.push(Hit { value: hit.value, encoding, start, end });
                    }
                }
            });
        }
        self.leads.push(leads);
    }
}

#[cfg(test)]
mod tests;
