//! Pages of keys as ranges: a query that reads a whole table names one range, not
//! a hundred thousand pages.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// More ranges than this are not written: the closest ones are joined.
const MAX_RANGES: usize = 1024;

/// Pages of keys, as ranges that include both ends, rising, apart from each other.
///
/// At most 1,024 of them. Where pages are scattered more widely, ranges with the
/// smallest gaps are joined: then a page may be named that was not read, but none
/// that was read is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageRanges(Vec<(i64, i64)>);

impl PageRanges {
    /// The ranges.
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// Whether `page` lies in one of the ranges.
    pub fn contains(&self, page: i64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= page);
        after.checked_sub(1).is_some_and(|position| page <= self.0[position].1)
    }

    fn join_closest(&mut self) {
        let Some(surplus) = self.0.len().checked_sub(MAX_RANGES).filter(|surplus| *surplus > 0) else {
            return;
        };
        let mut gaps: Vec<(i64, usize)> =
            self.0.windows(2).zip(0..).map(|(pair, position)| (pair[1].0 - pair[0].1, position)).collect();
        gaps.sort_unstable();
        let closed: BTreeSet<usize> = gaps[..surplus].iter().map(|(_, position)| *position).collect();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(MAX_RANGES);
        for (position, range) in self.0.iter().enumerate() {
            match joined.last_mut().filter(|_| position > 0 && closed.contains(&(position - 1))) {
                Some(last) => last.1 = range.1,
                None => joined.push(*range),
            }
        }
        self.0 = joined;
    }
}

impl FromIterator<i64> for PageRanges {
    fn from_iter<I: IntoIterator<Item = i64>>(pages: I) -> Self {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        let mut pages: Vec<i64> = pages.into_iter().collect();
        pages.sort_unstable();
        for page in pages {
            match ranges.last_mut().filter(|(_, last)| page <= last.saturating_add(1)) {
                Some((_, last)) => *last = page,
                None => ranges.push((page, page)),
            }
        }
        let mut ranges = Self(ranges);
        ranges.join_closest();
        ranges
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pages: &[i64], ranges: &[(i64, i64)]) {
        assert_eq!(pages.iter().copied().collect::<PageRanges>().ranges(), ranges);
    }

    #[test]
    fn neighbours_are_one_range() {
        check(&[], &[]);
        check(&[4], &[(4, 4)]);
        check(&[3, 1, 2, 2, 7, 9, 8], &[(1, 3), (7, 9)]);
        check(&[i64::MAX, i64::MAX - 1], &[(i64::MAX - 1, i64::MAX)]);
    }

    #[test]
    fn scattered_pages_are_joined_where_they_are_closest() {
        // Every second page, and one far away: the far one keeps its own range.
        let pages: PageRanges = (0..5000).map(|page| page * 2).chain([1_000_000]).collect();
        assert_eq!(pages.ranges().len(), MAX_RANGES);
        assert_eq!(pages.ranges().last(), Some(&(1_000_000, 1_000_000)));
    }

    proptest! {
        #[test]
        fn no_page_is_missing(pages in prop::collection::vec(0_i64..1_000_000, 0..3000)) {
            let ranges: PageRanges = pages.iter().copied().collect();
            prop_assert!(ranges.ranges().len() <= MAX_RANGES);
            prop_assert!(ranges.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            prop_assert!(pages.iter().all(|page| ranges.contains(*page)));
        }

        #[test]
        fn where_they_fit_no_page_is_named_that_was_not_read(pages in prop::collection::btree_set(0_i64..2000, 0..900)) {
            let ranges: PageRanges = pages.iter().copied().collect();
            prop_assert!((0..2000).all(|page| ranges.contains(page) == pages.contains(&page)));
        }
    }
}
