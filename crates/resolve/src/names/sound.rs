//! How a word sounds, roughly and whatever the language: only to see two romanisations of one name.

use zeroize::Zeroize;

use super::word::MOST_LETTERS;

/// The sound of a word: a few letters, in place.
#[derive(Clone, Copy)]
pub(super) struct Sound {
    letters: [u8; MOST_LETTERS],
    length: u8,
    /// Which letters it has, as bits.
    pub(super) mask: u32,
}

impl Sound {
    /// The sound of a word of ASCII letters and digits, as it is spelt, of which it takes the first 32.
    pub(super) fn of(word: &[u8]) -> Sound {
        let mut sound = Sound::default();
        let mut rest = &word[..word.len().min(MOST_LETTERS)];
        while let [first, ..] = rest {
            let (said, taken) = said(rest).unwrap_or((*first, 1));
            // Nothing is said of `h`.
            if said != 0 {
                sound.push(said);
            }
            rest = &rest[taken..];
        }
        if sound.length == 0 {
            word.iter().take(MOST_LETTERS).for_each(|letter| sound.push(*letter));
        }
        sound
    }

    /// What is left of a sound where vowels are not written: consonants, by where they are formed.
    pub(super) fn skeleton(&self) -> Sound {
        let mut skeleton = Sound::default();
        for letter in self.as_bytes() {
            match letter {
                b'a' | b'e' | b'i' | b'o' | b'u' => {}
                b'p' | b'v' | b'f' => skeleton.push(b'b'),
                b'l' => skeleton.push(b'r'),
                b'm' => skeleton.push(b'n'),
                other => skeleton.push(*other),
            }
        }
        skeleton
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.letters[..usize::from(self.length)]
    }

    /// Adds a letter, unless it is the last one already: what is doubled sounds no other.
    fn push(&mut self, letter: u8) {
        let length = usize::from(self.length);
        if length == 0 || self.letters[length - 1] != letter {
            self.letters[length] = letter;
            self.length += 1;
            self.mask |= 1 << (letter % 32);
        }
    }
}

impl Default for Sound {
    fn default() -> Self {
        Self { letters: [0; MOST_LETTERS], length: 0, mask: 0 }
    }
}

impl Zeroize for Sound {
    fn zeroize(&mut self) {
        self.letters.zeroize();
        self.length.zeroize();
        self.mask.zeroize();
    }
}

/// What the next letters sound like, 0 for nothing, and how many they are; `None` where they sound as they are written.
fn said(letters: &[u8]) -> Option<(u8, usize)> {
    Some(match letters {
        [b's', b'h', b'c', b'h', ..] | [b't', b's', b'c', b'h', ..] => (b's', 4),
        [b's', b'c', b'h', ..] | [b't', b'c', b'h', ..] => (b's', 3),
        [b'z' | b's' | b'c', b'h', ..]
        | [b'c' | b's', b'z', ..]
        | [b't', b's' | b'z', ..]
        | [b'd', b'z', ..] => (b's', 2),
        [b'k', b's', ..] => (b's', 2),
        [b'd', b'j', ..] => (b'i', 2),
        [b'd', b'h', ..] => (b'd', 2),
        [b't', b'h', ..] => (b't', 2),
        [b'p', b'h', ..] => (b'f', 2),
        [b'k' | b'g', b'h', ..] | [b'c', b'k', ..] | [b'q', b'u', ..] => (b'k', 2),
        [b'o', b'u' | b'o', ..] => (b'u', 2),
        [b'e', b'e', ..] => (b'i', 2),
        [b'c', b'e' | b'i' | b'y', ..] | [b'x' | b'z', ..] => (b's', 1),
        [b'c' | b'g' | b'q', ..] => (b'k', 1),
        [b'w', ..] => (b'v', 1),
        [b'y' | b'j', ..] => (b'i', 1),
        [b'h', ..] => (0, 1),
        _ => return None,
    })
}

/// The distance of two words in halves of a keystroke: one vowel for another is a half, any other
/// keystroke (a letter more, less, other, two neighbours exchanged) a whole.
///
/// Optimal string alignment after Damerau, "A technique for computer detection and correction of
/// spelling errors", CACM 1964.
pub(super) fn distance(one: &[u8], other: &[u8]) -> usize {
    const MOST: usize = MOST_LETTERS + 1;
    let (one, other) = (&one[..one.len().min(MOST - 1)], &other[..other.len().min(MOST - 1)]);
    let mut rows = [[0_u8; MOST]; 3];
    for (place, cell) in rows[0].iter_mut().enumerate() {
        *cell = 2 * place as u8;
    }
    for (place, letter) in one.iter().enumerate() {
        let (now, last, before) = ((place + 1) % 3, place % 3, (place + 2) % 3);
        rows[now][0] = 2 * (place as u8 + 1);
        for (across, opposite) in other.iter().enumerate() {
            let mut least = (rows[last][across] + cost(*letter, *opposite))
                .min(rows[last][across + 1] + 2)
                .min(rows[now][across] + 2);
            if place > 0 && across > 0 && *letter == other[across - 1] && one[place - 1] == *opposite {
                least = least.min(rows[before][across - 1] + 2);
            }
            rows[now][across + 1] = least;
        }
    }
    usize::from(rows[one.len() % 3][other.len()])
}

fn cost(one: u8, other: u8) -> u8 {
    let is_vowel = |letter| matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    match one == other {
        true => 0,
        false if is_vowel(one) && is_vowel(other) => 1,
        false => 2,
    }
}
