use serde_json::json;

use super::*;
use crate::testing::{Fixture, check_code, fixture};

fn kit(byte: u8) -> Kit {
    Kit { sealed: vec![byte; 40], key: KeyLocation { page: 7, slot: 3 } }
}

async fn open(fixture: &Fixture) -> i64 {
    let number = fixture.state.begin_erasure().await.unwrap();
    fixture.state.open_erasure(number, "ann", &kit(1), &json!({"records": 2})).await.unwrap();
    number
}

async fn running(fixture: &Fixture) -> i64 {
    let number = open(fixture).await;
    fixture.state.approve_erasure(number, "bob").await.unwrap();
    fixture.state.start_erasures(&[number]).await.unwrap();
    number
}

async fn status(fixture: &Fixture, number: i64) -> ErasureStatus {
    let erasures = fixture.state.erasures().await.unwrap();
    erasures.iter().find(|erasure| erasure.number == number).unwrap().status
}

#[tokio::test]
async fn nobody_approves_what_they_opened() {
    let fixture = fixture().await;
    let number = open(&fixture).await;
    check_code(fixture.state.start_erasures(&[number]).await, "state-out-of-turn");
    check_code(fixture.state.approve_erasure(number, "ann").await, "state-out-of-turn");
    assert_eq!(status(&fixture, number).await, ErasureStatus::Open);
    fixture.state.approve_erasure(number, "bob").await.unwrap();
    assert_eq!(status(&fixture, number).await, ErasureStatus::Approved);
    check_code(fixture.state.approve_erasure(number, "carl").await, "state-out-of-turn");
}

#[tokio::test]
async fn more_than_was_approved_takes_another_approval() {
    let fixture = fixture().await;
    let number = open(&fixture).await;
    fixture.state.approve_erasure(number, "bob").await.unwrap();
    fixture.state.reopen_erasure(number, &kit(2), &json!({"records": 3})).await.unwrap();
    check_code(fixture.state.start_erasures(&[number]).await, "state-out-of-turn");
    let fixture = fixture.reopened().await;
    let erasure = fixture.state.erasures().await.unwrap().pop().unwrap();
    assert_eq!((erasure.status, erasure.approved), (ErasureStatus::Open, None));
    assert_eq!(erasure.summary, json!({"records": 3}));
    assert_eq!(fixture.state.erasure_kit(number).await.unwrap(), Some(kit(2)));
}

#[tokio::test]
async fn only_a_proof_that_ended_last_completes_a_request() {
    let fixture = fixture().await;
    let number = running(&fixture).await;
    check_code(fixture.state.complete_erasure(number, "c").await, "state-out-of-turn");
    for (place, step) in ErasureStep::ALL.into_iter().enumerate() {
        if let Some(later) = ErasureStep::ALL.get(place + 1) {
            check_code(fixture.state.begin_erasure_step(&[number], *later).await, "state-out-of-turn");
        }
        fixture.state.begin_erasure_step(&[number], step).await.unwrap();
        check_code(fixture.state.complete_erasure(number, "c").await, "state-out-of-turn");
        fixture.state.end_erasure_step(step, &[(number, &json!({"n": place}))]).await.unwrap();
    }
    // What is rewritten once more is proven once more.
    fixture.state.begin_erasure_step(&[number], ErasureStep::Rewrite).await.unwrap();
    fixture.state.end_erasure_step(ErasureStep::Rewrite, &[(number, &json!({}))]).await.unwrap();
    check_code(fixture.state.complete_erasure(number, "c").await, "state-out-of-turn");
    for step in [ErasureStep::Tell, ErasureStep::Prove] {
        fixture.state.begin_erasure_step(&[number], step).await.unwrap();
        fixture.state.end_erasure_step(step, &[(number, &json!({}))]).await.unwrap();
    }
    fixture.state.complete_erasure(number, "certified").await.unwrap();

    let fixture = fixture.reopened().await;
    let erasure = fixture.state.erasures().await.unwrap().pop().unwrap();
    assert_eq!(erasure.status, ErasureStatus::Complete);
    assert_eq!(erasure.certificate.as_deref(), Some("certified"));
    let attempts: Vec<u64> = erasure.steps.iter().map(|step| step.attempts).collect();
    assert_eq!(attempts, [1, 1, 2, 2, 2]);
    assert_eq!(fixture.state.erasure_kit(number).await.unwrap(), None);
    check_code(fixture.state.start_erasures(&[number]).await, "state-out-of-turn");
}

#[tokio::test]
async fn what_has_begun_is_not_called_back() {
    let fixture = fixture().await;
    let (first, second) = (open(&fixture).await, running(&fixture).await);
    fixture.state.cancel_erasure(first).await.unwrap();
    assert_eq!(status(&fixture, first).await, ErasureStatus::Cancelled);
    assert_eq!(fixture.state.erasure_kit(first).await.unwrap(), None);
    check_code(fixture.state.cancel_erasure(second).await, "state-out-of-turn");
    check_code(fixture.state.approve_erasure(first, "bob").await, "state-out-of-turn");
}

#[tokio::test]
async fn a_publication_begun_before_an_erasure_is_not_published() {
    let fixture = fixture().await;
    let before = fixture.state.begin_publication().await.unwrap();
    fixture.state.suppress(&[vermeil_model::Tag([1; 16])]).await.unwrap();
    check_code(fixture.state.publish(before, &json!({}), "a").await, "state-outdated");
    let after = fixture.state.begin_publication().await.unwrap();
    fixture.state.publish(after, &json!({}), "a").await.unwrap();
}

#[tokio::test]
async fn traces_of_records_are_told_by_table() {
    let fixture = fixture().await;
    let (known, other) = (RecordId(5), RecordId(6));
    let source = "erp".parse().unwrap();
    fixture.state.flag_records(&source, &[known]).await.unwrap();
    fixture.state.flag_records(&source, &[known]).await.unwrap();
    assert_eq!(fixture.state.flagged_records().await.unwrap().len(), 1);
    assert_eq!(fixture.state.traces(&[other, known], &[]).await.unwrap(), ["suppression_flags"]);
    assert!(fixture.state.traces(&[other], &[]).await.unwrap().is_empty());
    fixture.state.unflag_records(&[known]).await.unwrap();
    assert!(fixture.state.traces(&[known], &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn entries_of_the_blind_index_are_traces_by_the_places_of_their_keys() {
    let fixture = fixture().await;
    let key = |number: u32| KeyLocation { page: i64::from(number / 256), slot: (number % 256) as u16 };
    let entry = |number: u32| crate::IndexEntry {
        tag: vermeil_model::Tag([number as u8; 16]),
        record: RecordId(u128::from(number)),
        key: key(number),
    };
    for part in 0..2 {
        let entries = (part * 1_000..(part + 1) * 1_000).map(entry).collect();
        fixture.state.add_index_entries(1, entries).await.unwrap();
    }
    for number in [0, 700, 1_999] {
        assert_eq!(fixture.state.traces(&[], &[key(number)]).await.unwrap(), ["blind_index_chunks"]);
    }
    fixture.state.delete_index_entries(&[key(700)]).await.unwrap();
    assert!(fixture.state.traces(&[], &[key(700), key(5_000)]).await.unwrap().is_empty());
}
