//! Which words of two names are one.

use super::NameKind;
use super::parse::MOST_WORDS;
use super::word::{MOST_LETTERS, Role, Word, likeness_of_joined};

/// A word of a name, as aligning sees it.
#[derive(Clone, Copy)]
pub(super) struct Weighed<'n> {
    pub(super) word: &'n Word,
    pub(super) weight: f32,
    /// Whether it is a father's name.
    pub(super) is_father: bool,
}

/// What two names have in common, in weights of words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Aligned {
    /// Words that are one.
    pub(super) common: f32,
    /// How far these differ.
    pub(super) misfit: f32,
    /// Words of the left name that the right one lacks.
    pub(super) left: f32,
    /// Words of the right name that the left one lacks.
    pub(super) right: f32,
    /// Whether any of the common words is more than an initial or an ornament.
    pub(super) has_name: bool,
}

/// An initial that fits is no more than that.
const OF_INITIAL: f32 = 0.85;
const OF_ACRONYM: f32 = 0.9;
/// Words in a row that may be written as one.
const MOST_JOINED: usize = 4;

/// Aligns the words of two names: equal ones first, then those that one of the names writes as one,
/// then the likest, then initials and acronyms.
pub(super) fn align(kind: NameKind, left: &[Weighed], right: &[Weighed]) -> Aligned {
    let mut aligning = Aligning { left, right, free: [free(left), free(right)], found: Aligned::default() };
    aligning.take_likest(1.0);
    aligning.take_joined();
    aligning.take_likest(0.0);
    aligning.take_initials();
    aligning.take_acronyms(kind);
    let rest = |words: &[Weighed], free: u32| -> f32 {
        (0..words.len()).filter(|place| free >> place & 1 == 1).map(|place| words[place].weight).sum()
    };
    let [free_left, free_right] = aligning.free;
    Aligned { left: rest(left, free_left), right: rest(right, free_right), ..aligning.found }
}

fn free(words: &[Weighed]) -> u32 {
    (1_u32 << words.len().min(MOST_WORDS)) - 1
}

struct Aligning<'n> {
    left: &'n [Weighed<'n>],
    right: &'n [Weighed<'n>],
    /// Words not aligned yet, as bits; left and right.
    free: [u32; 2],
    found: Aligned,
}

impl Aligning<'_> {
    /// Takes the likest pair of free words again and again, while there is one of that likeness.
    fn take_likest(&mut self, least: f32) {
        let mut table = [[0.0_f32; MOST_WORDS]; MOST_WORDS];
        for place in places(self.free[0]) {
            for across in places(self.free[1]) {
                let (one, other) = (self.left[place], self.right[across]);
                let likeness = match least {
                    1.0 => f32::from(u8::from(one.word.text == other.word.text)),
                    _ => one.word.likeness(other.word),
                };
                // A son is not his father.
                table[place][across] = if one.is_father == other.is_father || !self.both_have_fathers() {
                    likeness
                } else {
                    0.0
                };
            }
        }
        loop {
            let mut best: Option<(f32, usize, usize)> = None;
            for place in places(self.free[0]) {
                for across in places(self.free[1]) {
                    let likeness = table[place][across];
                    let is_better = best.is_none_or(|(most, _, _)| likeness > most);
                    // Of several the one whose place is nearest.
                    let is_nearer = best.is_some_and(|(most, one, other)| {
                        likeness == most && place.abs_diff(across) < one.abs_diff(other)
                    });
                    if likeness > 0.0 && likeness >= least && (is_better || is_nearer) {
                        best = Some((likeness, place, across));
                    }
                }
            }
            let Some((likeness, place, across)) = best else { return };
            let weight = (self.left[place].weight + self.right[across].weight) / 2.0;
            let is_name = [self.left[place], self.right[across]]
                .iter()
                .any(|weighed| matches!(weighed.word.role, Role::Name | Role::Common | Role::Number));
            self.take(likeness, weight, is_name, 1 << place, 1 << across);
        }
    }

    fn both_have_fathers(&self) -> bool {
        [self.left, self.right].iter().all(|words| words.iter().any(|weighed| weighed.is_father))
    }

    /// One word for some in a row: `friedrichbuchenberg`, `van der bilt`.
    fn take_joined(&mut self) {
        for side in [0, 1] {
            let (words, others) = if side == 0 { (self.left, self.right) } else { (self.right, self.left) };
            for place in places(self.free[side]) {
                let word = words[place];
                if word.word.text.len() < 4 || word.word.role == Role::Number {
                    continue;
                }
                let Some((likeness, run)) = likest_run(word.word, others, self.free[1 - side]) else {
                    continue;
                };
                let weight: f32 = places(run).map(|place| others[place].weight).sum();
                let weight = weight.max(word.weight);
                let (left, right) = if side == 0 { (1 << place, run) } else { (run, 1 << place) };
                self.take(likeness, weight, true, left, right);
            }
        }
    }

    /// `j` for `jean`, and `jc` for `jean claude`.
    fn take_initials(&mut self) {
        for side in [0, 1] {
            let (words, others) = if side == 0 { (self.left, self.right) } else { (self.right, self.left) };
            for place in places(self.free[side]).filter(|place| words[*place].word.role == Role::Initial) {
                let initial = words[place].word.text.as_bytes()[0];
                let stands_for = |role: Role| {
                    places(self.free[1 - side]).find(|across| others[*across].word.begins(initial, role))
                };
                let Some(across) = stands_for(Role::Name).or_else(|| stands_for(Role::Particle)) else {
                    continue;
                };
                let weight = (words[place].weight + others[across].weight) / 2.0;
                let (left, right) = if side == 0 { (place, across) } else { (across, place) };
                self.take(OF_INITIAL, weight, false, 1 << left, 1 << right);
            }
        }
    }

    /// A word of the initials of some in a row.
    fn take_acronyms(&mut self, kind: NameKind) {
        let longest = if kind == NameKind::Person { 3 } else { MOST_WORDS };
        for side in [0, 1] {
            let (words, others) = if side == 0 { (self.left, self.right) } else { (self.right, self.left) };
            for place in places(self.free[side]) {
                let word = words[place].word;
                if !(2..=longest).contains(&word.text.len()) || word.role != Role::Name {
                    continue;
                }
                let Some(run) = run_of_initials(word.text.as_bytes(), others, self.free[1 - side]) else {
                    continue;
                };
                let weight: f32 = places(run).map(|place| others[place].weight).sum();
                let (left, right) = if side == 0 { (1 << place, run) } else { (run, 1 << place) };
                self.take(OF_ACRONYM, weight, kind == NameKind::Organisation, left, right);
            }
        }
    }

    fn take(&mut self, likeness: f32, weight: f32, is_name: bool, left: u32, right: u32) {
        self.found.common += likeness * weight;
        self.found.misfit += (1.0 - likeness) * weight;
        self.found.has_name |= is_name;
        self.free[0] &= !left;
        self.free[1] &= !right;
    }
}

/// The places of the bits that are set.
fn places(bits: u32) -> impl Iterator<Item = usize> {
    (0..MOST_WORDS).filter(move |place| bits >> place & 1 == 1)
}

/// The run of free words that is likest to a word, as bits.
fn likest_run(word: &Word, others: &[Weighed], free: u32) -> Option<(f32, u32)> {
    let mut best: Option<(f32, u32)> = None;
    for start in places(free) {
        let mut joined = [0_u8; MOST_LETTERS];
        let (mut length, mut run) = (0, 0);
        for (place, other) in others.iter().enumerate().skip(start).take(MOST_JOINED) {
            let part = other.word.text.as_bytes();
            if free >> place & 1 == 0 || length + part.len() > (word.text.len() + 1).min(MOST_LETTERS) {
                break;
            }
            joined[length..length + part.len()].copy_from_slice(part);
            length += part.len();
            run |= 1 << place;
            if place == start || length + 1 < word.text.len() {
                continue;
            }
            let text = std::str::from_utf8(&joined[..length]).unwrap_or_default();
            let likeness = likeness_of_joined(word, text);
            if likeness > best.map_or(0.8, |(most, _)| most) {
                best = Some((likeness, run));
            }
        }
    }
    best
}

/// Free words in a row whose initials make a word, as bits. Words such as `of` may be left out.
fn run_of_initials(letters: &[u8], others: &[Weighed], free: u32) -> Option<u32> {
    [true, false].into_iter().find_map(|takes_ornaments| {
        let counted: Vec<usize> = places(free)
            .filter(|place| *place < others.len())
            .filter(|place| takes_ornaments || others[*place].word.role != Role::Ornament)
            .collect();
        let run = counted.windows(letters.len()).find(|run| {
            run.iter().zip(letters).all(|(place, letter)| others[*place].word.text.as_bytes()[0] == *letter)
        })?;
        Some(run.iter().fold(0, |bits, place| bits | 1 << place))
    })
}
