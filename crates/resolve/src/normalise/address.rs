//! Whole addresses in one text: which part is the street, the postal code, the town.
//!
//! Told by what most countries share: commas or line ends part an address, a postal code has digits and
//! stands behind the street, the town stands beside the code. Where that does not tell, nothing is said.

/// The parts of an address, as they are written.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressParts<'a> {
    /// The number and name of a way.
    pub street: Option<&'a str>,
    /// As the post of its country writes it.
    pub postal_code: Option<&'a str>,
    /// The town.
    pub city: Option<&'a str>,
}

/// Parts an address: `12 rue des Lilas, 75011 Paris`, `123 Main St, Las Vegas NV 89132`.
pub fn parts(raw: &str) -> AddressParts<'_> {
    let segments: Vec<&str> =
        raw.split([',', ';', '\n']).map(str::trim).filter(|segment| !segment.is_empty()).collect();
    let is_way = |segment: &&&str| has_digit(segment) && has_letters(segment) && !is_unit(segment);
    let way = segments.iter().find(is_way).or(segments.first()).copied();
    let Some(way) = way else { return AddressParts::default() };
    let code = segments.iter().rev().find_map(|segment| Some((*segment, code_in(segment, *segment == way)?)));
    let Some((segment, (begin, end))) = code else {
        // Without a code it is the last part but one at most: a country or a region may follow.
        let after = segments.iter().skip_while(|segment| **segment != way).nth(1).copied();
        return AddressParts {
            street: Some(way),
            city: after.filter(|text| !has_digit(text)),
            postal_code: None,
        };
    };
    let (before, after) = (segment[..begin].trim(), segment[end..].trim());
    let postal_code = Some(&segment[begin..end]);
    if segment == way {
        let city = Some(without_office(after)).filter(|city| is_town(city));
        return AddressParts { street: Some(before), postal_code, city };
    }
    let previous = segments.iter().take_while(|other| **other != segment).last().copied();
    let previous = previous.filter(|text| *text != way && !is_unit(text));
    let city = [Some(without_office(after)), Some(without_region(before)), previous];
    let city = city.into_iter().flatten().find(|text| is_town(text) && !has_digit(text));
    AddressParts { street: Some(way), postal_code, city }
}

/// Where the postal code of a segment stands: the last word that looks like one.
fn code_in(segment: &str, is_way: bool) -> Option<(usize, usize)> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut begin = 0;
    for word in segment.split(char::is_whitespace) {
        if !word.is_empty() {
            words.push((begin, word));
        }
        begin += word.len() + segment[begin + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    // In the part of the street the house number comes first, and a way follows it.
    let first = if is_way { 2 } else { 0 };
    (first..words.len()).rev().find_map(|place| {
        let (begin, word) = words[place];
        let end = begin + word.len();
        let before = place.checked_sub(1).filter(|before| *before >= first).map(|before| words[before]);
        match before {
            // `SW1A 1AA`, `1011 AB`, `114 55`.
            Some((start, half)) if is_code_of_two(half, word) => Some((start, end)),
            _ => is_code(word).then_some((begin, end)),
        }
    })
}

/// One word: four to six digits, or such with a country before or four more behind: `D-66879`, `89132-1234`.
fn is_code(word: &str) -> bool {
    let digits = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match word.split_once('-') {
        None => digits(word, 4, 6),
        Some((country, code)) if country.bytes().all(|byte| byte.is_ascii_uppercase()) => digits(code, 4, 6),
        Some((code, more)) => digits(code, 5, 5) && digits(more, 4, 4),
    }
}

/// Two words that are one code.
fn is_code_of_two(one: &str, other: &str) -> bool {
    let all = |text: &str, is: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(is);
    let is_british = (2..=4).contains(&one.len())
        && one.as_bytes()[0].is_ascii_uppercase()
        && one.bytes().any(|byte| byte.is_ascii_digit())
        && all(one, u8::is_ascii_alphanumeric)
        && other.len() == 3
        && other.as_bytes()[0].is_ascii_digit()
        && all(&other[1..], u8::is_ascii_uppercase);
    let is_dutch = one.len() == 4
        && all(one, u8::is_ascii_digit)
        && other.len() == 2
        && all(other, u8::is_ascii_uppercase);
    let is_swedish =
        one.len() == 3 && all(one, u8::is_ascii_digit) && other.len() == 2 && all(other, u8::is_ascii_digit);
    is_british || is_dutch || is_swedish
}

/// A town without the region's letters behind it: `Las Vegas NV`.
fn without_region(text: &str) -> &str {
    match text.rsplit_once(' ') {
        Some((town, region))
            if (2..=3).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            town.trim()
        }
        _ => text,
    }
}

/// A town without the number of its post office: `Paris Cedex 11`.
fn without_office(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    lower.find(" cedex").map_or(text, |place| text[..place].trim())
}

/// More than a region's letters.
fn is_town(text: &str) -> bool {
    has_letters(text) && !(text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// A part of a building: `Suite 900`, `Apt 4`, `#01-11`, `Bât. C`.
fn is_unit(segment: &str) -> bool {
    let first = segment.split([' ', '.']).next().unwrap_or_default().to_lowercase();
    segment.starts_with('#')
        || ["suite", "apt", "appt", "apartment", "appartement", "unit", "floor", "flat", "bat", "bât", "room"]
            .contains(&first.as_str())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn has_letters(text: &str) -> bool {
    text.chars().filter(|letter| letter.is_alphabetic()).count() > 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_parted_as_its_country_writes_it() {
        let cases = [
            ("12 rue des Lilas, 75011 Paris", "12 rue des Lilas", "75011", "Paris"),
            ("12 rue des Lilas 75011 Paris", "12 rue des Lilas", "75011", "Paris"),
            ("12 rue des Lilas\nBât. C\n75011 Paris Cedex 11", "12 rue des Lilas", "75011", "Paris"),
            ("10 Oak Lane, Springfield NV 89132", "10 Oak Lane", "89132", "Springfield"),
            ("10 Oak Lane, Springfield, NV 89132-1234, USA", "10 Oak Lane", "89132-1234", "Springfield"),
            ("Suite 900, 10 Oak Lane, Springfield", "10 Oak Lane", "", "Springfield"),
            ("10 High Street, London SW1A 1AA", "10 High Street", "SW1A 1AA", "London"),
            ("Hauptstr. 7, D-66879 Neustadt", "Hauptstr. 7", "D-66879", "Neustadt"),
            ("Hauptstr. 7, 66879 Neustadt, Deutschland", "Hauptstr. 7", "66879", "Neustadt"),
            ("Keizersgracht 5, 1011 AB Amsterdam", "Keizersgracht 5", "1011 AB", "Amsterdam"),
            ("4021 Elm Street", "4021 Elm Street", "", ""),
            ("3212 W. 32nd St Palm Harbor, FL 60527", "3212 W. 32nd St Palm Harbor", "60527", ""),
            ("", "", "", ""),
            (", ;", "", "", ""),
        ];
        for (raw, street, code, city) in cases {
            let found = parts(raw);
            let told = [found.street, found.postal_code, found.city].map(Option::unwrap_or_default);
            assert_eq!(told, [street, code, city], "{raw}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_parts_of_the_address(raw in "[0-9]{0,5} ?[A-Za-zé]{0,8}[ ,;]{0,2}[A-Z0-9é -]{0,12}[, ]{0,2}\\PC{0,9}") {
            let found = parts(&raw);
            for part in [found.street, found.postal_code, found.city].into_iter().flatten() {
                prop_assert!(raw.contains(part));
            }
        }
    }
}
