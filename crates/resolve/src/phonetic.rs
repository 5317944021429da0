//! How a name sounds, in French and in English alike.
//!
//! The code is American Soundex (a letter and three digits, as the National
//! Archives of the United States describe it) of a spelling that was first
//! evened out by rules for French: silent `h`, `ph` as `f`, `eau` and `au` as
//! `o`, `qu` and hard `c` as `k`, `gn` as `n`, soft `c` as `s`, and no silent last letters.
//! The rules follow the idea of "Soundex 2" by Frédéric Brouard. A code is
//! coarse on purpose: it finds pairs to compare, it is no evidence.

use crate::normalise::person::is_particle;

/// The code of the first word of a folded value that is no particle.
///
/// A word without Latin letters is its own code. `None` for an empty value.
pub fn code(folded: &str) -> Option<String> {
    let mut words = folded.split(' ').filter(|word| !word.is_empty());
    let first = words.clone().next()?;
    let word = words.find(|word| !is_particle(word)).unwrap_or(first);
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_lowercase).collect();
    Some(if letters.is_empty() { word.to_owned() } else { soundex(&french_spelling(&letters)) })
}

/// Spellings that sound alike, longest first: the first that fits is taken.
const ALIKE: [(&[u8], &[u8]); 19] = [
    (b"eaux", b"o"),
    (b"eau", b"o"),
    (b"aux", b"o"),
    (b"sch", b"s"),
    (b"chr", b"kr"),
    (b"au", b"o"),
    (b"ph", b"f"),
    (b"qu", b"k"),
    (b"ck", b"k"),
    (b"gn", b"n"),
    (b"kn", b"n"),
    (b"ch", b"s"),
    (b"ce", b"se"),
    (b"ci", b"si"),
    (b"cy", b"si"),
    (b"c", b"k"),
    (b"q", b"k"),
    (b"y", b"i"),
    (b"h", b""),
];

fn french_spelling(letters: &[u8]) -> Vec<u8> {
    let mut rest = letters;
    let mut evened = Vec::with_capacity(letters.len());
    while let [first, after @ ..] = rest {
        match ALIKE.into_iter().find(|(spelt, _)| rest.starts_with(spelt)) {
            Some((spelt, sound)) => {
                evened.extend_from_slice(sound);
                rest = &rest[spelt.len()..];
            }
            None => {
                evened.push(*first);
                rest = after;
            }
        }
    }
    // Dupond, Dupont and Dupon are one; short names keep what they have.
    while evened.len() > 3 && matches!(evened.last(), Some(b'd' | b't' | b's' | b'x' | b'z' | b'p' | b'e')) {
        evened.pop();
    }
    // Nothing but `h`: the letter itself.
    if evened.is_empty() { letters.to_vec() } else { evened }
}

fn soundex(letters: &[u8]) -> String {
    let digit = |letter: u8| match letter {
        b'b' | b'f' | b'p' | b'v' => Some('1'),
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => Some('2'),
        b'd' | b't' => Some('3'),
        b'l' => Some('4'),
        b'm' | b'n' => Some('5'),
        b'r' => Some('6'),
        _ => None,
    };
    let mut code = String::with_capacity(4);
    code.push(char::from(letters[0].to_ascii_uppercase()));
    let mut previous = digit(letters[0]);
    for &letter in &letters[1..] {
        let current = digit(letter);
        if let Some(current) = current
            && previous != Some(current)
            && code.len() < 4
        {
            code.push(current);
        }
        // A vowel parts two letters of one digit, `h` and `w` do not.
        if letter != b'h' && letter != b'w' {
            previous = current;
        }
    }
    while code.len() < 4 {
        code.push('0');
    }
    code
}

#[cfg(test)]
mod tests;
