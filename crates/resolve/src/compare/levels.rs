//! The levels of each kind of comparison.

use vermeil_model::schema::Comparison;

use super::Level;
use super::similarity::{is_one_edit_apart, jaro_winkler};
use crate::features::Packed;
use crate::names::{self, NameKind};
use crate::nicknames;

/// Jaro-Winkler from which two writings are one but for a slip.
const CLOSE: f64 = 0.92;
/// Jaro-Winkler from which two writings may be one.
const NEAR: f64 = 0.80;

/// Likeness from which two words are one in two spellings. Of a whole name less is enough: the
/// other words have their say.
const ONE_SOUND: f32 = 0.8;

/// The levels of one kind of comparison.
pub struct LevelSet {
    /// Their names, from "nothing alike" up to "equal".
    pub names: &'static [&'static str],
    /// The level of two names that stand in each other's field.
    pub(super) exchanged: Option<Level>,
    /// The level from which two names that stand in each other's field are taken for exchanged.
    pub(super) alike: Level,
    /// Whether values without characters in common are always "nothing alike".
    pub(crate) goes_by_characters: bool,
    /// The level of two different normalised values.
    pub(super) of_different: fn(&str, &str) -> Level,
    /// The same of two that fit into a word each; `None` where only their texts can tell.
    pub(crate) of_packed: Option<fn(Packed, Packed) -> Option<Level>>,
}

impl LevelSet {
    /// The level of two different normalised values.
    pub(crate) fn level_of(&self, left: &str, right: &str) -> Level {
        (self.of_different)(left, right)
    }

    /// The level of equal values.
    pub fn equal(&self) -> Level {
        Level(self.names.len() as u8 - 1)
    }
}

/// The levels of a kind of comparison.
///
/// | comparison | levels, downwards |
/// |---|---|
/// | `exact` | equal · different |
/// | `name` | equal · exchanged (given and family name in each other's field) · part (all words of the one are words of the other: `jean` of `jean pierre`) · nickname (forms of one given name) · close (Jaro-Winkler from 0.92, of the whole or word by word; or another spelling of the sound, other initials or order, see [`crate::names`]) · near (from 0.80, or a shared word of three letters) · initial · different |
/// | `organisation` | equal · same (likeness from 0.9: the same words in another order, with another legal form) · alike (from 0.7: an acronym, a trade more) · near (from 0.5) · loose (from 0.3) · different; see [`crate::names`] |
/// | `date` | equal · one slip (one digit, or day and month exchanged) · same month and day, or same year and month · same year · different |
/// | `email` | equal · same local part · near (one keystroke, or Jaro-Winkler from 0.92) · different |
/// | `phone` | equal · one keystroke · different |
/// | `text` | equal · close (Jaro-Winkler from 0.92) · part (all words of the one are words of the other) · near (Jaro-Winkler from 0.80, or a shared word of three letters) · different |
/// | `postal_code` | equal · one keystroke · same first two characters · different |
/// | `identifier` | equal · one keystroke · different |
///
/// A keystroke is a character more, less, other, or two neighbours exchanged.
pub fn level_set(comparison: Comparison) -> &'static LevelSet {
    match comparison {
        Comparison::Exact => &LevelSet {
            names: &["different", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: false,
            of_different: |_, _| Level(0),
            of_packed: None,
        },
        Comparison::Name => &LevelSet {
            names: &[
                "different",
                "initial",
                "near",
                "shared_word",
                "close",
                "nickname",
                "part",
                "exchanged",
                "equal",
            ],
            exchanged: Some(Level(7)),
            alike: Level(4),
            goes_by_characters: true,
            of_different: name,
            of_packed: None,
        },
        Comparison::Organisation => &LevelSet {
            names: &["different", "loose", "near", "alike", "same", "equal"],
            exchanged: None,
            alike: Level(3),
            goes_by_characters: false,
            of_different: organisation,
            of_packed: None,
        },
        Comparison::Date => &LevelSet {
            names: &["different", "same_year", "same_two_parts", "one_slip", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: false,
            of_different: date,
            of_packed: Some(packed_date),
        },
        Comparison::Email => &LevelSet {
            names: &["different", "near", "same_local_part", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: true,
            of_different: email,
            of_packed: None,
        },
        Comparison::Phone | Comparison::Identifier => &LevelSet {
            names: &["different", "one_keystroke", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: false,
            of_different: |left, right| Level(u8::from(is_one_edit_apart(left, right))),
            of_packed: Some(|left, right| Some(Level(u8::from(left.is_one_edit_apart(right))))),
        },
        Comparison::Text => &LevelSet {
            names: &["different", "near", "part", "close", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: true,
            of_different: text,
            of_packed: None,
        },
        Comparison::PostalCode => &LevelSet {
            names: &["different", "same_area", "one_keystroke", "equal"],
            exchanged: None,
            alike: Level(0),
            goes_by_characters: false,
            of_different: postal_code,
            of_packed: Some(packed_postal_code),
        },
    }
}

fn name(left: &str, right: &str) -> Level {
    let (short, long) = by_words(left, right);
    let is_initials = short.split(' ').all(|word| word.chars().count() == 1);
    if is_initials {
        let mut others = long.split(' ');
        let fits = short.split(' ').all(|initial| others.any(|other| other.starts_with(initial)));
        return Level(u8::from(fits));
    }
    if blanks(long) > 0 && short.split(' ').all(|word| long.split(' ').any(|other| other == word)) {
        return Level(6);
    }
    let first = |name: &'_ str| name.find(' ').unwrap_or(name.len());
    let (short_first, long_first) = (&short[..first(short)], &long[..first(long)]);
    if short_first != long_first && nicknames::are_kin(short_first, long_first) {
        return Level(5);
    }
    let whole = jaro_winkler(left, right);
    if whole >= CLOSE || has_close_words(short, long) {
        return Level(4);
    }
    let level = match share_a_word(short, long) {
        true => 3,
        false if whole >= NEAR => 2,
        false => return Level(0),
    };
    // Another romanisation of one sound, parts in another order, one of them an initial.
    let is_alike = match blanks(long) {
        0 => names::likeness_of_words(left, right) >= ONE_SOUND,
        _ => names::likeness(NameKind::Person, left, right) >= names::ALIKE,
    };
    Level(if is_alike { 4 } else { level })
}

fn organisation(left: &str, right: &str) -> Level {
    of_likeness(names::likeness(NameKind::Organisation, left, right))
}

/// The level of two different names of organisations.
pub(super) fn of_likeness(likeness: f32) -> Level {
    const FROM: [f32; 4] = [0.3, 0.5, names::ALIKE, 0.9];
    Level(FROM.iter().filter(|from| likeness >= **from).count() as u8)
}

/// Two texts, the one with fewer words first; which one that is must not depend on their order.
fn by_words<'t>(left: &'t str, right: &'t str) -> (&'t str, &'t str) {
    if (blanks(left), left) <= (blanks(right), right) { (left, right) } else { (right, left) }
}

fn blanks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b' ').count()
}

/// Whether every word of the one is close to some word of the other, which has more.
fn has_close_words(short: &str, long: &str) -> bool {
    blanks(long) > 0
        && short.split(' ').all(|word| {
            word.len() > 2 && long.split(' ').any(|other| other == word || jaro_winkler(word, other) >= CLOSE)
        })
}

/// Whether two names have a word of three letters or more in common.
fn share_a_word(short: &str, long: &str) -> bool {
    long.contains(' ')
        && short.split(' ').any(|word| word.len() >= 3 && long.split(' ').any(|other| other == word))
}

/// Two normalised dates, `YYYY-MM-DD` both.
fn date(left: &str, right: &str) -> Level {
    let (Some((left_year, left_rest)), Some((right_year, right_rest))) =
        (left.split_once('-'), right.split_once('-'))
    else {
        return Level(0);
    };
    let digits = left.bytes().zip(right.bytes()).filter(|(left, right)| left != right).count();
    let is_same_year = left_year == right_year;
    let exchanged =
        || left_rest.split_once('-').map(|(month, day)| (day, month)) == right_rest.split_once('-');
    if digits == 1 || (is_same_year && exchanged()) {
        return Level(3);
    }
    let is_same_month = || left_rest.as_bytes().get(..2) == right_rest.as_bytes().get(..2);
    if left_rest == right_rest || (is_same_year && is_same_month()) {
        return Level(2);
    }
    Level(u8::from(is_same_year))
}

/// [`date`] of two that are written in full.
fn packed_date(left: Packed, right: Packed) -> Option<Level> {
    let ([left_year, left_month, left_day], [right_year, right_month, right_day]) =
        (left.date()?, right.date()?);
    let (is_same_year, is_same_month) = (left_year == right_year, left_month == right_month);
    let is_exchanged = left_month == right_day && left_day == right_month;
    Some(Level(if left.different_characters(right) == 1 || (is_same_year && is_exchanged) {
        3
    } else if is_same_month && (is_same_year || left_day == right_day) {
        2
    } else {
        u8::from(is_same_year)
    }))
}

fn email(left: &str, right: &str) -> Level {
    let local = |address: &str| address.find('@').unwrap_or(address.len());
    let (left_local, right_local) = (&left[..local(left)], &right[..local(right)]);
    if !left_local.is_empty() && left_local == right_local {
        return Level(2);
    }
    Level(u8::from(is_one_edit_apart(left, right) || jaro_winkler(left, right) >= CLOSE))
}

fn text(left: &str, right: &str) -> Level {
    let (short, long) = by_words(left, right);
    let whole = jaro_winkler(left, right);
    if whole >= CLOSE {
        return Level(3);
    }
    if blanks(long) > 0 && short.split(' ').all(|word| long.split(' ').any(|other| other == word)) {
        return Level(2);
    }
    Level(if whole >= NEAR || share_a_word(short, long) { 1 } else { 0 })
}

fn postal_code(left: &str, right: &str) -> Level {
    if is_one_edit_apart(left, right) {
        return Level(2);
    }
    Level(u8::from(is_same_area(left, right)))
}

/// [`postal_code`] of two that are digits.
fn packed_postal_code(left: Packed, right: Packed) -> Option<Level> {
    Some(Level(match left.is_one_edit_apart(right) {
        true => 2,
        false => u8::from(left.have_same_start(right)),
    }))
}

fn is_same_area(left: &str, right: &str) -> bool {
    let mut pairs = left.chars().zip(right.chars());
    (0..2).all(|_| pairs.next().is_some_and(|(left, right)| left == right))
}
