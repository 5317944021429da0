use super::*;

const CUSTOMER: Tag = Tag([1; 16]);
const OLD: Tag = Tag([2; 16]);
const NEW: Tag = Tag([3; 16]);

fn index(clock: SourceClock) -> LandingIndex {
    LandingIndex { records: AHashMap::new(), versions: (clock == SourceClock::Present).then(AHashSet::new) }
}

fn land(index: &mut LandingIndex, content: Tag, observed_at: Option<i64>) -> i64 {
    index.land(CUSTOMER, content, observed_at).version
}

fn begin_load(index: &mut LandingIndex) {
    index.records.values_mut().for_each(|known| known.seen_in_this_load = false);
}

#[track_caller]
fn check(index: &LandingIndex, content: Tag, observed_at: Option<i64>, verdict: Verdict) {
    assert_eq!(index.judge(CUSTOMER, content, observed_at), verdict);
}

#[test]
fn an_unknown_record_is_new_and_then_a_duplicate_within_its_load() {
    let mut index = index(SourceClock::Absent);
    check(&index, OLD, None, Verdict::New);
    assert_eq!(land(&mut index, OLD, None), 1);
    check(&index, OLD, None, Verdict::Duplicate);
}

#[test]
fn the_same_content_in_a_later_load_is_unchanged() {
    let mut index = index(SourceClock::Absent);
    land(&mut index, OLD, None);
    begin_load(&mut index);
    check(&index, OLD, None, Verdict::Unchanged);
}

#[test]
fn without_a_clock_another_content_in_a_later_load_is_a_new_version_even_if_it_was_there_before() {
    let mut index = index(SourceClock::Absent);
    land(&mut index, OLD, None);
    begin_load(&mut index);
    check(&index, NEW, None, Verdict::Changed);
    assert_eq!(land(&mut index, NEW, None), 2);
    begin_load(&mut index);
    check(&index, OLD, None, Verdict::Changed);
}

#[test]
fn without_a_clock_two_contents_in_one_load_conflict() {
    let mut index = index(SourceClock::Absent);
    land(&mut index, OLD, None);
    check(&index, NEW, None, Verdict::Conflicting);
}

#[test]
fn with_a_clock_two_contents_in_one_load_are_versions_and_neither_lands_again() {
    let mut index = index(SourceClock::Present);
    land(&mut index, NEW, Some(20));
    check(&index, OLD, Some(10), Verdict::Changed);
    assert_eq!(land(&mut index, OLD, Some(10)), 2);
    begin_load(&mut index);
    check(&index, NEW, Some(20), Verdict::Unchanged);
    check(&index, OLD, Some(10), Verdict::Unchanged);
}
