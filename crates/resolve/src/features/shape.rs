//! What can be told of a value without reading it again: enough to know that two values are
//! nothing alike, which is what most candidate pairs are.

use zeroize::DefaultIsZeroes;

use crate::mix::hash_bytes;
use crate::nicknames;

/// Few numbers about a normalised value.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    /// Which characters it has once, twice, three and four times at least.
    characters: [u32; 4],
    /// A bit for each of its words, parted by blanks or `@`.
    words: u32,
    length: u8,
    kind: Kind,
}

/// What bounds do not hold for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// ASCII, each character four times at most.
    #[default]
    Plain,
    /// As plain, and it starts with a given name that has other forms.
    GivenName,
    /// Initials, other scripts, characters too frequent, too long: nothing is known.
    Other,
}

/// A value's letters can be told from it.
impl DefaultIsZeroes for Shape {}

impl Shape {
    pub(super) fn of(value: &str) -> Shape {
        let mut characters = [0_u32; 4];
        let (mut length, mut is_plain) = (0_usize, true);
        for byte in value.bytes() {
            length += 1;
            // Characters that share a place make two values look more alike, never less.
            let place = match byte {
                b'a'..=b'z' => byte - b'a',
                b'A'..=b'Z' => byte - b'A',
                b'0'..=b'9' => 26 + byte % 4,
                b' ' | b'@' => continue,
                b'.' => 30,
                0..=127 => 31,
                _ => {
                    is_plain = false;
                    continue;
                }
            };
            let bit = 1_u32 << place;
            match characters.iter_mut().find(|mask| **mask & bit == 0) {
                Some(mask) => *mask |= bit,
                None => is_plain = false,
            }
        }
        let words = value.split([' ', '@']);
        let has_initials = words.clone().any(|word| word.len() < 2);
        let is_listed = words.clone().next().is_some_and(nicknames::is_given_name);
        let kind = match (is_plain && length <= 64 && !has_initials, is_listed) {
            (false, _) => Kind::Other,
            (true, false) => Kind::Plain,
            (true, true) => Kind::GivenName,
        };
        let words = words.fold(0, |words, word| words | 1 << (hash_bytes(word.as_bytes()) % 32));
        Shape { characters, words, length: length.min(255) as u8, kind }
    }

    /// Whether two values are certainly nothing alike: no word in common, no forms of one given
    /// name, too few characters in common for a Jaro similarity of 0.7, or for a word of the one that
    /// is close to a word of the other.
    pub(crate) fn is_surely_unlike(self, other: Shape) -> bool {
        if self.kind == Kind::Other || other.kind == Kind::Other || self.words & other.words != 0 {
            return false;
        }
        // Of two characters one keystroke is half.
        if self.length.min(other.length) < 3 {
            return false;
        }
        if self.kind == Kind::GivenName && other.kind == Kind::GivenName {
            return false;
        }
        let common: u32 =
            self.characters.iter().zip(other.characters).map(|(one, other)| (one & other).count_ones()).sum();
        // Blanks and signs between words count as characters in common.
        let blanks = 2;
        let most = if self.is_one_word() && other.is_one_word() { common } else { common + blanks };
        let (short, long) =
            (f32::from(self.length.min(other.length)), f32::from(self.length.max(other.length)));
        let most = (most as f32).min(short);
        // Jaro is at most this with all common letters in order; Winkler's prefix needs 0.7.
        let is_jaro_low = (most / short + most / long + 1.0) / 3.0 <= 0.7;
        let is_word_close = (!self.is_one_word() || !other.is_one_word()) && most >= 0.55 * short;
        is_jaro_low && !is_word_close
    }

    fn is_one_word(self) -> bool {
        self.words.is_power_of_two()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vermeil_model::schema::Comparison;

    use super::*;
    use crate::compare::level_set;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn what_is_surely_unlike_reaches_no_level(
            left in "[a-d]{2,6}( [a-d]{1,4}){0,2}|[a-c]{1,4}@[a-c]{2,3}|(bob|robert|jean|pierre)( [a-f]{2,5})?",
            right in "[a-f]{2,6}( [a-d]{1,4}){0,2}|[a-f]{1,4}@[d-f]{2,3}|(bob|robert|jean|pierre)( [a-f]{2,5})?",
        ) {
            if left != right && Shape::of(&left).is_surely_unlike(Shape::of(&right)) {
                for comparison in [Comparison::Name, Comparison::Text, Comparison::Email] {
                    prop_assert_eq!(level_set(comparison).level_of(&left, &right).0, 0, "{:?}", comparison);
                }
            }
        }
    }

    #[test]
    fn most_names_are_told_apart() {
        for (left, right) in [("verrier", "tanguy"), ("agathe", "bruno"), ("dupont martin", "beccelli")] {
            assert!(Shape::of(left).is_surely_unlike(Shape::of(right)), "{left} and {right}");
        }
    }
}
