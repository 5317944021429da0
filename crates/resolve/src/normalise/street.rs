//! Streets: the number and name of a way.

use super::text::fold;

/// A street: folded, abbreviated ways written out.
pub fn way(raw: &str) -> String {
    let folded = fold(raw);
    if !folded.split(' ').any(|word| anywhere(word).is_some() || by_position(word).is_some()) {
        return folded;
    }
    let is_name = |word: &str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    // An abbreviation is written out as a few letters more.
    let mut written = String::with_capacity(folded.len() + 16);
    let mut follows_name = false;
    let mut words = folded.split(' ').peekable();
    while let Some(word) = words.next() {
        if !written.is_empty() {
            written.push(' ');
        }
        written.push_str(match by_position(word) {
            // After a name and with no name following, it is the kind of way.
            Some((_, after)) if follows_name && !words.peek().is_some_and(|next| is_name(next)) => after,
            Some((before, _)) => before,
            None => anywhere(word).unwrap_or(word),
        });
        follows_name |= is_name(word);
    }
    written
}

/// What abbreviations stand for that mean one thing wherever they stand.
fn anywhere(word: &str) -> Option<&'static str> {
    Some(match word.as_bytes() {
        b"r" => "rue",
        b"bd" | b"bld" | b"blvd" | b"boul" => "boulevard",
        b"av" | b"ave" => "avenue",
        b"pl" => "place",
        b"ch" | b"che" | b"chem" => "chemin",
        b"imp" => "impasse",
        b"rte" => "route",
        b"all" => "allee",
        b"crs" => "cours",
        b"fg" | b"fbg" => "faubourg",
        b"pass" => "passage",
        b"res" => "residence",
        b"bat" => "batiment",
        b"ste" => "sainte",
        b"gal" => "general",
        b"mal" => "marechal",
        b"sq" => "square",
        b"rd" => "road",
        b"ln" => "lane",
        b"gdns" => "gardens",
        b"cres" => "crescent",
        b"hwy" => "highway",
        b"pde" => "parade",
        b"pkwy" => "parkway",
        b"apt" => "appartement",
        _ => return None,
    })
}

/// What abbreviations stand for that mean one thing before a name and another after it:
/// `St Michael's St`, `rue du Dr Roux`, `Oak Dr`.
fn by_position(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word.as_bytes() {
        b"st" => ("saint", "street"),
        b"dr" => ("docteur", "drive"),
        b"ct" => ("court", "court"),
        _ => return None,
    })
}
