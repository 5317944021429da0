//! How alike two names are, of persons or of organisations.
//!
//! [`Names`] takes names as they are written, in any script. Each is parted into words: romanised,
//! folded, with the role that each has (a particle, a title, a legal form, a trade). Of two names
//! the words are then aligned, whatever their order: equal words, words that one of the names writes
//! as one, other writings and sounds, nicknames, initials, acronyms. What counts is the weight of the words that are
//! one, against those that both names have in each other's place, which speak loudest, and
//! those that only one of them has. A word weighs less where many names have it.
//!
//! All work that depends on one word is done once a distinct word.

mod align;
mod latin;
mod parse;
mod sound;
mod vocabulary;
mod word;

use std::num::NonZeroUsize;

use hashbrown::HashMap;

use crate::parallel;
use align::{Weighed, align};
use latin::Script;
pub use latin::{Naming, latin};
use parse::{Parsed, parse};
use vocabulary::Form;
use word::{Role, Word};

/// Likeness from which two names are taken to be one.
pub const ALIKE: f32 = 0.7;

/// Names that one thread parts at once.
const PARTED_AT_ONCE: usize = 2 * 1024;

/// What names are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Whole names of persons.
    Person,
    /// Names of companies, associations, administrations.
    Organisation,
}

/// The place of a name in [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameIndex(pub(crate) u32);

/// Names of one kind, in words, each distinct word once.
///
/// They are personal: there is no `Debug`, and the words are wiped when it is dropped.
pub struct Names {
    kind: NameKind,
    words: Vec<Word>,
    word_of: HashMap<(u64, Script, Role), u32>,
    names: Vec<Name>,
    places: Vec<u32>,
    /// Among how many names words are counted, where these are not the ones here.
    counted_among: Option<u32>,
}

struct Name {
    /// Where its words stand in [`Names::places`].
    start: u32,
    end: u32,
    form: Option<Form>,
}

/// How alike two names are, where nothing is known of how common words are; see [`Names::likeness`].
pub fn likeness(kind: NameKind, left: &str, right: &str) -> f32 {
    let mut names = Names::new(kind);
    let (left, right) = (names.add(left), names.add(right));
    names.likeness(left, right)
}

/// How alike two folded words are by letters and sound alone, from 0 to 1. No allocation.
pub(crate) fn likeness_of_words(left: &str, right: &str) -> f32 {
    word::likeness_of_words(left, right)
}

impl Names {
    /// No names of a kind.
    pub fn new(kind: NameKind) -> Names {
        Names {
            kind,
            words: Vec::new(),
            word_of: HashMap::new(),
            names: Vec::new(),
            places: Vec::new(),
            counted_among: None,
        }
    }

    /// Some names, whose words are as common as they are among those here; a word that none of
    /// these has is as rare as can be.
    pub(crate) fn counted_here<'n>(&self, names: impl Iterator<Item = &'n str>) -> Names {
        let mut counted = Names::new(self.kind);
        for name in names {
            counted.add(name);
        }
        for (key, place) in &counted.word_of {
            let here = self.word_of.get(key).map_or(1, |place| self.words[*place as usize].names);
            counted.words[*place as usize].names = here;
        }
        counted.counted_among = Some(self.names.len() as u32);
        counted
    }

    /// Adds a name as it is written.
    pub fn add(&mut self, raw: &str) -> NameIndex {
        self.add_parsed(&parse(self.kind, raw))
    }

    /// Adds names, one after the other, that as many threads part into words.
    pub(crate) fn add_all(&mut self, names: &[&str], threads: NonZeroUsize) {
        let kind = self.kind;
        // What was parted takes more room than what is kept of it.
        for names in names.chunks(threads.get() * PARTED_AT_ONCE) {
            let parsed = parallel::map(threads, names.chunks(PARTED_AT_ONCE), |names| {
                names.iter().map(|name| parse(kind, name)).collect::<Vec<_>>()
            });
            for parsed in parsed.iter().flatten() {
                self.add_parsed(parsed);
            }
        }
    }

    fn add_parsed(&mut self, parsed: &Parsed) -> NameIndex {
        let start = self.places.len() as u32;
        for (text, script, role) in &parsed.words {
            let key = (crate::mix::hash_bytes(text.as_bytes()), *script, *role);
            let words = &mut self.words;
            let place = *self.word_of.entry(key).or_insert_with(|| {
                words.push(Word::new(text, *script, *role));
                words.len() as u32 - 1
            });
            self.words[place as usize].names += 1;
            self.places.push(place);
        }
        self.names.push(Name { start, end: self.places.len() as u32, form: parsed.form });
        NameIndex(self.names.len() as u32 - 1)
    }

    /// How alike two names are, from 0 to 1; see [`ALIKE`]. Symmetric.
    pub fn likeness(&self, left: NameIndex, right: NameIndex) -> f32 {
        let [left, right] = [left, right].map(|index| &self.names[index.0 as usize]);
        // Alignment is greedy: it has to begin from the same side whichever name is asked for first.
        let (one, other) = if self.texts(left).le(self.texts(right)) { (left, right) } else { (right, left) };
        let aligned = align(self.kind, &self.weighed(one), &self.weighed(other));
        if !aligned.has_name {
            return 0.0;
        }
        let against = Against::of(self.kind);
        let conflict = aligned.left.min(aligned.right);
        let surplus = aligned.left.max(aligned.right) - conflict;
        let likeness = aligned.common
            / (aligned.common + aligned.misfit + against.conflict * conflict + against.surplus * surplus);
        match (one.form, other.form) {
            (Some(one), Some(other)) if one != other => likeness * against.form,
            _ => likeness,
        }
    }

    fn texts(&self, name: &Name) -> impl Iterator<Item = (&str, Role)> {
        let places = &self.places[name.start as usize..name.end as usize];
        places.iter().map(|place| &self.words[*place as usize]).map(|word| (word.text.as_str(), word.role))
    }

    fn weighed(&self, name: &Name) -> Vec<Weighed<'_>> {
        let all = self.counted_among.unwrap_or(self.names.len() as u32);
        let mut after_son = false;
        self.places[name.start as usize..name.end as usize]
            .iter()
            .map(|place| {
                let word = &self.words[*place as usize];
                let is_father = after_son && word.role == Role::Name;
                after_son = word.role == Role::SonOf || (after_son && word.role == Role::Particle);
                Weighed { word, weight: word.weight(all), is_father }
            })
            .collect()
    }
}

/// How loud differences speak.
struct Against {
    /// Words that stand in each other's place.
    conflict: f32,
    /// Words that one name has more.
    surplus: f32,
    /// What is left where the legal forms are of two kinds.
    form: f32,
}

impl Against {
    fn of(kind: NameKind) -> Against {
        match kind {
            NameKind::Person => Against { conflict: 3.0, surplus: 0.25, form: 1.0 },
            NameKind::Organisation => Against { conflict: 3.0, surplus: 0.8, form: 0.69 },
        }
    }
}

#[cfg(test)]
mod tests;
