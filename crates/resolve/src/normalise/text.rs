//! Case, accents and punctuation.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents, punctuation as single spaces, trimmed.
///
/// Latin letters lose their accents (NFKD) and ligatures are written out; letters
/// of other scripts stay, with the marks that are part of them.
pub fn fold(raw: &str) -> String {
    if raw.is_ascii() { fold_ascii(raw) } else { fold_any(raw) }
}

/// As [`fold_any`], for what most values are: ASCII is its own decomposition.
fn fold_ascii(raw: &str) -> String {
    if raw.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return raw.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(raw.len());
    let mut starts_word = false;
    for byte in raw.bytes() {
        if !byte.is_ascii_alphanumeric() {
            starts_word = !folded.is_empty();
            continue;
        }
        if starts_word {
            folded.push(' ');
            starts_word = false;
        }
        folded.push(char::from(byte.to_ascii_lowercase()));
    }
    folded
}

fn fold_any(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        // Marks change places with marks, never with ASCII: what stands between can be decomposed apart.
        let is_plain = first.is_ascii();
        let end = rest.bytes().position(|byte| byte.is_ascii() != is_plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match is_plain {
            true => run.chars().for_each(|character| append(&mut folded, character)),
            false => run.nfkd().for_each(|character| append(&mut folded, character)),
        }
        rest = after;
    }
    folded.truncate(folded.trim_end().len());
    in_order(folded)
}

fn append(folded: &mut String, character: char) {
    match character {
        // Combining diacritical marks: what is left of an accent.
        '\u{300}'..='\u{36f}' => {}
        // Soft hyphen, zero-width characters, byte-order mark: not seen, not meant.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
        _ if character.is_ascii_alphanumeric() => folded.push(character.to_ascii_lowercase()),
        _ => match plain_letters(character) {
            Some(letters) => folded.push_str(letters),
            None if character.is_alphanumeric() || is_combining_mark(character) => {
                folded.extend(character.to_lowercase());
            }
            None => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
        },
    }
}

/// `m` or `f` where French or English words or letters say so; nothing where the word says
/// that it is not known; else the folded text.
pub fn gender(raw: &str) -> String {
    let folded = fold(raw);
    match folded.as_str() {
        "m" | "male" | "h" | "homme" | "man" | "masculin" | "mr" | "monsieur" => "m".to_owned(),
        "f" | "female" | "femme" | "w" | "woman" | "feminin" | "mme" | "madame" => "f".to_owned(),
        "u" | "unknown" | "inconnu" | "n a" | "na" | "x" => String::new(),
        _ => folded,
    }
}

/// Puts combining marks into their canonical order, which they may have lost when
/// what stood between them was dropped.
pub fn in_order(folded: String) -> String {
    if folded.is_ascii() { folded } else { folded.nfd().collect() }
}

/// Letters that Unicode does not decompose, as they are written without them.
fn plain_letters(character: char) -> Option<&'static str> {
    Some(match character {
        'œ' | 'Œ' => "oe",
        'æ' | 'Æ' => "ae",
        'ß' | 'ẞ' => "ss",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Folding as it is defined: the whole text is decomposed at once.
    fn by_definition(raw: &str) -> String {
        let mut folded = String::new();
        raw.nfkd().for_each(|character| append(&mut folded, character));
        folded.truncate(folded.trim_end().len());
        in_order(folded)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn short_cuts_change_nothing(
            raw in "\\PC{0,24}|[ -~\\t\\n]{0,24}|[a-zA-Zéèêëïôûçñß .'\\-]{0,24}|[aéE\u{301}\u{323}\u{5b0}\u{e3a}ﬁ½ ]{0,12}"
        ) {
            let expected = by_definition(&raw);
            prop_assert_eq!(fold_any(&raw), expected.as_str());
            prop_assert_eq!(fold(&raw), expected);
        }
    }
}
