use super::*;

const OLDER: FormerProfile = FormerProfile { profile: ProfileId(90), created_at: 1 };
const YOUNGER: FormerProfile = FormerProfile { profile: ProfileId(10), created_at: 2 };
const NOW: i64 = 3;

fn records(ids: &[u128]) -> Vec<RecordId> {
    ids.iter().copied().map(RecordId).collect()
}

fn former(older: &[u128], younger: &[u128]) -> HashMap<RecordId, FormerProfile> {
    let of = |ids: &[u128], profile| records(ids).into_iter().map(move |record| (record, profile)).collect();
    let mut all: HashMap<_, _> = of(older, OLDER);
    all.extend::<HashMap<_, _>>(of(younger, YOUNGER));
    all
}

#[test]
fn an_unchanged_cluster_keeps_its_id() {
    let assigned = assign(&[records(&[1, 2])], &former(&[1, 2], &[]), NOW);
    assert_eq!(assigned.profiles, [OLDER]);
    assert_eq!(assigned.changes, []);
}

#[test]
fn a_new_record_joins_without_a_change_of_id() {
    let assigned = assign(&[records(&[1, 2, 7])], &former(&[1, 2], &[]), NOW);
    assert_eq!(assigned.profiles, [OLDER]);
    assert_eq!(assigned.changes, []);
}

#[test]
fn on_a_merge_the_oldest_profile_keeps_its_id() {
    let assigned = assign(&[records(&[1, 2, 3])], &former(&[1], &[2, 3]), NOW);
    assert_eq!(assigned.profiles, [OLDER]);
    let merge = Change::Merge { profile: OLDER.profile, other: YOUNGER.profile };
    assert_eq!(assigned.changes, [merge]);
}

#[test]
fn on_a_split_the_largest_part_keeps_the_id_and_the_other_gets_a_new_one() {
    let assigned = assign(&[records(&[1]), records(&[2, 3])], &former(&[1, 2, 3], &[]), NOW);
    assert_eq!(assigned.profiles[1], OLDER);
    let other = assigned.profiles[0];
    assert_eq!(other.created_at, NOW);
    assert_ne!(other.profile, OLDER.profile);
    assert_eq!(assigned.changes, [Change::Split { profile: OLDER.profile, other: other.profile }]);
}

#[test]
fn of_two_equal_parts_the_one_with_the_lowest_record_keeps_the_id_in_either_order() {
    let (low, high) = (records(&[1, 4]), records(&[2, 3]));
    for (clusters, keeper) in [([low.clone(), high.clone()], 0), ([high, low], 1)] {
        let assigned = assign(&clusters, &former(&[1, 2, 3, 4], &[]), NOW);
        assert_eq!(assigned.profiles[keeper], OLDER);
    }
}

#[test]
fn a_record_that_moves_from_one_profile_to_another_is_a_split_and_both_keep_their_ids() {
    let clusters = [records(&[1, 2]), records(&[3, 4, 5])];
    let assigned = assign(&clusters, &former(&[1, 2, 3], &[4, 5]), NOW);
    assert_eq!(assigned.profiles, [OLDER, YOUNGER]);
    assert_eq!(assigned.changes, [Change::Split { profile: OLDER.profile, other: YOUNGER.profile }]);
}
