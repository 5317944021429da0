use serde_json::json;
use vermeil_rights::request::{Act, IdentityMethod, RequestKind};

use super::*;
use crate::testing::{Fixture, check_code, fixture};

fn act(by: &str) -> Act {
    Act { by: by.to_owned(), at: Utc::now() }
}

fn today() -> chrono::NaiveDate {
    Utc::now().date_naive()
}

fn kit(byte: u8) -> Kit {
    Kit { sealed: vec![byte; 40], key: KeyLocation { page: 7, slot: 3 } }
}

fn subject(records: &[u8]) -> VerifiedSubject {
    let tags = records.iter().map(|record| Tag([*record; 16])).collect();
    VerifiedSubject { kit: kit(2), tags, summary: json!({"records": records.len()}) }
}

async fn open(fixture: &Fixture, kind: RequestKind) -> i64 {
    let number = fixture.state.begin_request().await.unwrap();
    fixture.state.open_request(number, &Request::open(kind, today(), act("ann")), &kit(1)).await.unwrap();
    number
}

async fn verify(fixture: &Fixture, number: i64, records: &[u8]) {
    let make = |request: &mut Request, other: Option<i64>| {
        request.verify(today(), IdentityMethod::Session, act("ann"))?;
        other.map_or(Ok(()), |other| request.repeats(other, act("ann")))
    };
    fixture.state.verify_request(number, &subject(records), make).await.unwrap();
}

async fn known(fixture: &Fixture, number: i64) -> KnownRequest {
    fixture.state.request(number).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_second_request_for_the_same_of_the_same_person_is_a_duplicate() {
    let fixture = fixture().await;
    let [first, second, other_kind, other_person] =
        [RequestKind::Access, RequestKind::Access, RequestKind::Erasure, RequestKind::Access]
            .map(async |kind| open(&fixture, kind).await);
    let (first, second) = (first.await, second.await);
    let (other_kind, other_person) = (other_kind.await, other_person.await);
    verify(&fixture, first, &[1, 2]).await;
    verify(&fixture, second, &[2, 3]).await;
    verify(&fixture, other_kind, &[1, 2]).await;
    verify(&fixture, other_person, &[4]).await;
    let fixture = fixture.reopened().await;
    assert_eq!(known(&fixture, second).await.request.duplicate_of(), Some(first));
    assert_eq!(fixture.state.request_kit(second).await.unwrap(), None, "a duplicate keeps nothing");
    for number in [first, other_kind, other_person] {
        assert_eq!(known(&fixture, number).await.request.state(), RequestState::Pending);
    }
    assert_eq!(fixture.state.requests_about(&[Tag([2; 16])]).await.unwrap(), [first, other_kind]);
    // Once the first has ended, the same may be asked for again.
    fixture.state.change_request(first, |request| request.cancel(act("ann"))).await.unwrap();
    let again = open(&fixture, RequestKind::Access).await;
    verify(&fixture, again, &[1]).await;
    assert_eq!(known(&fixture, again).await.request.duplicate_of(), None);
}

#[tokio::test]
async fn who_proved_nothing_keeps_nobody_from_being_heard() {
    let fixture = fixture().await;
    let unverified = open(&fixture, RequestKind::Access).await;
    let own = open(&fixture, RequestKind::Access).await;
    verify(&fixture, own, &[1]).await;
    assert_eq!(known(&fixture, own).await.request.state(), RequestState::Pending);
    // Verified later, it is due earlier all the same.
    verify(&fixture, unverified, &[1]).await;
    for number in [unverified, own] {
        assert_eq!(known(&fixture, number).await.request.state(), RequestState::Pending);
    }
}

#[tokio::test]
async fn what_ends_a_request_takes_its_kit_and_tags_with_it() {
    let fixture = fixture().await;
    let number = open(&fixture, RequestKind::Access).await;
    assert_eq!(fixture.state.request_kit(number).await.unwrap(), Some(kit(1)));
    verify(&fixture, number, &[1]).await;
    assert_eq!(fixture.state.request_kit(number).await.unwrap(), Some(kit(2)));
    fixture.state.change_request(number, Request::start).await.unwrap();
    fixture.state.change_request(number, |request| request.complete(act("ann"))).await.unwrap();
    assert_eq!(fixture.state.request_kit(number).await.unwrap(), None);
    assert_eq!(fixture.state.requests_about(&[Tag([1; 16])]).await.unwrap(), [0_i64; 0]);
    let found = known(&fixture, number).await;
    assert_eq!(found.request.state(), RequestState::Completed);
    assert_eq!(found.summary, Some(json!({"records": 1})));
}

#[tokio::test]
async fn nothing_is_complete_while_a_step_is_open() {
    let fixture = fixture().await;
    let number = open(&fixture, RequestKind::Access).await;
    check_code(fixture.state.begin_request_step(number, "export").await, "state-out-of-turn");
    verify(&fixture, number, &[1]).await;
    fixture.state.change_request(number, Request::start).await.unwrap();
    check_code(fixture.state.end_request_step(number, "export", &json!({})).await, "state-out-of-turn");
    fixture.state.begin_request_step(number, "export").await.unwrap();
    let done = fixture.state.change_request(number, |request| request.complete(act("ann"))).await;
    check_code(done, "state-out-of-turn");
    let fixture = fixture.reopened().await;
    fixture.state.begin_request_step(number, "export").await.unwrap();
    fixture.state.end_request_step(number, "export", &json!({"files": 3})).await.unwrap();
    fixture.state.change_request(number, |request| request.complete(act("ann"))).await.unwrap();
    let [step] = &known(&fixture, number).await.steps[..] else { panic!("one step") };
    assert_eq!((step.step.as_str(), step.attempts, &step.detail), ("export", 2, &json!({"files": 3})));
    assert!(step.ended_at >= Some(step.begun_at));
}

#[tokio::test]
async fn nothing_is_complete_before_its_erasure_is_proven() {
    let fixture = fixture().await;
    let number = open(&fixture, RequestKind::Erasure).await;
    verify(&fixture, number, &[1]).await;
    let erasure = fixture.state.begin_erasure().await.unwrap();
    fixture.state.open_erasure(erasure, "ann", &kit(3), &json!({})).await.unwrap();
    fixture.state.link_erasure(number, Some(erasure)).await.unwrap();
    fixture.state.change_request(number, |request| request.approve(act("bob"))).await.unwrap();
    fixture.state.change_request(number, Request::start).await.unwrap();
    let done = fixture.state.change_request(number, |request| request.complete(act("bob"))).await;
    check_code(done, "state-out-of-turn");
    assert_eq!(known(&fixture, number).await.erasure, Some(erasure));
}

#[tokio::test]
async fn what_is_not_lawful_changes_nothing() {
    let fixture = fixture().await;
    let number = open(&fixture, RequestKind::Access).await;
    let before = known(&fixture, number).await;
    check_code(fixture.state.change_request(number, Request::start).await, "request-transition");
    check_code(
        fixture.state.change_request(number, |request| request.approve(act("bob"))).await,
        "request-no-approval",
    );
    check_code(fixture.state.change_request(99, Request::start).await, "state-out-of-turn");
    assert_eq!(known(&fixture, number).await, before);
    assert_eq!(fixture.state.requests().await.unwrap(), [before]);
}
