//! Runs: merged by steps, beside others, and cut off.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::blind_index::entries;
use crate::blind_index::merge::Left;

/// The runs of a status, whatever their generation.
async fn runs(state: &StateDatabase, status: &'static str) -> i64 {
    let count = sql::query_scalar("SELECT COUNT(*) FROM blind_index_runs WHERE status = $1");
    count.bind(status).fetch_one(state.readers()).await.unwrap()
}

/// Writes as many runs as are merged, and merges none: entry `n` of run `r` has tag `n`, record `r`.
async fn write_a_full_tier(fixture: &Fixture, entries: u32) {
    for run in 0..FAN_IN as i64 {
        let entries: Vec<IndexEntry> = (0..entries)
            .map(|number| entry(number, u128::from(run.cast_unsigned()), run + 1, (number % 256) as u16))
            .collect();
        fixture.state.write_index_run(1, &entries).await.unwrap();
    }
}

#[tokio::test]
async fn runs_stay_few_however_many_are_added() {
    let fixture = fixture().await;
    for number in 0..200 {
        fixture.state.add_index_entries(1, vec![entry(number, 10, 1, 0)]).await.unwrap();
        assert!(runs(&fixture.state, "live").await < FAN_IN as i64);
    }
    let numbers: Vec<u32> = (0..200).collect();
    assert_eq!(found(&fixture, &numbers).await.len(), 200);
    assert_eq!(runs(&fixture.state, "retired").await + runs(&fixture.state, "merging").await, 0);
}

#[tokio::test]
async fn a_merge_that_was_cut_off_at_any_step_is_completed_by_the_next_addition() {
    // Several steps of 400,000 entries.
    let entries_in_each = 60_000;
    let sampled: Vec<u32> = (0..entries_in_each).step_by(5999).collect();
    for steps in 0.. {
        let fixture = fixture().await;
        write_a_full_tier(&fixture, entries_in_each).await;
        let expected = found(&fixture, &sampled).await;
        assert_eq!(expected.len(), sampled.len() * FAN_IN);
        for _ in 0..steps {
            fixture.state.merge_index_runs_step(1).await.unwrap();
        }
        let is_over = runs(&fixture.state, "live").await == 1;
        assert_eq!(found(&fixture, &sampled).await, expected, "after {steps} steps");
        // What is erased in the middle is found neither then nor later, on either side.
        let erased = KeyLocation { page: 3, slot: 0 };
        fixture.state.delete_index_entries(&[erased]).await.unwrap();
        let kept: Vec<IndexEntry> = expected.iter().copied().filter(|entry| entry.key != erased).collect();
        assert!(kept.len() < expected.len());
        let fixture = fixture.reopened().await;
        assert_eq!(found(&fixture, &sampled).await, kept, "after {steps} steps and an erasure");
        fixture.state.add_index_entries(1, vec![entry(u32::MAX, 99, 99, 0)]).await.unwrap();
        assert_eq!(found(&fixture, &sampled).await, kept, "completed after {steps} steps");
        let left: i64 =
            sql::query_scalar("SELECT CAST(SUM(LENGTH(entries)) / 42 AS BIGINT) FROM blind_index_chunks")
                .fetch_one(fixture.state.readers())
                .await
                .unwrap();
        let erased_in_all = (0..entries_in_each).step_by(256).count() as i64;
        assert_eq!(left, FAN_IN as i64 * i64::from(entries_in_each) - erased_in_all + 1, "{steps} steps");
        assert!(runs(&fixture.state, "live").await <= 2, "{steps} steps");
        assert_eq!(runs(&fixture.state, "retired").await + runs(&fixture.state, "merging").await, 0);
        if is_over {
            assert!(steps > 2, "{steps} steps are too few to be cut off between");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_beside_a_merge_misses_and_doubles_nothing() {
    let fixture = fixture().await;
    write_a_full_tier(&fixture, 15_000).await;
    let merging = tokio::spawn({
        let state = fixture.again().await;
        async move {
            while state.merge_index_runs_step(1).await.unwrap() == Left::More {}
            state.sweep_index_runs().await.unwrap();
        }
    });
    let mut looks = 0;
    while !merging.is_finished() {
        let found = found(&fixture, &[looks * 97 % 15_000]).await;
        let records: Vec<u128> = found.iter().map(|entry| entry.record.0).collect();
        assert_eq!(records, (0..FAN_IN as u128).collect::<Vec<_>>(), "look {looks}");
        looks += 1;
    }
    merging.await.unwrap();
    assert!(looks > 10, "{looks} looks were too few to fall beside anything");
    assert_eq!((runs(&fixture.state, "live").await, runs(&fixture.state, "retired").await), (1, 0));
}

#[tokio::test]
async fn two_who_merge_at_once_do_each_other_no_harm() {
    let fixture = fixture().await;
    write_a_full_tier(&fixture, 15_000).await;
    let other = fixture.again().await;
    let (one, two) = tokio::join!(fixture.state.merge_index_runs(1), other.merge_index_runs(1));
    one.unwrap();
    two.unwrap();
    assert_eq!(found(&fixture, &[0, 14_999]).await.len(), 2 * FAN_IN);
    assert_eq!(runs(&fixture.state, "live").await, 1);
}

#[tokio::test]
async fn a_value_that_many_share_is_found_in_every_chunk() {
    let fixture = fixture().await;
    let shared: Vec<IndexEntry> = (0..5000).map(|record| entry(5, record, 1, 0)).collect();
    let others = (0..2000).map(|number| entry(number % 11, u128::from(number) << 32, 2, 0));
    let others: Vec<IndexEntry> = others.filter(|other| other.tag != tag(5)).collect();
    fixture.state.add_index_entries(1, [shared.clone(), others].concat()).await.unwrap();
    assert_eq!(found(&fixture, &[5]).await, shared);
}

/// What someone does to the index.
#[derive(Debug, Clone)]
enum Act {
    Add {
        generation: u32,
        entries: Vec<IndexEntry>,
    },
    /// Leaves merging to others, as if cut off.
    AddOnly {
        generation: u32,
        entries: Vec<IndexEntry>,
    },
    MergeAStep {
        generation: u32,
    },
    Erase(Vec<KeyLocation>),
    Retire {
        before: u32,
    },
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let key = (1..4_i64, 0..3_u16).prop_map(|(page, slot)| KeyLocation { page, slot });
    // Tags of two generations never meet.
    let entries =
        move |generation: u32| {
            let entry = (0..12_u32, 0..6_u128, key.clone()).prop_map(move |(number, record, key)| {
                IndexEntry { tag: tag(number * 4 + generation), record: RecordId(record), key }
            });
            prop::collection::vec(entry, 1..30).prop_map(move |entries| (generation, entries))
        };
    let key = (1..4_i64, 0..3_u16).prop_map(|(page, slot)| KeyLocation { page, slot });
    let act = prop_oneof![
        6 => (1..4_u32).prop_flat_map(entries.clone())
            .prop_map(|(generation, entries)| Act::Add { generation, entries }),
        20 => (1..3_u32).prop_flat_map(entries)
            .prop_map(|(generation, entries)| Act::AddOnly { generation, entries }),
        4 => (1..4_u32).prop_map(|generation| Act::MergeAStep { generation }),
        2 => prop::collection::vec(key, 0..3).prop_map(Act::Erase),
        1 => (1..3_u32).prop_map(|before| Act::Retire { before }),
        1 => Just(Act::Reopen),
    ];
    prop::collection::vec(act, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_is_a_set_of_entries(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut fixture = fixture().await;
            let mut model: BTreeSet<(u32, IndexEntry)> = BTreeSet::new();
            for act in acts {
                match act {
                    Act::Add { generation, entries } => {
                        model.extend(entries.iter().map(|entry| (generation, *entry)));
                        fixture.state.add_index_entries(generation, entries).await.unwrap();
                    }
                    Act::AddOnly { generation, mut entries } => {
                        model.extend(entries.iter().map(|entry| (generation, *entry)));
                        entries::sort(&mut entries);
                        fixture.state.write_index_run(generation, &entries).await.unwrap();
                    }
                    Act::MergeAStep { generation } => {
                        fixture.state.merge_index_runs_step(generation).await.unwrap();
                    }
                    Act::Erase(keys) => {
                        model.retain(|(_, entry)| !keys.contains(&entry.key));
                        fixture.state.delete_index_entries(&keys).await.unwrap();
                    }
                    Act::Retire { before } => {
                        model.retain(|(generation, _)| *generation >= before);
                        fixture.state.retire_indexes_before(before).await.unwrap();
                    }
                    Act::Reopen => fixture = fixture.reopened().await,
                }
            }
            let all: Vec<u32> = (0..52).collect();
            let expected: BTreeSet<IndexEntry> = model.into_iter().map(|(_, entry)| entry).collect();
            assert_eq!(found(&fixture, &all).await, Vec::from_iter(expected));
        });
    }
}
