use SurvivorRule::{Longest, MostFrequent, MostRecent, SelfDeclared, SourcePriority};
use proptest::prelude::*;
use vermeil_model::RecordId;

use super::*;

/// Street, postal code, city, country; the first two are the core.
const CORE: [bool; 4] = [true, true, false, false];
const RULES: [SurvivorRule; 5] = [MostRecent, MostFrequent, SourcePriority, SelfDeclared, Longest];

type Values<'a> = [&'a str; 4];

/// An empty value is none.
fn address(values: Values<'_>, source_rank: u32, observed_at: i64, record: u128) -> GroupCandidate<'_> {
    GroupCandidate {
        values: values.into_iter().map(|value| (!value.is_empty()).then_some(value)).collect(),
        source_rank,
        stated_by: StatedBy::Others,
        observed_at: Some(observed_at),
        record: RecordId(record),
    }
}

/// Checks whose address survives by which rule, in every order of the candidates.
#[track_caller]
fn check(rule: SurvivorRule, candidates: &[GroupCandidate], record: u128, used: SurvivorRule) {
    for turn in 0..candidates.len() {
        let mut turned = candidates.to_vec();
        turned.rotate_left(turn);
        let chosen = choose(rule, &CORE, &turned).expect("there are candidates");
        assert_eq!((turned[chosen.index].record, chosen.rule), (RecordId(record), used));
    }
}

const LILLE: Values = ["3 rue Basse", "59000", "Lille", "FR"];
const LYON: Values = ["8 quai Sarrail", "69006", "Lyon", ""];

#[test]
fn the_most_recent_address_survives_whole() {
    check(MostRecent, &[address(LILLE, 0, 1, 1), address(LYON, 5, 9, 2)], 2, MostRecent);
}

#[test]
fn a_country_alone_is_no_address_however_recent_or_trusted() {
    let country = address(["", "", "", "BE"], 0, 99, 3);
    for rule in RULES {
        let used = if rule == SelfDeclared { MostRecent } else { rule };
        check(rule, &[address(LILLE, 4, 1, 1), country.clone()], 1, used);
    }
    check(MostRecent, &[address(["", "", "Mons", ""], 0, 1, 1), country], 3, MostRecent);
}

#[test]
fn a_new_postal_code_is_a_new_address_and_takes_no_street_of_the_old_one() {
    check(MostRecent, &[address(LILLE, 0, 1, 1), address(["", "69006", "", ""], 0, 9, 2)], 2, MostRecent);
}

#[test]
fn a_part_of_an_address_that_is_known_in_full_stands_for_the_whole() {
    let candidates = [address(LILLE, 0, 1, 1), address(["", "59 000", "LILLE", ""], 0, 9, 2)];
    // Another writing is another value here; codes are not normalised.
    check(MostRecent, &candidates, 2, MostRecent);
    let candidates = [address(LILLE, 0, 1, 1), address(["", "59000", "LILLE", ""], 0, 9, 2)];
    check(MostRecent, &candidates, 1, MostRecent);
    // Of two that could be meant, the later.
    let moved = address(["5 rue Haute", "59000", "Lille", "FR"], 0, 4, 3);
    check(MostRecent, &[candidates[0].clone(), candidates[1].clone(), moved], 3, MostRecent);
}

#[test]
fn of_one_moment_the_fullest_survives() {
    check(MostRecent, &[address(LYON, 0, 7, 1), address(LILLE, 1, 7, 2)], 2, MostRecent);
}

#[test]
fn the_address_that_most_records_have_survives_whatever_its_writing() {
    let candidates = [
        address(["3, RUE BASSE", "59000", "LILLE", "FR"], 0, 1, 1),
        address(LILLE, 0, 2, 2),
        address(LYON, 0, 9, 3),
    ];
    check(MostFrequent, &candidates, 2, MostFrequent);
}

#[test]
fn the_trusted_source_is_completed_by_itself_alone() {
    let part = address(["", "59000", "", ""], 0, 9, 1);
    check(SourcePriority, &[part.clone(), address(LILLE, 1, 1, 2)], 1, SourcePriority);
    check(SourcePriority, &[part, address(LILLE, 0, 1, 2)], 2, SourcePriority);
}

#[test]
fn what_people_say_of_themselves_is_completed_by_themselves_alone() {
    let own =
        |values, record| GroupCandidate { stated_by: StatedBy::Oneself, ..address(values, 3, 2, record) };
    let part = own(["", "59000", "", ""], 1);
    check(SelfDeclared, &[part.clone(), address(LILLE, 0, 9, 2)], 1, SelfDeclared);
    check(SelfDeclared, &[part, own(LILLE, 2)], 2, SelfDeclared);
}

#[test]
fn nothing_survives_of_nothing() {
    assert!(choose(MostRecent, &CORE, &[]).is_none());
    assert!(choose(MostRecent, &CORE, &[address([""; 4], 0, 1, 1)]).is_none());
}

fn any_address() -> impl Strategy<Value = (Vec<Option<String>>, u32, bool, Option<i64>)> {
    let value = prop::option::of("[ab]{1,2}");
    (prop::collection::vec(value, 4), 0_u32..3, any::<bool>(), prop::option::of(0_i64..4))
}

proptest! {
    #[test]
    fn the_order_of_records_never_matters_and_a_core_beats_none(
        addresses in prop::collection::vec(any_address(), 1..8),
        turn in 0_usize..8,
        rule in 0_usize..5,
    ) {
        let candidates: Vec<GroupCandidate> = (1..)
            .zip(&addresses)
            .map(|(record, (values, source_rank, own, observed_at))| GroupCandidate {
                values: values.iter().map(Option::as_deref).collect(),
                source_rank: *source_rank,
                stated_by: if *own { StatedBy::Oneself } else { StatedBy::Others },
                observed_at: *observed_at,
                record: RecordId(record),
            })
            .collect();
        let chosen = choose(RULES[rule], &CORE, &candidates);
        let has_core = |candidate: &GroupCandidate| candidate.values[..2].iter().any(Option::is_some);
        let is_empty = |candidate: &GroupCandidate| candidate.values.iter().all(Option::is_none);
        match &chosen {
            Some(survivor) => {
                let chosen = &candidates[survivor.index];
                prop_assert!(!is_empty(chosen));
                prop_assert!(has_core(chosen) || !candidates.iter().any(has_core));
                // Nothing that was offered says as much and more.
                let alike = |other: &&GroupCandidate| {
                    other.source_rank == chosen.source_rank && other.stated_by == chosen.stated_by
                };
                prop_assert!(!candidates.iter().filter(alike).any(|other| is_part_of(chosen, other)));
            }
            None => prop_assert!(candidates.iter().all(is_empty)),
        }
        let mut turned = candidates.clone();
        turned.rotate_left(turn % candidates.len());
        turned.reverse();
        let again = choose(RULES[rule], &CORE, &turned);
        let record = |survivor: Option<Survivor>, all: &[GroupCandidate]| {
            survivor.map(|survivor| (all[survivor.index].record, survivor.rule))
        };
        prop_assert_eq!(record(chosen, &candidates), record(again, &turned));
    }
}
