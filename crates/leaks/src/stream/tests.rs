use std::io::Read;

use proptest::prelude::*;

use super::*;
use crate::corpus::payload::{self, NAME, PHONE};
use crate::matcher::Matcher;
use crate::report::Encoding;
use crate::values::Values;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_value_across_blocks_is_found_once_however_the_bytes_come(
        payload in prop::sample::select(
            payload::all().into_iter().filter(|payload| payload.encoding != Encoding::Hash).collect::<Vec<_>>()),
        boundary in prop::sample::select(vec![BLOCK, BLOCK - OVERLAP, 2 * BLOCK - OVERLAP, BLOCK - MARGIN]),
        before in 0..40_usize,
        cuts in prop::collection::vec(0..3 * BLOCK, 0..6),
        is_copied in any::<bool>(),
    ) {
        let matcher = Matcher::new(&Values::from_texts([NAME, PHONE]));
        let mut searcher = Searcher::new(&matcher);
        let mut text = vec![b'.'; boundary - before];
        text.extend_from_slice(&payload.bytes);
        text.resize(3 * BLOCK, b'.');
        let expected: Vec<_> =
            searcher.search(&text).iter().map(|hit| (hit.value, hit.encoding, hit.start as u64)).collect();
        prop_assert!(!expected.is_empty());
        let mut cuts = [cuts, vec![0, text.len()]].concat();
        cuts.sort_unstable();
        let mut found = Vec::new();
        let mut stream = Stream::default();
        for (number, cut) in cuts.windows(2).enumerate() {
            let mut piece = &text[cut[0]..cut[1]];
            let mut told = |hit: Hit, start| found.push((hit.value, hit.encoding, start));
            // Every other piece is written to where the stream has room.
            while !piece.is_empty() && is_copied == number.is_multiple_of(2) {
                let read = piece.read(stream.room()).expect("a slice");
                stream.take(&mut searcher, read, &mut told);
            }
            stream.feed(&mut searcher, piece, &mut told);
        }
        stream.finish(&mut searcher, &mut |hit, start| found.push((hit.value, hit.encoding, start)));
        prop_assert_eq!(found, expected);
    }
}
