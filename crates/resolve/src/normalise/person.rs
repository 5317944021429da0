//! Names of persons.

use super::text::fold;

/// Titles before a name.
const LEADING_TITLES: [&str; 35] = [
    "m",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mister",
    "mme",
    "mlle",
    "mm",
    "mmes",
    "monsieur",
    "madame",
    "mademoiselle",
    "dr",
    "docteur",
    "doctor",
    "drs",
    "pr",
    "prof",
    "professeur",
    "professor",
    "me",
    "maitre",
    "sir",
    "dame",
    "lady",
    "lord",
    "rev",
    "reverend",
    "hon",
    "mgr",
    "monseigneur",
    "veuve",
    "vve",
    "messrs",
];

/// Titles after a name. `m`, `me` or `pr` there are rather initials.
const TRAILING_TITLES: [&str; 13] =
    ["mr", "mrs", "ms", "miss", "mme", "mlle", "monsieur", "madame", "dr", "prof", "phd", "md", "esq"];

/// Words that belong to the family name that follows them.
const PARTICLES: [&str; 26] = [
    "de", "du", "des", "d", "la", "le", "l", "les", "van", "von", "der", "den", "ten", "ter", "di", "da",
    "del", "della", "dos", "das", "el", "al", "ben", "bin", "ibn", "zu",
];

/// A person's name, or part of one: folded, without titles, with its particles.
///
/// A name that consists of titles only keeps the last: `Dr` may be all a source knows,
/// and there are families called Lord.
pub fn name(raw: &str) -> String {
    let folded = fold(raw);
    let mut words: &[&str] = &folded.split(' ').collect::<Vec<_>>();
    while let [first, rest @ ..] = words
        && !rest.is_empty()
        && LEADING_TITLES.contains(first)
    {
        words = rest;
    }
    while let [rest @ .., last] = words
        && !rest.is_empty()
        && TRAILING_TITLES.contains(last)
    {
        words = rest;
    }
    words.join(" ")
}

/// Whether a folded word is a particle such as `van` or `de`.
pub fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

/// A whole name in two parts, both normalised.
#[derive(Clone, PartialEq, Eq)]
pub struct NameParts {
    /// First names; empty where the name is a single word.
    pub given: String,
    /// Family name with its particles.
    pub family: String,
}

/// Parts a whole name. In order of trust:
///
/// - a comma: `Martin, Jeanne Marie`;
/// - capitals among mixed case: `Jeanne MARTIN DUVAL`, `MARTIN DUVAL Jeanne`;
/// - else the last word, with the particles before it, is the family name: `jan van der berg`.
pub fn parts(raw: &str) -> NameParts {
    if let Some((family, given)) = raw.split_once(',') {
        let (family, given) = (name(family), name(given));
        if !family.is_empty() && !given.is_empty() {
            return NameParts { given, family };
        }
    }
    let is_capitals = |word: &&str| word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
    let (capitals, mixed): (Vec<&str>, Vec<&str>) =
        raw.split_whitespace().filter(|word| !is_title(word)).partition(is_capitals);
    if !capitals.is_empty() && mixed.iter().any(|word| word.chars().any(char::is_lowercase)) {
        return NameParts { given: name(&mixed.join(" ")), family: name(&capitals.join(" ")) };
    }
    let whole = name(raw);
    let words: Vec<&str> = whole.split(' ').collect();
    let mut start = words.len() - 1;
    while start > 1 && is_particle(words[start - 1]) {
        start -= 1;
    }
    // `de la Tour` has no first name; but Ben and Al are some.
    if start == 1 && matches!(words[0], "de" | "du" | "des" | "d" | "van" | "von") {
        start = 0;
    }
    NameParts { given: words[..start].join(" "), family: words[start..].join(" ") }
}

fn is_title(word: &str) -> bool {
    LEADING_TITLES.contains(&fold(word).as_str())
}
