//! Case, accents and punctuation.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents, punctuation as single spaces, trimmed.
///
/// Latin letters lose their accents (NFKD) and ligatures are written out; letters
/// of other scripts stay, with the marks that are part of them.
pub fn fold(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    for character in raw.nfkd() {
        match character {
            // Combining diacritical marks: what is left of an accent.
            '\u{300}'..='\u{36f}' => {}
            // Soft hyphen, zero-width characters, byte-order mark: not seen, not meant.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
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
    folded.truncate(folded.trim_end().len());
    in_order(folded)
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
