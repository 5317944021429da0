use proptest::prelude::*;

use super::*;

fn found(patterns: &[&[u8]], text: &[u8], alphabet: Alphabet) -> Vec<(usize, usize)> {
    let index = GramIndex::new(
        patterns
            .iter()
            .map(|pattern| Pattern { value: pattern.len() % 3, bytes: Box::from(*pattern) })
            .collect(),
        alphabet,
    );
    let mut found = Vec::new();
    index.search(text, |pattern, at| found.push((at, pattern)));
    found.sort_unstable();
    found
}

/// An automaton as oracle.
fn found_otherwise(patterns: &[&[u8]], text: &[u8]) -> Vec<(usize, usize)> {
    let automaton = aho_corasick::AhoCorasick::new(patterns).expect("few patterns");
    let mut found: Vec<_> = automaton
        .find_overlapping_iter(text)
        .map(|found| (found.start(), found.pattern().as_usize()))
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn nothing_is_searched_for_nothing() {
    assert_eq!(found(&[], b"anything", Alphabet::Squeezed), []);
}

proptest! {
    #[test]
    fn every_occurrence_is_found_once(
        patterns in prop::collection::hash_set(prop::collection::vec(b'a'..=b'c', SHORTEST..12), 1..8),
        text in prop::collection::vec(b'a'..=b'c', 0..400),
    ) {
        let patterns: Vec<&[u8]> = patterns.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(found(&patterns, &text, Alphabet::Squeezed), found_otherwise(&patterns, &text));
        let patterns: Vec<&[u8]> = patterns.into_iter().filter(|pattern| pattern.len() > SHORTEST).collect();
        prop_assert_eq!(found(&patterns, &text, Alphabet::Bytes), found_otherwise(&patterns, &text));
    }
}
