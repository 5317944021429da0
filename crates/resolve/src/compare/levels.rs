//! The levels of each kind of comparison.

use vermeil_model::schema::Comparison;

use super::Level;
use super::similarity::{is_one_edit_apart, jaro_winkler};

/// Jaro-Winkler from which two writings are one but for a slip.
const CLOSE: f64 = 0.92;
/// Jaro-Winkler from which two writings may be one.
const NEAR: f64 = 0.80;

/// The levels of one kind of comparison.
pub struct LevelSet {
    /// Their names, from "nothing alike" up to "equal".
    pub names: &'static [&'static str],
    /// The level of two names that stand in each other's field.
    pub(super) exchanged: Option<Level>,
    /// The level of two different normalised values.
    pub(super) of_different: fn(&str, &str) -> Level,
}

impl LevelSet {
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
/// | `name` | equal · exchanged (given and family name in each other's field) · one is the other's beginning, by whole words (`jean` of `jean pierre`) · close (Jaro-Winkler from 0.92) · near (from 0.80, or an initial, or a shared word of three letters) · different |
/// | `date` | equal · one slip (one digit, or day and month exchanged) · same month and day, or same year and month · same year · different |
/// | `email` | equal · same local part · near (one keystroke, or Jaro-Winkler from 0.92) · different |
/// | `phone` | equal · one keystroke · different |
/// | `text` | equal · close (Jaro-Winkler from 0.92) · near (from 0.80) · different |
/// | `postal_code` | equal · same first two characters · different |
/// | `identifier` | equal · one keystroke · different |
///
/// A keystroke is a character more, less, other, or two neighbours exchanged.
pub fn level_set(comparison: Comparison) -> &'static LevelSet {
    match comparison {
        Comparison::Exact => {
            &LevelSet { names: &["different", "equal"], exchanged: None, of_different: |_, _| Level(0) }
        }
        Comparison::Name => &LevelSet {
            names: &["different", "near", "close", "beginning", "exchanged", "equal"],
            exchanged: Some(Level(4)),
            of_different: name,
        },
        Comparison::Date => &LevelSet {
            names: &["different", "same_year", "same_two_parts", "one_slip", "equal"],
            exchanged: None,
            of_different: date,
        },
        Comparison::Email => &LevelSet {
            names: &["different", "near", "same_local_part", "equal"],
            exchanged: None,
            of_different: email,
        },
        Comparison::Phone | Comparison::Identifier => &LevelSet {
            names: &["different", "one_keystroke", "equal"],
            exchanged: None,
            of_different: |left, right| Level(u8::from(is_one_edit_apart(left, right))),
        },
        Comparison::Text => {
            &LevelSet { names: &["different", "near", "close", "equal"], exchanged: None, of_different: text }
        }
        Comparison::PostalCode => &LevelSet {
            names: &["different", "same_area", "equal"],
            exchanged: None,
            of_different: |left, right| Level(u8::from(is_same_area(left, right))),
        },
    }
}

fn name(left: &str, right: &str) -> Level {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let is_initial = short.chars().count() == 1;
    if !is_initial && is_beginning(short, long) {
        return Level(3);
    }
    match jaro_winkler(left, right) {
        close if close >= CLOSE => Level(2),
        near if near >= NEAR => Level(1),
        _ if is_initial && long.starts_with(short) => Level(1),
        _ if share_a_word(short, long) => Level(1),
        _ => Level(0),
    }
}

/// Whether `long` starts with all words of `short`.
fn is_beginning(short: &str, long: &str) -> bool {
    long.strip_prefix(short).is_some_and(|rest| rest.starts_with(' '))
}

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

fn email(left: &str, right: &str) -> Level {
    let local = |address: &str| address.find('@').unwrap_or(address.len());
    let (left_local, right_local) = (&left[..local(left)], &right[..local(right)]);
    if !left_local.is_empty() && left_local == right_local {
        return Level(2);
    }
    Level(u8::from(is_one_edit_apart(left, right) || jaro_winkler(left, right) >= CLOSE))
}

fn text(left: &str, right: &str) -> Level {
    match jaro_winkler(left, right) {
        close if close >= CLOSE => Level(2),
        near if near >= NEAR => Level(1),
        _ => Level(0),
    }
}

fn is_same_area(left: &str, right: &str) -> bool {
    let mut pairs = left.chars().zip(right.chars());
    (0..2).all(|_| pairs.next().is_some_and(|(left, right)| left == right))
}
