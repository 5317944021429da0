//! Names of organisations.

use unicode_normalization::char::is_combining_mark;

use super::text::fold;

/// Legal forms, folded.
const LEGAL_FORMS: [&str; 46] = [
    "sa",
    "sas",
    "sasu",
    "sarl",
    "eurl",
    "sci",
    "snc",
    "scop",
    "scp",
    "selarl",
    "selas",
    "gie",
    "gaec",
    "earl",
    "ei",
    "eirl",
    "asbl",
    "se",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "bv",
    "nv",
    "spa",
    "srl",
    "sl",
    "ab",
    "oy",
    "aps",
    "pty",
    "pte",
    "kft",
    "sro",
    "cic",
];

/// An organisation's name: folded, spelt-out acronyms joined (`S.A.R.L.`), legal
/// forms at either end dropped, but never the whole name.
pub fn name(raw: &str) -> String {
    let folded = fold(raw);
    let joined = join_letters(&folded);
    let mut words: &[&str] = &joined.iter().map(String::as_str).collect::<Vec<_>>();
    while let [first, rest @ ..] = words
        && !rest.is_empty()
        && LEGAL_FORMS.contains(first)
    {
        words = rest;
    }
    while let [rest @ .., last] = words
        && !rest.is_empty()
        && LEGAL_FORMS.contains(last)
    {
        words = rest;
    }
    words.join(" ")
}

/// Whether a folded word is one that names of firms have and names of persons have not: a legal
/// form of three letters or more, or a trade that most languages share.
pub fn is_of_firms(word: &str) -> bool {
    const SHARED: [&str; 24] = [
        "group",
        "groupe",
        "gruppe",
        "grupo",
        "holding",
        "company",
        "consulting",
        "services",
        "service",
        "international",
        "industries",
        "systems",
        "solutions",
        "technologies",
        "hotel",
        "restaurant",
        "bank",
        "banque",
        "garage",
        "associates",
        "partners",
        "mbh",
        "and",
        "fils",
    ];
    SHARED.contains(&word) || (word.len() > 2 && LEGAL_FORMS.contains(&word))
}

/// Runs of single letters become one word: `s a r l` is `sarl`.
fn join_letters(folded: &str) -> Vec<String> {
    // A mark that stands alone belongs to no letter, and would change places with its neighbours.
    let is_letter = |word: &str| {
        let mut characters = word.chars();
        matches!((characters.next(), characters.next()), (Some(one), None) if one.is_alphabetic() && !is_combining_mark(one))
    };
    let mut words: Vec<String> = Vec::new();
    let mut after_letter = false;
    for word in folded.split(' ') {
        match words.last_mut() {
            Some(run) if after_letter && is_letter(word) => run.push_str(word),
            _ => words.push(word.to_owned()),
        }
        after_letter = is_letter(word);
    }
    words
}
