//! Similarity of strings: fast on what names mostly are, right on the rest.

/// Jaro-Winkler similarity in [0, 1], as `strsim` computes it (prefix weight 0.1,
/// up to four characters, from a similarity of 0.7 on).
///
/// The shorter string is always taken first: Jaro's greedy matching can find
/// fewer matches from the other side, and comparisons have to be symmetric.
///
/// No allocation for ASCII up to 64 bytes, which is what folded names are.
///
/// Source: Winkler, "String Comparator Metrics and Enhanced Decision Rules in
/// the Fellegi-Sunter Model of Record Linkage", ASA 1990. The bit-parallel
/// matching follows the idea of Max Bachmann's RapidFuzz.
pub(super) fn jaro_winkler(left: &str, right: &str) -> f64 {
    let (first, second) =
        if (left.len(), left) <= (right.len(), right) { (left, right) } else { (right, left) };
    if second.len() <= 64 && first.is_ascii() && second.is_ascii() {
        short_ascii_jaro_winkler(first.as_bytes(), second.as_bytes())
    } else {
        strsim::jaro_winkler(first, second)
    }
}

/// Whether one keystroke turns one string into the other: a character more, less,
/// other, or two neighbours exchanged (Damerau-Levenshtein distance 1).
pub(crate) fn is_one_edit_apart(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        is_one_edit(left.as_bytes(), right.as_bytes())
    } else {
        is_one_edit(&left.chars().collect::<Vec<_>>(), &right.chars().collect::<Vec<_>>())
    }
}

/// `second` is at least as long as `first` and has at most 64 bytes.
fn short_ascii_jaro_winkler(first: &[u8], second: &[u8]) -> f64 {
    if first.is_empty() {
        return if second.is_empty() { 1.0 } else { 0.0 };
    }
    // Where each byte stands in `second`, as bits.
    let mut places = [0_u64; 128];
    for (place, byte) in second.iter().enumerate() {
        places[usize::from(*byte)] |= 1 << place;
    }
    let range = (second.len() / 2).saturating_sub(1);
    let (mut taken_first, mut taken_second) = (0_u64, 0_u64);
    for (place, byte) in first.iter().enumerate() {
        let from = u64::MAX << place.saturating_sub(range).min(63);
        let until = u64::MAX >> (63 - (place + range).min(63));
        let free = places[usize::from(*byte)] & from & until & !taken_second;
        taken_second |= free & free.wrapping_neg();
        taken_first |= u64::from(free != 0) << place;
    }
    let matches = taken_first.count_ones();
    if matches == 0 {
        return 0.0;
    }
    let mut misplaced = 0;
    let mut rest = taken_second;
    for (place, byte) in first.iter().enumerate() {
        if taken_first >> place & 1 == 1 {
            misplaced += u32::from(second[rest.trailing_zeros() as usize] != *byte);
            rest &= rest - 1;
        }
    }
    let m = f64::from(matches);
    let in_order = f64::from(matches - misplaced / 2);
    let jaro = (m / first.len() as f64 + m / second.len() as f64 + in_order / m) / 3.0;
    if jaro <= 0.7 {
        return jaro;
    }
    let prefix = first.iter().zip(second).take(4).take_while(|(left, right)| left == right).count();
    jaro + 0.1 * prefix as f64 * (1.0 - jaro)
}

fn is_one_edit<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let before = short.iter().zip(long).take_while(|(left, right)| left == right).count();
    let (short, long) = (&short[before..], &long[before..]);
    let after = short.iter().rev().zip(long.iter().rev()).take_while(|(left, right)| left == right).count();
    let (short, long) = (&short[..short.len() - after], &long[..long.len() - after]);
    match (short, long) {
        ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
