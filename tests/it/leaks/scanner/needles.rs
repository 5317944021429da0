//! The values searched for, in every form in which someone could still read them.

use std::collections::{BTreeSet, HashMap};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use vermeil_resolve::normalise::text::fold;

/// How a value was written where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spelling {
    Utf8,
    Windows1252,
    Utf16LittleEndian,
    Utf16BigEndian,
    Base64,
    Hexadecimal,
    /// A day as a count of days, seconds or parts of a second since 1970.
    Number,
}

/// A search for many values at once.
pub struct Needles {
    patterns: Vec<(Vec<u8>, Hit)>,
    /// Patterns by their first bytes.
    by_start: HashMap<[u8; START], Vec<usize>>,
    /// Whether any pattern starts with these two bytes: most places end here.
    plausible: Vec<bool>,
    numbers: HashMap<i64, Hit>,
    /// What a bloom filter is asked for.
    probes: Vec<(String, usize)>,
}

/// The position of the value, and how it is written.
pub type Hit = (usize, Spelling);

/// Shorter patterns would be met by chance.
const START: usize = 8;

impl Needles {
    /// A search for texts of at least 8 bytes, and for days. A day's position
    /// in reports counts on from the last text.
    ///
    /// # Panics
    /// A text is too short to be told from chance.
    pub fn new(texts: &[String], days: &[NaiveDate]) -> Self {
        let mut needles = Self {
            patterns: Vec::new(),
            by_start: HashMap::new(),
            plausible: vec![false; 1 << 16],
            numbers: HashMap::new(),
            probes: Vec::new(),
        };
        for (value, text) in texts.iter().enumerate() {
            assert!(START <= text.len(), "value {value} is shorter than {START} bytes");
            needles.add_text(value, text);
        }
        for (value, day) in (texts.len()..).zip(days) {
            for format in ["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d%m%Y", "%m/%d/%Y"] {
                needles.add_text(value, &day.format(format).to_string());
            }
            needles.add_day(value, *day);
        }
        needles
    }

    /// The values that stand somewhere in `bytes`.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<Hit> {
        let mut hits = BTreeSet::new();
        for (at, start) in bytes.array_windows::<START>().enumerate() {
            if !self.plausible[first_two(start)] {
                continue;
            }
            for &pattern in self.by_start.get(start).into_iter().flatten() {
                let (pattern, hit) = &self.patterns[pattern];
                if bytes[at..].starts_with(pattern) {
                    hits.insert(*hit);
                }
            }
        }
        hits
    }

    /// The day that `number` counts to, if it is one of those searched for.
    pub fn find_number(&self, number: i64) -> Option<Hit> {
        self.numbers.get(&number).copied()
    }

    /// Texts to ask a bloom filter for, and the positions of their values.
    pub fn probes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.probes.iter().map(|(text, value)| (text.as_str(), *value))
    }

    fn add_text(&mut self, value: usize, text: &str) {
        let forms = [
            text.to_owned(),
            text.to_lowercase(),
            text.to_uppercase(),
            fold(text),
            fold(text).to_uppercase(),
        ];
        for form in BTreeSet::from(forms) {
            self.probes.push((form.clone(), value));
            for written in [form.chars().rev().collect(), form] {
                for (spelling, bytes) in spellings(&written) {
                    self.add_pattern(bytes, (value, spelling));
                }
            }
        }
    }

    fn add_day(&mut self, value: usize, day: NaiveDate) {
        let days = day.signed_duration_since(NaiveDate::default()).num_days();
        let seconds = days * 86_400;
        let counts = [days, seconds, seconds * 1_000, seconds * 1_000_000, seconds * 1_000_000_000];
        for count in counts {
            self.numbers.insert(count, (value, Spelling::Number));
        }
    }

    fn add_pattern(&mut self, pattern: Vec<u8>, hit: Hit) {
        // Folding and the edges of base64 shorten a text.
        let Some(start) = pattern.first_chunk() else { return };
        self.plausible[first_two(start)] = true;
        self.by_start.entry(*start).or_default().push(self.patterns.len());
        self.patterns.push((pattern, hit));
    }
}

fn first_two(start: &[u8; START]) -> usize {
    usize::from(u16::from_le_bytes([start[0], start[1]]))
}

fn spellings(text: &str) -> Vec<(Spelling, Vec<u8>)> {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![
        (Spelling::Utf8, text.as_bytes().to_vec()),
        (Spelling::Utf16LittleEndian, wide(u16::to_le_bytes)),
        (Spelling::Utf16BigEndian, wide(u16::to_be_bytes)),
        (Spelling::Hexadecimal, hexadecimal.to_uppercase().into_bytes()),
        (Spelling::Hexadecimal, hexadecimal.into_bytes()),
    ];
    // The letters of French and English beyond these have the same code in either.
    let narrow: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
    spellings.extend(narrow.filter(|_| !text.is_ascii()).map(|bytes| (Spelling::Windows1252, bytes)));
    for before in 0..3 {
        for alphabet in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            spellings.push((Spelling::Base64, inside_base64(text.as_bytes(), before, alphabet)));
        }
    }
    spellings
}

/// What base64 makes of `bytes` behind `before` other bytes, without the
/// characters at its edges that depend on what stands around.
fn inside_base64(bytes: &[u8], before: usize, alphabet: &impl Engine) -> Vec<u8> {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let mut encoded = alphabet.encode(&padded).into_bytes();
    if !padded.len().is_multiple_of(3) {
        encoded.pop();
    }
    encoded.drain(..[0, 2, 3][before]);
    encoded
}
