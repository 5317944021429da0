use super::*;
use SurvivorRule::{Longest, MostFrequent, MostRecent, SelfDeclared, SourcePriority};

fn candidate(
    value: &str,
    source_rank: u32,
    stated_by: StatedBy,
    observed_at: Option<i64>,
    record: u128,
) -> Candidate<'_> {
    Candidate { value, source_rank, stated_by, observed_at, record: RecordId(record) }
}

fn from(value: &str, source_rank: u32, observed_at: i64, record: u128) -> Candidate<'_> {
    candidate(value, source_rank, StatedBy::Others, Some(observed_at), record)
}

/// Checks the value chosen and the rule given, in every order of the candidates.
#[track_caller]
fn check(rule: SurvivorRule, candidates: &[Candidate], value: &str, used: SurvivorRule) {
    for turn in 0..candidates.len() {
        let mut turned = candidates.to_vec();
        turned.rotate_left(turn);
        let chosen = choose(rule, &turned).expect("there are candidates");
        assert_eq!((turned[chosen.index].value, chosen.rule), (value, used));
    }
}

#[test]
fn the_most_recent_value_survives() {
    check(
        MostRecent,
        &[from("old", 0, 1, 1), from("new", 5, 9, 2), from("older", 0, 0, 3)],
        "new",
        MostRecent,
    );
}

#[test]
fn a_value_without_a_time_stands_before_any_other() {
    let unknown = candidate("unknown", 0, StatedBy::Others, None, 1);
    check(MostRecent, &[unknown, from("early", 9, -5, 2)], "early", MostRecent);
}

#[test]
fn ties_go_to_the_trusted_source_and_then_to_the_lower_record() {
    check(MostRecent, &[from("b", 1, 3, 1), from("a", 0, 3, 2)], "a", MostRecent);
    check(MostRecent, &[from("b", 1, 3, 8), from("a", 1, 3, 2)], "a", MostRecent);
}

#[test]
fn the_most_frequent_value_survives_whatever_its_writing() {
    let candidates = [
        from("VERRIER", 0, 1, 1),
        from("Verrier", 0, 2, 2),
        from("Verrier", 0, 1, 3),
        from("Moor", 0, 9, 4),
        from("Moor", 0, 8, 5),
    ];
    check(MostFrequent, &candidates, "Verrier", MostFrequent);
}

#[test]
fn the_trusted_source_survives() {
    check(
        SourcePriority,
        &[from("crm", 1, 9, 1), from("erp", 0, 1, 2), from("erp newer", 0, 2, 3)],
        "erp newer",
        SourcePriority,
    );
}

#[test]
fn what_people_say_of_themselves_survives() {
    let own = candidate("own", 7, StatedBy::Oneself, Some(1), 2);
    check(SelfDeclared, &[from("erp", 0, 9, 1), own], "own", SelfDeclared);
}

#[test]
fn where_nobody_spoke_the_most_recent_value_survives_and_the_rule_says_so() {
    check(SelfDeclared, &[from("old", 0, 1, 1), from("new", 0, 2, 2)], "new", MostRecent);
}

#[test]
fn the_longest_value_survives_by_characters() {
    check(Longest, &[from("ééé", 0, 1, 1), from("abcd", 0, 0, 2)], "abcd", Longest);
}

#[test]
fn nothing_survives_of_nothing() {
    assert!(choose(MostRecent, &[]).is_none());
}
