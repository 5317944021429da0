//! Streets: the number and name of a way.

use super::text::fold;

/// Abbreviations that mean one thing wherever they stand.
const ANYWHERE: [(&str, &str); 32] = [
    ("r", "rue"),
    ("bd", "boulevard"),
    ("bld", "boulevard"),
    ("blvd", "boulevard"),
    ("boul", "boulevard"),
    ("av", "avenue"),
    ("ave", "avenue"),
    ("pl", "place"),
    ("ch", "chemin"),
    ("che", "chemin"),
    ("chem", "chemin"),
    ("imp", "impasse"),
    ("rte", "route"),
    ("all", "allee"),
    ("crs", "cours"),
    ("fg", "faubourg"),
    ("fbg", "faubourg"),
    ("pass", "passage"),
    ("res", "residence"),
    ("bat", "batiment"),
    ("ste", "sainte"),
    ("gal", "general"),
    ("mal", "marechal"),
    ("sq", "square"),
    ("rd", "road"),
    ("ln", "lane"),
    ("gdns", "gardens"),
    ("cres", "crescent"),
    ("hwy", "highway"),
    ("pde", "parade"),
    ("pkwy", "parkway"),
    ("apt", "appartement"),
];

/// Abbreviations that mean one thing before a name and another after it:
/// `St Michael's St`, `rue du Dr Roux`, `Oak Dr`.
const BY_POSITION: [(&str, &str, &str); 3] =
    [("st", "saint", "street"), ("dr", "docteur", "drive"), ("ct", "court", "court")];

/// A street: folded, abbreviated ways written out.
pub fn way(raw: &str) -> String {
    let folded = fold(raw);
    let words: Vec<&str> = folded.split(' ').collect();
    let is_name = |word: &&str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    let written: Vec<&str> = words
        .iter()
        .enumerate()
        .map(|(position, word)| {
            if let Some((_, before, after)) = BY_POSITION.into_iter().find(|(short, ..)| short == word) {
                // After a name and with no name following, it is the kind of way.
                let follows_name = words[..position].iter().any(is_name);
                let precedes_name = words.get(position + 1).is_some_and(is_name);
                return if follows_name && !precedes_name { after } else { before };
            }
            ANYWHERE.into_iter().find(|(short, _)| short == word).map_or(*word, |(_, whole)| whole)
        })
        .collect();
    written.join(" ")
}
