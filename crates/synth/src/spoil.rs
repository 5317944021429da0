//! What typing, hearing and importing do to words, numbers and dates.

use chrono::{Datelike, NaiveDate};

use crate::chance::Chance;

/// Rows of an AZERTY keyboard: neighbours are struck by mistake.
const KEYBOARD: [&str; 3] = ["azertyuiop", "qsdfghjklm", "wxcvbn"];

/// Spellings that sound alike in French, either way.
const SOUNDS_ALIKE: [(&str, &str); 30] = [
    ("eau", "o"),
    ("au", "o"),
    ("ault", "aut"),
    ("ph", "f"),
    ("th", "t"),
    ("ll", "l"),
    ("nn", "n"),
    ("tt", "t"),
    ("ss", "s"),
    ("rr", "r"),
    ("mm", "m"),
    ("ff", "f"),
    ("y", "i"),
    ("qu", "k"),
    ("c", "k"),
    ("ai", "é"),
    ("ei", "ai"),
    ("en", "an"),
    ("em", "am"),
    ("ain", "in"),
    ("ard", "art"),
    ("aud", "aut"),
    ("ert", "er"),
    ("ier", "ié"),
    ("et", "é"),
    ("gn", "ni"),
    ("z", "s"),
    ("oi", "oy"),
    ("ou", "oo"),
    ("ch", "sh"),
];

/// Kinds of ways and saints as clerks shorten them.
const ABBREVIATIONS: [(&str, &str); 12] = [
    ("boulevard", "bd"),
    ("avenue", "av"),
    ("rue", "r"),
    ("chemin", "ch"),
    ("impasse", "imp"),
    ("place", "pl"),
    ("allée", "all"),
    ("route", "rte"),
    ("Faubourg", "Fbg"),
    ("Saint-", "St "),
    ("Sainte-", "Ste "),
    ("Général", "Gal"),
];

/// One slip of the keyboard: a letter left out, doubled, exchanged with the next or a neighbour's.
pub(crate) fn typo(text: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let places: Vec<usize> = (0..letters.len()).filter(|place| letters[*place].is_alphabetic()).collect();
    if places.len() < 2 {
        return text.to_owned();
    }
    // First letters are watched: they suffer less.
    let place = if chance.happens(0.05) { places[0] } else { chance.pick(&places[1..]) };
    match chance.position(&[0.3, 0.25, 0.2]) {
        0 => {
            letters.remove(place);
        }
        1 => letters[place] = beside(letters[place], chance),
        2 if place > 0 => letters.swap(place - 1, place),
        _ => {
            let extra = if chance.happens(0.5) { letters[place] } else { beside(letters[place], chance) };
            letters.insert(place, extra);
        }
    }
    letters.into_iter().collect()
}

/// The word as someone else would spell what they hear; a word with no such spelling loses its last letter.
pub(crate) fn misheard(text: &str, chance: &mut Chance) -> String {
    let lower = text.to_lowercase();
    let fitting: Vec<(&str, &str)> = SOUNDS_ALIKE
        .into_iter()
        .flat_map(|(one, other)| [(one, other), (other, one)])
        // Doubling every single consonant would drown the other spellings.
        .filter(|(from, to)| {
            lower.contains(from) && !(from.len() == 1 && to.len() == 2 && to.starts_with(from))
        })
        .collect();
    if fitting.is_empty() || (lower.len() > 4 && chance.happens(0.2)) {
        let mut shorter: Vec<char> = text.chars().collect();
        if shorter.len() > 3 {
            shorter.pop();
        }
        return shorter.into_iter().collect();
    }
    let (from, to) = chance.pick(&fitting);
    capitalised(&lower.replacen(from, to, 1))
}

/// Without accents and ligatures; case stays.
pub(crate) fn without_accents(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        plain.push(match letter {
            'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ÿ' => 'y',
            'É' | 'È' | 'Ê' => 'E',
            'À' | 'Â' => 'A',
            'Î' => 'I',
            'Ô' => 'O',
            'Ç' => 'C',
            other => other,
        });
    }
    plain
}

/// The first letter of each part upper case, the others lower case.
pub(crate) fn capitalised(text: &str) -> String {
    let mut start = true;
    text.chars()
        .flat_map(|letter| {
            let upper = start;
            start = matches!(letter, ' ' | '-' | '\'');
            if upper { letter.to_uppercase().collect::<Vec<_>>() } else { letter.to_lowercase().collect() }
        })
        .collect()
}

/// One digit is another; a text without digits stays.
pub(crate) fn wrong_digit(text: &str, chance: &mut Chance) -> String {
    let mut marks: Vec<char> = text.chars().collect();
    // Not the first two: a prefix or a département would be noticed.
    let places: Vec<usize> = (2..marks.len()).filter(|place| marks[*place].is_ascii_digit()).collect();
    if let Some(place) = (!places.is_empty()).then(|| chance.pick(&places)) {
        let digit = marks[place].to_digit(10).unwrap_or(0);
        marks[place] = char::from_digit((digit + 1 + chance.below(9) as u32) % 10, 10).unwrap_or('0');
    }
    marks.into_iter().collect()
}

/// Day and month exchanged where that is a date, too.
pub(crate) fn day_month_swapped(date: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(date.year(), date.day(), date.month()).unwrap_or(date)
}

/// Another day, month or year, by one digit.
pub(crate) fn wrong_date_digit(date: NaiveDate, chance: &mut Chance) -> NaiveDate {
    let nearby = |value: u32, last: u32, chance: &mut Chance| {
        if value + 10 <= last && chance.happens(0.3) { value + 10 } else { value % last + 1 }
    };
    let (year, month, day) = (date.year(), date.month(), date.day());
    match chance.below(3) {
        0 => date.with_day(nearby(day, 28, chance)),
        1 => NaiveDate::from_ymd_opt(year, nearby(month, 12, chance), day.min(28)),
        _ => NaiveDate::from_ymd_opt(year - chance.pick(&[1, 2, 10, -1]), month, day.min(28)),
    }
    .unwrap_or(date)
}

/// With kinds of ways and saints shortened.
pub(crate) fn abbreviated(street: &str) -> String {
    ABBREVIATIONS.iter().fold(street.to_owned(), |text, (long, short)| {
        // Whole words only: `rue` must not shorten `Bellerue`.
        text.split(' ')
            .map(|word| match word.strip_prefix(long) {
                Some(rest) if rest.is_empty() || long.ends_with('-') => format!("{short}{rest}"),
                _ => word.to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    })
}

/// A key beside the letter's on the keyboard, in the letter's case.
fn beside(letter: char, chance: &mut Chance) -> char {
    let lower = letter.to_ascii_lowercase();
    let Some((row, place)) = KEYBOARD.iter().find_map(|row| row.find(lower).map(|place| (row, place))) else {
        return 'e';
    };
    let row = row.as_bytes();
    let place =
        if place == 0 || (place + 1 < row.len() && chance.happens(0.5)) { place + 1 } else { place - 1 };
    let struck = char::from(row[place]);
    if letter.is_uppercase() { struck.to_ascii_uppercase() } else { struck }
}

#[cfg(test)]
mod tests;
