use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::{Row, plan, store, town, town_store};

fn found(pairs: impl Iterator<Item = Pair>) -> Vec<(u32, u32)> {
    pairs.map(|pair| (pair.left.0, pair.right.0)).collect()
}

#[track_caller]
fn check(rules: &[&str], rows: &[Row], max_block_pairs: u64, expected: &[(u32, u32)]) {
    let plan = plan(rules);
    let blocks = Blocks::build(&store(&plan, rows), &plan, max_block_pairs, &[]);
    let mut pairs = found(blocks.pairs());
    pairs.sort_unstable();
    assert_eq!(pairs, expected);
}

#[test]
fn records_that_agree_on_every_key_of_a_rule_are_a_pair() {
    check(
        &["family_name:phonetic + birth_date:year"],
        &[
            (1, &[("family_name", "Dupont"), ("birth_date", "1984-07-03")]),
            (2, &[("family_name", "Dupond"), ("birth_date", "1984-11-26")]),
            (3, &[("family_name", "Dupond"), ("birth_date", "1951-11-26")]),
        ],
        100,
        &[(0, 1)],
    );
}

#[test]
fn missing_values_make_no_key() {
    let row: &[(&str, &str)] = &[("family_name", "Dupont")];
    check(&["family_name + birth_date"], &[(1, row), (2, row)], 100, &[]);
}

#[test]
fn any_of_two_phone_numbers_makes_a_pair_and_makes_it_once() {
    let one = [("phone", "0123456789"), ("mobile", "0612345678")];
    let other = [("phone", "0612345678"), ("mobile", "0123456789")];
    check(
        &["phone", "mobile"],
        &[(1, &one), (2, &other), (3, &[("mobile", "0123456789")])],
        100,
        &[(0, 1), (0, 2), (1, 2)],
    );
}

#[test]
fn a_pair_that_two_rules_find_comes_once() {
    let row: &[(&str, &str)] = &[("email", "a@x.fr"), ("family_name", "Dupont")];
    check(&["email", "family_name"], &[(1, row), (2, row)], 100, &[(0, 1)]);
}

#[test]
fn a_block_that_is_too_large_is_reported_and_hides_no_pair_of_a_later_rule() {
    let rows: [Row; 3] = [
        (1, &[("city", "Nice"), ("email", "a@x.fr")]),
        (2, &[("city", "Nice")]),
        (3, &[("city", "Nice"), ("email", "a@x.fr")]),
    ];
    // Neighbours meet in the large block, the first and the third by their address.
    check(&["city", "email"], &rows, 2, &[(0, 1), (0, 2), (1, 2)]);
    let plan = plan(&["city", "email"]);
    let blocks = Blocks::build(&store(&plan, &rows), &plan, 2, &[]);
    assert_eq!(blocks.oversized(), [OversizedBlock { rule: 0, blocks: 1, records: 3, pairs: 3 }]);
}

#[test]
fn of_a_block_that_is_too_large_those_are_compared_that_agree_on_one_more_field() {
    let people: Vec<(u128, [(&str, &str); 2])> = (0..40)
        .map(|number| {
            (
                number,
                [("city", "Nice"), ("given_name", ["Agathe", "Bruno", "Zoe", "Yann"][number as usize % 4])],
            )
        })
        .collect();
    let rows: Vec<Row> = people.iter().map(|(number, row)| (*number, row.as_slice())).collect();
    let plan = plan(&["city"]);
    let blocks = Blocks::build(&store(&plan, &rows), &plan, 100, &[]);
    let pairs: BTreeSet<(u32, u32)> = found(blocks.pairs()).into_iter().collect();
    for (left, right) in (0..40).flat_map(|left| (left + 1..40).map(move |right| (left, right))) {
        let is_near = right - left <= 2;
        assert_eq!(pairs.contains(&(left, right)), left % 4 == right % 4 || is_near, "{left} and {right}");
    }
}

#[test]
fn any_number_of_equal_records_is_compared_with_neighbours_in_the_end() {
    let row: &[(&str, &str)] = &[("city", "Nice"), ("given_name", "Agathe"), ("email", "a@x.fr")];
    let rows: Vec<Row> = (0..20_000).map(|number| (number, row)).collect();
    let plan = plan(&["city", "email"]);
    let blocks = Blocks::build(&store(&plan, &rows), &plan, 50_000, &[]);
    let pairs = found(blocks.pairs());
    assert!(pairs.len() < 400_000, "{} pairs", pairs.len());
    let pairs: BTreeSet<(u32, u32)> = pairs.into_iter().collect();
    assert!((1..20_000).all(|right| pairs.contains(&(right - 1, right))));
}

#[test]
fn words_in_another_order_agree_when_sorted() {
    check(
        &["full_name:sorted_words"],
        &[
            (1, &[("given_name", "Agathe"), ("family_name", "Verrier")]),
            (2, &[("given_name", "Verrier"), ("family_name", "Agathe")]),
        ],
        100,
        &[(0, 1)],
    );
}

#[test]
fn drawn_pairs_are_candidates_and_all_that_there_are_where_they_are_few() {
    // Rules that find pairs twice, and groups so large that records meet their neighbours only.
    let plan = plan(&["city", "family_name", "birth_date:year"]);
    for max_block_pairs in [40, 1_000_000] {
        let blocks = Blocks::build(&town_store(&plan, &town(120)), &plan, max_block_pairs, &[]);
        let all = found(blocks.pairs());
        let set: BTreeSet<(u32, u32)> = all.iter().copied().collect();
        assert_eq!(found(blocks.sample(u64::MAX, 1)), all);
        let drawn = found(blocks.sample(200, 1));
        assert!((50..=200).contains(&drawn.len()), "{}", drawn.len());
        assert!(drawn.iter().all(|pair| set.contains(pair)));
        let of_rules = (0..3).flat_map(|rule| found(blocks.sample_of_rule(rule, 50, 7)));
        assert!(of_rules.collect::<BTreeSet<_>>().is_subset(&set));
    }
}

#[test]
fn pairs_of_a_group_are_numbered_without_gaps() {
    for (records, window) in [(2, 1), (5, 4), (5, 3), (9, 2), (40, 39), (40, 11)] {
        let group = Group { rule: 0, window, start: 3, end: 3 + records };
        let places: Vec<(usize, usize)> = (0..group.pairs()).map(|pair| group.places_of(pair)).collect();
        let pairs_of =
            |left| (left + 1..records.min(left + 1 + window as usize)).map(move |right| (left, right));
        assert_eq!(places, (0..records).flat_map(pairs_of).collect::<Vec<_>>(), "{records}, {window}");
    }
}

#[test]
fn partitions_hold_every_pair_once_whatever_their_number() {
    let plan = plan(&["family_name:phonetic", "given_name", "birth_date:year"]);
    let blocks = Blocks::build(&town_store(&plan, &town(60)), &plan, 1_000_000, &[]);
    let whole = found(blocks.pairs());
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());
    for partitions in [1, 2, 3, 7, 1000] {
        let parts: Vec<_> =
            (0..partitions).flat_map(|partition| found(blocks.partition(partition, partitions))).collect();
        assert_eq!(parts, whole, "{partitions} partitions");
    }
}

proptest! {
    #[test]
    fn pairs_are_those_of_comparing_all_with_all(
        values in prop::collection::vec(([0_u8..4, 0..4, 0..3], [0_u8..3, 0..3]), 0..24),
        max_block_pairs in 1_u64..30,
    ) {
        // 0 stands for no value.
        let text = |prefix: &str, value: u8| if value == 0 { String::new() } else { format!("{prefix}{value}") };
        let phone = |value: u8| if value == 0 { String::new() } else { format!("061234567{value}") };
        let rows: Vec<Vec<(&str, String)>> = values.iter().map(|([email, city, id], [one, two])| vec![
            ("email", text("a@x", *email)), ("city", text("city", *city)), ("national_id", text("id", *id)),
            ("phone", phone(*one)), ("mobile", phone(*two)),
        ]).collect();
        let borrowed: Vec<Vec<(&str, &str)>> =
            rows.iter().map(|row| row.iter().map(|(field, value)| (*field, value.as_str())).collect()).collect();
        let rows: Vec<Row> = borrowed.iter().enumerate().map(|(id, row)| (id as u128, row.as_slice())).collect();
        let plan = plan(&["email", "phone", "city + national_id"]);
        let blocks = Blocks::build(&store(&plan, &rows), &plan, max_block_pairs, &[]);

        // Every group of every rule, by comparing values rather than hashes.
        let value = |record: usize, field: usize| borrowed[record][field].1;
        let keys = |record: usize, rule: usize| -> BTreeSet<String> {
            let keys = match rule {
                0 => vec![value(record, 0).to_owned()],
                1 => vec![value(record, 3).to_owned(), value(record, 4).to_owned()],
                _ if value(record, 1).is_empty() || value(record, 2).is_empty() => Vec::new(),
                _ => vec![format!("{} {}", value(record, 1), value(record, 2))],
            };
            keys.into_iter().filter(|key| !key.is_empty()).collect()
        };
        let (mut due, mut allowed) = (BTreeSet::new(), BTreeSet::new());
        for rule in 0..3 {
            let all: BTreeSet<String> = (0..borrowed.len()).flat_map(|record| keys(record, rule)).collect();
            for key in all {
                let members: Vec<u32> =
                    (0..borrowed.len()).filter(|record| keys(*record, rule).contains(&key)).map(|r| r as u32).collect();
                let pairs = members.len() as u64 * (members.len() as u64 - 1) / 2;
                for (place, left) in members.iter().enumerate() {
                    let of_left = members[place + 1..].iter().map(|right| (*left, *right));
                    allowed.extend(of_left.clone());
                    if pairs <= max_block_pairs {
                        due.extend(of_left);
                    }
                }
            }
        }
        let pairs = found(blocks.pairs());
        let distinct: BTreeSet<(u32, u32)> = pairs.iter().copied().collect();
        prop_assert_eq!(pairs.len(), distinct.len());
        prop_assert!(due.is_subset(&distinct));
        prop_assert!(distinct.is_subset(&allowed));
    }
}
