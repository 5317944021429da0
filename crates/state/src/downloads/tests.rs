use chrono::TimeDelta;
use serde_json::json;
use vermeil_protect::{BearerToken, KeyLocation};
use vermeil_rights::request::{Act, IdentityMethod, Request, RequestKind};

use super::*;
use crate::testing::{Fixture, check_code, fixture};
use crate::{Kit, VerifiedSubject};

fn act() -> Act {
    Act { by: "ada".to_owned(), at: Utc::now() }
}

/// A request for access that is being carried out.
async fn answered(fixture: &Fixture) -> i64 {
    let today = Utc::now().date_naive();
    let kit = Kit { sealed: vec![1; 40], key: KeyLocation { page: 7, slot: 3 } };
    let number = fixture.state.begin_request().await.unwrap();
    let request = Request::open(RequestKind::Access, today, act());
    fixture.state.open_request(number, &request, &kit).await.unwrap();
    let subject = VerifiedSubject { kit, tags: Vec::new(), summary: json!({}) };
    let verify =
        |request: &mut Request, _: Option<i64>| request.verify(today, IdentityMethod::Session, act());
    fixture.state.verify_request(number, &subject, verify).await.unwrap();
    fixture.state.change_request(number, Request::start).await.unwrap();
    number
}

fn link(request: i64, secret: &BearerToken, lasts: TimeDelta) -> NewDownload {
    NewDownload {
        request,
        hash: secret.hash(),
        language: "fr".to_owned(),
        issued_by: "ada".to_owned(),
        role: Role("dpo".to_owned()),
        purpose: Purpose("data_subject_rights".to_owned()),
        expires_at: Utc::now() + lasts,
    }
}

#[tokio::test]
async fn a_link_is_taken_once_even_by_two_at_once() {
    let fixture = fixture().await;
    let request = answered(&fixture).await;
    let secret = BearerToken::random();
    let number = fixture.state.create_download(&link(request, &secret, TimeDelta::hours(1))).await.unwrap();
    let (other, hash) = (fixture.again().await, secret.hash());
    let (one, two) = tokio::join!(fixture.state.take_download(&hash), other.take_download(&hash));
    let taken: Vec<TakenDownload> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    assert_eq!((taken.len(), taken[0].number, taken[0].request), (1, number, request));
    assert_eq!((taken[0].language.as_str(), taken[0].issued_by.as_str()), ("fr", "ada"));
    let delivered = ("export", &json!({ "files": 4 }));
    fixture.state.begin_request_step(request, "export").await.unwrap();
    fixture.state.deliver_download(number, delivered).await.unwrap();
    let step = fixture.state.request(request).await.unwrap().unwrap().steps.pop().unwrap();
    assert!(step.ended_at.is_some() && step.detail["files"] == 4, "{step:?}");
    check_code(fixture.state.deliver_download(number, delivered).await, "state-out-of-turn");
}

#[tokio::test]
async fn what_expired_was_replaced_or_is_of_an_ended_request_is_worth_nothing() {
    let fixture = fixture().await;
    let request = answered(&fixture).await;
    let [old, replaced, last] = [(); 3].map(|()| BearerToken::random());
    let state = &fixture.state;
    state.create_download(&link(request, &old, TimeDelta::hours(-1))).await.unwrap();
    assert_eq!(state.take_download(&old.hash()).await.unwrap(), None, "it has expired");
    let number = state.create_download(&link(request, &replaced, TimeDelta::hours(1))).await.unwrap();
    check_code(state.deliver_download(number, ("export", &json!({}))).await, "state-out-of-turn");
    state.create_download(&link(request, &last, TimeDelta::hours(1))).await.unwrap();
    assert_eq!(state.take_download(&replaced.hash()).await.unwrap(), None, "another was given");
    assert_eq!(state.downloads_of(request).await.unwrap(), 3);
    state.change_request(request, |request| request.outlived(act())).await.unwrap();
    assert_eq!(state.take_download(&last.hash()).await.unwrap(), None, "the request has ended");
    check_code(state.create_download(&link(request, &old, TimeDelta::hours(1))).await, "state-out-of-turn");
}
