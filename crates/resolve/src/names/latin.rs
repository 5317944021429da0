//! Names of any script in plain Latin letters.
//!
//! Letters of Latin scripts are left to [`crate::normalise::text::fold`]; all others are written as
//! `any_ascii` romanises them, character by character: Cyrillic and Greek much as passports do, Chinese
//! characters by their Mandarin reading (Japanese ones too, which is wrong for them), Korean by syllable,
//! Arabic and Hebrew without the vowels that they do not write.

use std::borrow::Cow;

/// What letters a word was written in, as far as it decides how it may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Script {
    /// Letters for consonants and vowels.
    Alphabet,
    /// Consonants mostly: Arabic, Hebrew, and the scripts of South and South-East Asia,
    /// whose vowels are lost on the way.
    Consonants,
    /// Signs for syllables: one other sign is another name.
    Syllables,
}

impl Script {
    /// The script that most letters of a text are in.
    pub(super) fn of(text: &str) -> Script {
        let mut counts = [0_usize; 3];
        for character in text.chars().filter(|character| character.is_alphabetic()) {
            counts[Script::of_letter(character) as usize] += 1;
        }
        match counts {
            [alphabet, consonants, syllables] if consonants > alphabet.max(syllables) => Script::Consonants,
            [alphabet, _, syllables] if syllables > alphabet => Script::Syllables,
            _ => Script::Alphabet,
        }
    }

    fn of_letter(character: char) -> Script {
        match character {
            '\u{590}'..='\u{8ff}'
            | '\u{900}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => Script::Consonants,
            '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' => Script::Syllables,
            _ => Script::Alphabet,
        }
    }
}

/// What a text names, which decides how signs for syllables are parted into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// A whole name of a person: two to four signs are a family name of one sign, and a given name.
    WholeName,
    /// A part of a name, or something else: what is written together stays together.
    Other,
}

/// A text with all letters that are not of a Latin script romanised; case, accents and
/// punctuation are left as they are.
pub fn latin(text: &str, naming: Naming) -> Cow<'_, str> {
    if text.chars().all(is_latin_or_sign) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    let mut after_syllables = false;
    for run in runs(text) {
        // Chinese characters and kana next to each other are two words.
        let is_syllables = matches!(run, Run::Syllables(_));
        let parts = matches!(run, Run::Other(_)) && after_syllables;
        if parts || (is_syllables && written.ends_with(char::is_alphanumeric)) {
            written.push(' ');
        }
        after_syllables = is_syllables;
        match run {
            Run::Latin(run) => written.push_str(run),
            Run::Syllables(run) => append_syllables(&mut written, run, naming),
            Run::Other(run) => run.chars().for_each(|character| append(&mut written, character)),
        }
    }
    Cow::Owned(written)
}

enum Run<'t> {
    Latin(&'t str),
    Syllables(&'t str),
    Other(&'t str),
}

/// Cuts a text where the kind of character changes.
fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let kind = |character: char| {
        let is_syllable = Script::of_letter(character) == Script::Syllables;
        (is_latin_or_sign(character), is_syllable)
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = kind(rest.chars().next()?);
        let end =
            rest.char_indices().find(|(_, other)| kind(*other) != first).map_or(rest.len(), |(end, _)| end);
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(match first {
            (true, _) => Run::Latin(run),
            (_, true) => Run::Syllables(run),
            _ => Run::Other(run),
        })
    })
}

/// ASCII, Latin letters with accents, combining accents, general punctuation.
fn is_latin_or_sign(character: char) -> bool {
    matches!(character, '\0'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{206f}' | '\u{fb00}'..='\u{fb06}' | '\u{ff01}'..='\u{ff5e}')
        && !('\u{ff10}'..='\u{ff19}').contains(&character)
}

fn append_syllables(written: &mut String, run: &str, naming: Naming) {
    let signs = run.chars().count();
    for (place, sign) in run.chars().enumerate() {
        if naming == Naming::WholeName && (2..=4).contains(&signs) && place == family_signs(run) {
            written.push(' ');
        }
        written.extend(any_ascii::any_ascii_char(sign).chars().map(|letter| letter.to_ascii_lowercase()));
    }
}

/// How many signs the family name has: one, but for a few of two.
fn family_signs(name: &str) -> usize {
    const OF_TWO: [&str; 10] =
        ["欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "남궁", "황보", "선우"];
    let long = OF_TWO.iter().any(|family| name.starts_with(family)) && name.chars().count() > 2;
    1 + usize::from(long)
}

fn append(written: &mut String, character: char) {
    match any_ascii::any_ascii_char(character) {
        // The middle dot of katakana names, and what else parts words.
        "-" => written.push(' '),
        // Signs of softness and of the throat are no letters, and part no word.
        letters => written.extend(letters.chars().filter(|letter| !matches!(letter, '\'' | '`' | '"'))),
    }
}
