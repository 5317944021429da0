//! From a name as it is written to its words.

use super::NameKind;
use super::latin::{Naming, Script, latin};
use super::vocabulary::{self, Commonness, FORM_WORDS, Form, VOCABULARY};
use super::word::{MOST_LETTERS, Role};
use crate::normalise::text::fold;

/// Words of one name at most; the rest is cut.
pub(super) const MOST_WORDS: usize = 16;

/// What parts words in any script.
const PARTING: [char; 7] = [' ', '\t', '\n', '\u{a0}', '\u{3000}', '·', '・'];

/// A name in words.
pub(super) struct Parsed {
    pub(super) words: Vec<(String, Script, Role)>,
    /// The legal form, where it has one.
    pub(super) form: Option<Form>,
}

/// Parts a name as it is written, in any script.
pub(super) fn parse(kind: NameKind, raw: &str) -> Parsed {
    let written = match kind {
        // A foreign name in signs has its parts set apart.
        NameKind::Person if raw.split(PARTING).filter(|part| !part.is_empty()).count() > 1 => {
            words_of(raw, Naming::Other)
        }
        NameKind::Person => words_of(raw, Naming::WholeName),
        NameKind::Organisation => words_of(&raw.replace('&', " and "), Naming::Other),
    };
    let mut parsed = match kind {
        NameKind::Person => Parsed { words: person(written), form: None },
        NameKind::Organisation => organisation(written),
    };
    parsed.words.truncate(MOST_WORDS);
    for (word, _, _) in &mut parsed.words {
        word.truncate(MOST_LETTERS);
    }
    parsed
}

/// Folded words in Latin letters, each with the script it was written in.
fn words_of(raw: &str, naming: Naming) -> Vec<(String, Script)> {
    let is_apostrophe = |c: char| matches!(c, '\'' | '’' | '‘' | 'ʻ' | 'ʼ' | '`' | '´');
    let mut words = Vec::new();
    for chunk in raw.split(PARTING) {
        let script = Script::of(chunk);
        // `O'Brien` is one word, and so is `Qa'ida`.
        let joined: String = apart(chunk).chars().filter(|c| !is_apostrophe(*c)).collect();
        let folded = fold(&latin(&joined, naming));
        // What folding leaves of rare scripts is no letter that comparing knows.
        let plain = |word: &str| -> String { word.chars().filter(char::is_ascii_alphanumeric).collect() };
        words.extend(folded.split(' ').map(plain).filter(|word| !word.is_empty()).map(|word| (word, script)));
    }
    words
}

/// `SiemensAG` as two words: capitals after small letters start a word, where neither part is short.
fn apart(chunk: &str) -> String {
    let mut written = String::with_capacity(chunk.len() + 2);
    let characters: Vec<char> = chunk.chars().collect();
    for (place, character) in characters.iter().enumerate() {
        let starts = character.is_uppercase()
            && place >= 3
            && characters[place - 3..place].iter().all(|before| before.is_lowercase())
            && characters.len() > place + 1
            && characters[place + 1].is_alphabetic();
        if starts {
            written.push(' ');
        }
        written.push(*character);
    }
    written
}

fn person(written: Vec<(String, Script)>) -> Vec<(String, Script, Role)> {
    let mut words: Vec<(String, Script, Role)> = Vec::with_capacity(written.len());
    let count = written.len();
    for (place, (word, script)) in written.into_iter().enumerate() {
        let role = match word.as_str() {
            word if vocabulary::is_announcing(word) => continue,
            word if vocabulary::is_son_of(word) => Role::SonOf,
            word if vocabulary::is_honour(word) => Role::Ornament,
            word if place + 1 == count && count > 2 && script == Script::Alphabet && is_form(word) => {
                Role::Ornament
            }
            word if vocabulary::is_particle(word) => Role::Particle,
            word if word.len() == 1 => Role::Initial,
            _ => Role::Name,
        };
        let word = if role == Role::Name { letters_for_digits(word) } else { word };
        // Said twice, it says no more.
        if !words.iter().any(|(known, _, _)| *known == word && role == Role::Name) {
            words.push((word, script, role));
        }
    }
    // A name of titles and particles only is a name after all; and Ben is one where it stands first.
    if !words.iter().any(|(_, _, role)| *role == Role::Name) {
        words.iter_mut().filter(|(_, _, role)| *role != Role::Initial).for_each(|word| word.2 = Role::Name);
    }
    if let [(_, _, first @ Role::SonOf), (_, _, Role::Name)] = &mut words[..] {
        *first = Role::Name;
    }
    words
}

/// Legal forms that somebody put behind the name of a person.
fn is_form(word: &str) -> bool {
    matches!(word, "sa" | "sas" | "sarl" | "eurl" | "ei" | "llc" | "ltd" | "inc" | "gmbh" | "plc")
}

/// Digits between letters are letters that look like them.
fn letters_for_digits(word: String) -> String {
    let has = |is: fn(&char) -> bool| word.chars().any(|character| is(&character));
    if !has(char::is_ascii_digit) || !has(char::is_ascii_alphabetic) {
        return word;
    }
    let letter = |character| match character {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    };
    word.chars().map(letter).collect()
}

fn organisation(written: Vec<(String, Script)>) -> Parsed {
    let words = joined_letters(written);
    let (words, form) = without_forms(words);
    let mut parsed = Parsed { words: Vec::with_capacity(words.len()), form };
    let mut rest = &words[..];
    while let [(word, script), after @ ..] = rest {
        let (known, taken) = longest_known(rest);
        rest = if taken > 1 { &rest[taken..] } else { after };
        let (text, commonness) = known.unwrap_or((word.as_str(), Commonness::Plain));
        // `I. Martin & Fils`: what stands first counts nothing.
        let is_first =
            parsed.words.is_empty() && word.chars().all(|letter| matches!(letter, 'i' | 'v' | 'x'));
        match commonness {
            Commonness::Connector => {}
            Commonness::Number(_) if is_first => parsed.words.push((word.clone(), *script, Role::Name)),
            Commonness::Number(number) => push_number(&mut parsed.words, number, *script),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                push_number(&mut parsed.words, text.parse().unwrap_or(u32::MAX), *script);
            }
            _ => parsed.words.push((text.replace(' ', ""), *script, Role::of_commonness(commonness))),
        }
    }
    if parsed.words.is_empty() {
        let all = words.into_iter().map(|(word, script)| (word, script, Role::Name));
        parsed.words.extend(all);
    }
    parsed
}

/// Runs of single letters as one word: `s a r l` is `sarl`. What joins them is left out of it: `h and m`.
fn joined_letters(written: Vec<(String, Script)>) -> Vec<(String, Script)> {
    let mut words: Vec<(String, Script)> = Vec::with_capacity(written.len());
    let mut after_letter = false;
    let mut written = written.into_iter().peekable();
    while let Some((word, script)) = written.next() {
        let is_letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        match words.last_mut() {
            Some((run, _)) if after_letter && is_letter => run.push_str(&word),
            Some(_)
                if after_letter
                    && word == "and"
                    && written.peek().is_some_and(|(next, _)| next.len() == 1) =>
            {
                continue;
            }
            _ => words.push((word, script)),
        }
        after_letter = is_letter;
    }
    words
}

/// A number written in two words is their sum: `forty four`.
fn push_number(words: &mut Vec<(String, Script, Role)>, number: u32, script: Script) {
    if let Some((last, _, Role::Number)) = words.last_mut()
        && let Ok(tens @ (20 | 30 | 40 | 50 | 60 | 70 | 80 | 90)) = last.parse::<u32>()
        && (1..10).contains(&number)
    {
        *last = (tens + number).to_string();
        return;
    }
    words.push((number.to_string(), script, Role::Number));
}

/// What the list has of the next words, and how many it takes.
fn longest_known(words: &[(String, Script)]) -> (Option<(&'static str, Commonness)>, usize) {
    for count in (1..=words.len().min(4)).rev() {
        let known = match count {
            1 => VOCABULARY.word(&words[0].0),
            _ => VOCABULARY.word(&phrase(&words[..count])),
        };
        if known.is_some() {
            return (known, count);
        }
    }
    (None, 1)
}

/// Drops legal forms at both ends, but never the whole name; what the last one dropped was.
fn without_forms(mut words: Vec<(String, Script)>) -> (Vec<(String, Script)>, Option<Form>) {
    let mut form = None;
    loop {
        let longest = FORM_WORDS.min(words.len().saturating_sub(1));
        let at_end = (1..=longest).rev().find_map(|count| {
            let start = words.len() - count;
            Some((start..words.len(), VOCABULARY.form(&phrase(&words[start..]))?))
        });
        let at_start = || {
            (1..=longest).rev().find_map(|count| Some((0..count, VOCABULARY.form(&phrase(&words[..count]))?)))
        };
        let Some((place, found)) = at_end.or_else(at_start) else { return (words, form) };
        words.drain(place);
        form = form.or(Some(found));
    }
}

fn phrase(words: &[(String, Script)]) -> String {
    words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")
}
