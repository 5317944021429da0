//! Dates and numbers as one machine word, compared without reading a text.

/// The characters of a short value of digits, four bits each below a mark that keeps the length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Packed(u64);

/// Above the first character.
const MARK: u64 = 0xf;
/// Characters that fit beside the mark.
const MOST: usize = 15;
/// The lowest bit of every character.
const LOWEST: u64 = 0x1111_1111_1111_1111;

impl Packed {
    /// The word of a value that has none.
    pub(crate) const NONE: u64 = 0;

    /// Digits, `+` and `-`, 15 at most; [`Packed::NONE`] for anything else.
    pub(super) fn word_of(value: &str) -> u64 {
        if value.len() > MOST {
            return Self::NONE;
        }
        let packed = value.bytes().try_fold(MARK, |word, byte| {
            let character = match byte {
                b'0'..=b'9' => byte - b'0',
                b'+' => 10,
                b'-' => 11,
                _ => return None,
            };
            Some(word << 4 | u64::from(character))
        });
        packed.unwrap_or(Self::NONE)
    }

    pub(super) fn from_word(word: u64) -> Option<Packed> {
        (word != Self::NONE).then_some(Packed(word))
    }

    /// Whether one keystroke turns the one into the other: a character more, less, other, or two
    /// neighbours exchanged.
    pub(crate) fn is_one_edit_apart(self, other: Packed) -> bool {
        let (short, long) = (self.0.min(other.0), self.0.max(other.0));
        let lengths = [short, long].map(|word| word.leading_zeros() / 4);
        match lengths[0] - lengths[1] {
            0 => {
                let difference = short ^ long;
                let places = characters_of(difference);
                let low = places.trailing_zeros();
                match places.count_ones() {
                    1 => true,
                    2 => {
                        let characters = |word: u64| (word >> low & 0xf, word >> (low + 4) & 0xf);
                        let ((a, b), (c, d)) = (characters(short), characters(long));
                        places >> low == 0x11 && (a, b) == (d, c)
                    }
                    _ => false,
                }
            }
            1 => {
                // Below the first character that differs, the longer one has one more and no other.
                let difference = long ^ short << 4;
                let place = (63 - (difference | 1).leading_zeros()) / 4 * 4;
                let below = (1_u64 << place) - 1;
                long & below == short & below
            }
            _ => false,
        }
    }

    /// Whether both begin with the same two characters.
    pub(crate) fn have_same_start(self, other: Packed) -> bool {
        let start = |word: u64| {
            let length = 15 - word.leading_zeros() / 4;
            (length >= 2).then(|| word >> (4 * (length - 2)))
        };
        start(self.0).is_some() && start(self.0) == start(other.0)
    }

    /// Year, month and day of `YYYY-MM-DD`, each as it is written; `None` for another form.
    pub(crate) fn date(self) -> Option<[u64; 3]> {
        let dashes = 0xb0_0b00_u64;
        let is_date = self.0 >> 40 == MARK && self.0 & 0xf0_0f00 == dashes;
        is_date.then_some([self.0 >> 24 & 0xffff, self.0 >> 12 & 0xff, self.0 & 0xff])
    }

    /// How many characters differ between two values of one length.
    pub(crate) fn different_characters(self, other: Packed) -> u32 {
        characters_of(self.0 ^ other.0).count_ones()
    }
}

/// A bit for every character that is not zero.
fn characters_of(word: u64) -> u64 {
    (word | word >> 1 | word >> 2 | word >> 3) & LOWEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vermeil_model::schema::Comparison;

    use super::*;
    use crate::compare::level_set;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn words_reach_the_levels_of_texts(
            left in "19[89][01]-[01][012]-[01][012]|[+]?[01]{1,9}|[0-9]{2,15}",
            change in "19[89][01]-[01][012]-[01][012]|[+]?[01]{1,9}|[0-9]{2,15}|",
            (place, kind) in (0..15_usize, 0..5_u8),
        ) {
            let mut right: Vec<char> = left.chars().collect();
            let place = place % right.len();
            match kind {
                0 => right[place] = '7',
                1 => right.insert(place, '1'),
                2 => { right.remove(place); }
                3 => right.swap(place, (place + 1) % left.len()),
                _ => right = change.chars().collect(),
            }
            let right: String = right.into_iter().collect();
            let packed = [&left, &right].map(|text| Packed::from_word(Packed::word_of(text)));
            if let [Some(one), Some(other)] = packed && left != right && !right.is_empty() {
                for comparison in [Comparison::Date, Comparison::Phone, Comparison::Identifier, Comparison::PostalCode] {
                    let levels = level_set(comparison);
                    let of_packed = levels.of_packed.expect("a comparison of digits");
                    if let Some(level) = of_packed(one, other) {
                        prop_assert_eq!(level, levels.level_of(&left, &right), "{:?}", comparison);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_digits_has_no_word() {
        for value in ["2a004", "1234567890123456", "12 34", "é"] {
            assert_eq!(Packed::word_of(value), Packed::NONE, "{value}");
        }
    }
}
