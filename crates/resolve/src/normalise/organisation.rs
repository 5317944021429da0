//! Names of organisations.

use unicode_normalization::char::is_combining_mark;

use super::text::fold;

/// An organisation's name: folded, spelt-out acronyms joined (`S.A.R.L.`), legal
/// forms at either end dropped, but never the whole name.
pub fn name(raw: &str) -> String {
    let mut joined = join_letters(fold(raw));
    let mut start = 0;
    while let Some((first, _)) = joined[start..].split_once(' ')
        && is_legal_form(first)
    {
        start += first.len() + 1;
    }
    while let Some((rest, last)) = joined[start..].rsplit_once(' ')
        && is_legal_form(last)
    {
        joined.truncate(start + rest.len());
    }
    joined.drain(..start);
    joined
}

/// Whether a folded word is one that names of firms have and names of persons have not: a legal
/// form of three letters or more, or a trade that most languages share.
pub fn is_of_firms(word: &str) -> bool {
    let is_shared = matches!(
        word.as_bytes(),
        b"group"
            | b"groupe"
            | b"gruppe"
            | b"grupo"
            | b"holding"
            | b"company"
            | b"consulting"
            | b"services"
            | b"service"
            | b"international"
            | b"industries"
            | b"systems"
            | b"solutions"
            | b"technologies"
            | b"hotel"
            | b"restaurant"
            | b"bank"
            | b"banque"
            | b"garage"
            | b"associates"
            | b"partners"
            | b"mbh"
            | b"and"
            | b"fils"
    );
    is_shared || (word.len() > 2 && is_legal_form(word))
}

/// Whether a folded word is a legal form.
fn is_legal_form(word: &str) -> bool {
    matches!(
        word.as_bytes(),
        b"sa"
            | b"sas"
            | b"sasu"
            | b"sarl"
            | b"eurl"
            | b"sci"
            | b"snc"
            | b"scop"
            | b"scp"
            | b"selarl"
            | b"selas"
            | b"gie"
            | b"gaec"
            | b"earl"
            | b"ei"
            | b"eirl"
            | b"asbl"
            | b"se"
            | b"ltd"
            | b"limited"
            | b"llc"
            | b"llp"
            | b"lp"
            | b"inc"
            | b"incorporated"
            | b"corp"
            | b"corporation"
            | b"plc"
            | b"gmbh"
            | b"ag"
            | b"kg"
            | b"ohg"
            | b"ug"
            | b"bv"
            | b"nv"
            | b"spa"
            | b"srl"
            | b"sl"
            | b"ab"
            | b"oy"
            | b"aps"
            | b"pty"
            | b"pte"
            | b"kft"
            | b"sro"
            | b"cic"
    )
}

/// Runs of single letters become one word: `s a r l` is `sarl`.
fn join_letters(folded: String) -> String {
    // A mark that stands alone belongs to no letter, and would change places with its neighbours.
    let is_letter = |word: &str| {
        let mut characters = word.chars();
        matches!((characters.next(), characters.next()), (Some(one), None) if one.is_alphabetic() && !is_combining_mark(one))
    };
    if !folded.split(' ').any(is_letter) {
        return folded;
    }
    let mut joined = String::with_capacity(folded.len());
    let mut after_letter = false;
    for word in folded.split(' ') {
        let is_letter = is_letter(word);
        if !joined.is_empty() && (!after_letter || !is_letter) {
            joined.push(' ');
        }
        joined.push_str(word);
        after_letter = is_letter;
    }
    joined
}
