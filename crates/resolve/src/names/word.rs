//! One word of a name, and how far two words are one.

use zeroize::Zeroize;

use super::latin::Script;
use super::sound::{self, Sound};
use super::vocabulary::Commonness;
use crate::nicknames;

/// Longer words are cut: no name is, and comparing takes the product of the lengths.
pub(super) const MOST_LETTERS: usize = 32;

/// What a word does in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// It names.
    Name,
    /// The first letter of a name.
    Initial,
    /// Stands between the parts of a name: de, van, al.
    Particle,
    /// Particle before a father's name: bin, ibn.
    SonOf,
    /// A title, or a word that any organisation may have.
    Ornament,
    /// A trade or a place, in the name of an organisation.
    Common,
    /// A number.
    Number,
}

impl Role {
    pub(super) fn of_commonness(commonness: Commonness) -> Role {
        match commonness {
            Commonness::Connector | Commonness::Generic => Role::Ornament,
            Commonness::Common => Role::Common,
            Commonness::Number(_) => Role::Number,
            Commonness::Plain => Role::Name,
        }
    }

    /// How much a word says beside a name that few have.
    fn weight(self) -> f32 {
        match self {
            Role::Name => 1.0,
            Role::Initial | Role::Common => 0.5,
            Role::Number => 0.4,
            Role::Particle | Role::SonOf => 0.25,
            Role::Ornament => 0.15,
        }
    }
}

/// A distinct word, with all that comparing it takes.
pub(super) struct Word {
    /// ASCII letters in lower case, and digits.
    pub(super) text: String,
    spelling: Spelling,
    skeleton: Sound,
    script: Script,
    pub(super) role: Role,
    has_forms: bool,
    /// In how many names it is.
    pub(super) names: u32,
}

impl Word {
    pub(super) fn new(text: &str, script: Script, role: Role) -> Word {
        let spelling = Spelling::of(text);
        let skeleton = spelling.sound.skeleton();
        let has_forms = role == Role::Name && nicknames::is_given_name(text);
        Word { text: text.to_owned(), spelling, skeleton, script, role, has_forms, names: 0 }
    }

    /// How much it says. `all` is the number of names; a word that many have says less.
    pub(super) fn weight(&self, all: u32) -> f32 {
        /// Fewer names say nothing of what is common.
        const FEW: u32 = 50;
        let rarity = match (self.role, self.names.max(1)) {
            (Role::Name | Role::Common, names) if all >= FEW => 1.0 - (names as f32).ln() / (all as f32).ln(),
            _ => 1.0,
        };
        self.role.weight() * (0.4 + 0.6 * rarity)
    }

    /// Whether it is a word of a role that an initial can stand for.
    pub(super) fn begins(&self, initial: u8, role: Role) -> bool {
        self.role == role && self.text.len() > 1 && self.text.as_bytes()[0] == initial
    }

    /// From 0 (two names) to 1 (one).
    pub(super) fn likeness(&self, other: &Word) -> f32 {
        if self.text == other.text {
            return 1.0;
        }
        match (self.role, other.role) {
            (Role::Particle | Role::SonOf, Role::Particle | Role::SonOf) => {
                return self.likeness_of_particles(other);
            }
            (Role::Number | Role::Initial, _) | (_, Role::Number | Role::Initial) => return 0.0,
            _ => {}
        }
        if self.has_forms && other.has_forms && nicknames::are_kin(&self.text, &other.text) {
            return 0.92;
        }
        let scripts = (self.script.min(other.script), self.script.max(other.script));
        if scripts == (Script::Syllables, Script::Syllables) {
            return 0.0;
        }
        self.likeness_of_letters(other).max(match scripts {
            (Script::Alphabet, Script::Alphabet) | (Script::Consonants, Script::Consonants) => 0.0,
            _ => self.likeness_of_skeletons(other),
        })
    }

    fn likeness_of_particles(&self, other: &Word) -> f32 {
        let are_articles = |one: &str, other: &str| matches!((one, other), ("al", "el") | ("el", "al"));
        let is_one =
            self.role == other.role && (self.role == Role::SonOf || are_articles(&self.text, &other.text));
        if is_one { 1.0 } else { 0.0 }
    }

    fn likeness_of_letters(&self, other: &Word) -> f32 {
        likeness_of_texts((&self.text, &self.spelling), (&other.text, &other.spelling))
    }

    /// For scripts that do not write all vowels: whether the consonants are the same.
    fn likeness_of_skeletons(&self, other: &Word) -> f32 {
        let (one, other) = (self.skeleton.as_bytes(), other.skeleton.as_bytes());
        let shorter = one.len().min(other.len());
        match sound::distance(one, other) {
            0 if shorter >= 2 => 0.85,
            1 | 2 if shorter >= 4 => 0.7,
            _ => 0.0,
        }
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        self.text.zeroize();
        self.spelling.sound.zeroize();
        self.skeleton.zeroize();
    }
}

/// What comparing the letters of a word takes.
pub(super) struct Spelling {
    sound: Sound,
    /// Which letters it has as it is written, as bits.
    mask: u32,
}

impl Spelling {
    fn of(text: &str) -> Spelling {
        let mask = text.bytes().fold(0, |letters, byte| letters | 1 << (byte % 32));
        Spelling { sound: Sound::of(text.as_bytes()), mask }
    }
}

/// How far a word and some words in a row, written as one, are the same: `vanderbilt`, `van der bilt`.
pub(super) fn likeness_of_joined(word: &Word, joined: &str) -> f32 {
    if word.text == joined {
        return 1.0;
    }
    if word.text.len() < 6 {
        return 0.0;
    }
    likeness_of_texts((&word.text, &word.spelling), (joined, &Spelling::of(joined)))
}

/// How far two words are two writings of one, by their letters alone. No allocation.
pub(super) fn likeness_of_words(one: &str, other: &str) -> f32 {
    likeness_of_texts((one, &Spelling::of(one)), (other, &Spelling::of(other)))
}

fn likeness_of_texts(
    (one, one_spelling): (&str, &Spelling),
    (other, other_spelling): (&str, &Spelling),
) -> f32 {
    let length = one.len().max(other.len());
    let sounds = [one_spelling.sound.as_bytes(), other_spelling.sound.as_bytes()];
    if sounds[0] == sounds[1] && one.len().min(other.len()) >= 2 {
        return 1.0 - 0.5 / length as f32;
    }
    let budget = budget(one.as_bytes(), other.as_bytes(), sounds);
    if budget == 0 {
        return 0.0;
    }
    let as_written =
        halves(one.as_bytes(), other.as_bytes(), budget, one_spelling.mask ^ other_spelling.mask);
    let as_said =
        halves(sounds[0], sounds[1], budget - 1, one_spelling.sound.mask ^ other_spelling.sound.mask);
    // Another writing of one sound is no slip, but it is not the same either.
    match [as_written, as_said.map(|said| said + 1)].into_iter().flatten().min() {
        Some(halves) => 1.0 - halves as f32 / 2.0 / length as f32,
        None => 0.0,
    }
}

/// The most that two writings of one name may differ in, in halves of a keystroke.
fn budget(one: &[u8], other: &[u8], sounds: [&[u8]; 2]) -> usize {
    let both = one.len() + other.len();
    let budget = match both {
        0..=5 => 0,
        6..=9 => 2,
        _ => 4,
    };
    // The first letter is the one that is rarely wrong.
    match sounds[0].first() == sounds[1].first() || one.first() == other.first() {
        true => budget,
        false if both >= 8 => budget.min(2),
        false => 0,
    }
}

/// The distance, where it is within the budget; `apart` are the letters that only one of them has, as bits.
fn halves(one: &[u8], other: &[u8], budget: usize, apart: u32) -> Option<usize> {
    if 2 * one.len().abs_diff(other.len()) > budget || apart.count_ones() as usize > budget {
        return None;
    }
    let distance = sound::distance(one, other);
    (distance <= budget).then_some(distance)
}
