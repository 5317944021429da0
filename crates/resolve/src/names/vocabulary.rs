//! Words that say little about whose name it is: `schemas/organisations.txt`, and titles of persons.

use std::sync::LazyLock;

use hashbrown::HashMap;

use crate::compare::similarity::is_one_edit_apart;
use crate::normalise::person;

const LIST: &str = include_str!("../../../../schemas/organisations.txt");
/// The longest legal form in words.
pub(super) const FORM_WORDS: usize = 6;
/// Letters from which on a legal form may have a slip.
const FORM_LETTERS_FOR_A_SLIP: usize = 12;

/// What kind of legal person a legal form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form(u8);

/// What the list says about a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commonness {
    /// Joins others: and, et, und.
    Connector,
    /// Says nothing: group, company.
    Generic,
    /// Says a trade or a place.
    Common,
    /// A number, by what it counts.
    Number(u32),
    /// Nothing is known: a word like any.
    Plain,
}

/// What the list knows.
pub(super) struct Vocabulary {
    forms: HashMap<&'static str, Form>,
    /// Those long enough to have a slip.
    long_forms: Vec<(&'static str, Form)>,
    /// The words of each entry that stands for others, by any writing.
    words: HashMap<&'static str, (&'static str, Commonness)>,
}

/// The list, read once.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::read(LIST));

impl Vocabulary {
    fn read(list: &'static str) -> Vocabulary {
        let mut vocabulary =
            Vocabulary { forms: HashMap::new(), long_forms: Vec::new(), words: HashMap::new() };
        let mut section = "";
        let mut form = Form(0);
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(named) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = named;
                form = Form(form.0 + 1);
                continue;
            }
            let (word, others) = line.split_once(':').unwrap_or((line, ""));
            let writings = std::iter::once(word).chain(others.split(',')).map(str::trim);
            for writing in writings.filter(|writing| !writing.is_empty()) {
                if section.starts_with("form ") {
                    vocabulary.forms.entry(writing).or_insert(form);
                    if writing.len() >= FORM_LETTERS_FOR_A_SLIP {
                        vocabulary.long_forms.push((writing, form));
                    }
                    continue;
                }
                let commonness = match section {
                    "connector" => Commonness::Connector,
                    "generic" => Commonness::Generic,
                    "common" => Commonness::Common,
                    "number" => word.parse().map_or(Commonness::Plain, Commonness::Number),
                    _ => Commonness::Plain,
                };
                vocabulary.words.entry(writing).or_insert((word, commonness));
            }
        }
        vocabulary
    }

    /// The kind of a legal form, which may have a slip where it is long.
    pub(super) fn form(&self, phrase: &str) -> Option<Form> {
        if let Some(form) = self.forms.get(phrase) {
            return Some(*form);
        }
        if phrase.len() < FORM_LETTERS_FOR_A_SLIP {
            return None;
        }
        self.long_forms.iter().find(|(form, _)| is_one_edit_apart(form, phrase)).map(|(_, form)| *form)
    }

    /// A word, or a phrase of a few, as the list writes it, and how common it is.
    pub(super) fn word(&self, word: &str) -> Option<(&'static str, Commonness)> {
        self.words.get(word).copied()
    }
}

/// Titles, offices and honours, beside those of [`crate::normalise::person`]: whoever has one has a name too.
const HONOURS: [&str; 50] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "mademoiselle",
    "dr",
    "docteur",
    "doctor",
    "prof",
    "professeur",
    "professor",
    "sir",
    "dame",
    "lady",
    "lord",
    "rev",
    "reverend",
    "hon",
    "mgr",
    "maitre",
    "herr",
    "frau",
    "senor",
    "senora",
    "sr",
    "sra",
    "jr",
    "junior",
    "president",
    "prasident",
    "presidente",
    "general",
    "colonel",
    "capitaine",
    "captain",
    "sheikh",
    "shaikh",
    "shaykh",
    "cheikh",
    "haji",
    "hajji",
    "hadji",
    "mullah",
    "qari",
    "maulana",
    "sayyid",
];

/// Words between the parts of a name, of which one more or less says little, beside the particles
/// that [`crate::normalise::person`] keeps with a family name.
const MORE_PARTICLES: [&str; 11] = ["abou", "abu", "af", "av", "bint", "ould", "st", "ul", "ur", "y", "zum"];

/// Particles before a father's name.
const SON_OF: [&str; 4] = ["ben", "bin", "ibn", "bint"];

/// Words that announce a name at birth or another name: nothing of the name itself.
const ANNOUNCING: [&str; 14] = [
    "nee", "ne", "born", "geb", "geborene", "epouse", "epse", "ep", "veuve", "vve", "alias", "aka", "dit",
    "dite",
];

/// Whether a folded word is a title, an office or an honour.
pub(super) fn is_honour(word: &str) -> bool {
    HONOURS.contains(&word)
}

/// Whether a folded word belongs between the parts of a name.
pub(super) fn is_particle(word: &str) -> bool {
    person::is_particle(word) || MORE_PARTICLES.contains(&word)
}

/// Whether a folded word says that a father's name follows.
pub(super) fn is_son_of(word: &str) -> bool {
    SON_OF.contains(&word)
}

/// Whether a folded word announces another name of the same person.
pub(super) fn is_announcing(word: &str) -> bool {
    ANNOUNCING.contains(&word)
}
