use chrono::TimeDelta;
use serde_json::json;
use vermeil_protect::{BearerToken, KeyLocation};
use vermeil_rights::request::{Act, IdentityMethod, Request, RequestKind};

use super::*;
use crate::testing::{Fixture, check_code, fixture};
use crate::{Kit, VerifiedSubject};

const IDLE: Duration = Duration::from_secs(600);

fn act() -> Act {
    Act { by: "ada".to_owned(), at: Utc::now() }
}

async fn opened(fixture: &Fixture) -> i64 {
    let kit = Kit { sealed: vec![1; 40], key: KeyLocation { page: 7, slot: 3 } };
    let number = fixture.state.begin_request().await.unwrap();
    let request = Request::open(RequestKind::Access, Utc::now().date_naive(), act());
    fixture.state.open_request(number, &request, &kit).await.unwrap();
    number
}

async fn verified(fixture: &Fixture) -> i64 {
    let number = opened(fixture).await;
    let kit = Kit { sealed: vec![2; 40], key: KeyLocation { page: 7, slot: 3 } };
    let subject = VerifiedSubject { kit, tags: Vec::new(), summary: json!({}) };
    let today = Utc::now().date_naive();
    let verify =
        |request: &mut Request, _: Option<i64>| request.verify(today, IdentityMethod::Session, act());
    fixture.state.verify_request(number, &subject, verify).await.unwrap();
    number
}

/// A link of a request that lasts so long.
async fn link(state: &StateDatabase, request: i64, lasts: TimeDelta) -> Result<BearerToken, StateError> {
    let secret = BearerToken::random();
    let new = NewSubjectLink {
        request,
        hash: secret.hash(),
        issued_by: "ada".to_owned(),
        expires_at: Utc::now() + lasts,
    };
    state.create_subject_link(&new).await.map(|_| secret)
}

async fn enter(state: &StateDatabase, link: &BearerToken, lasts: TimeDelta) -> Option<BearerToken> {
    let session = BearerToken::random();
    let begun = state.begin_subject_session(&link.hash(), &session.hash(), Utc::now() + lasts).await;
    begun.unwrap().then_some(session)
}

async fn subject(state: &StateDatabase, session: &BearerToken) -> Option<i64> {
    state.subject_of_session(&session.hash(), IDLE).await.unwrap()
}

#[tokio::test]
async fn a_link_lets_in_once_and_a_session_ends() {
    let fixture = fixture().await;
    let request = verified(&fixture).await;
    let state = &fixture.state;
    let hour = TimeDelta::hours(1);
    let own = link(state, request, hour).await.unwrap();
    let session = enter(state, &own, hour).await.expect("let in");
    assert!(enter(state, &own, hour).await.is_none(), "a link lets in once");
    assert_eq!(subject(state, &session).await, Some(request));
    assert_eq!(subject(state, &own).await, None, "a link is no session");
    assert_eq!(state.subject_of_session(&session.hash(), Duration::ZERO).await.unwrap(), None, "not used");
    state.end_subject_session(&session.hash()).await.unwrap();
    assert_eq!(subject(state, &session).await, None);

    let own = link(state, request, hour).await.unwrap();
    let past = enter(state, &own, TimeDelta::seconds(-1)).await.expect("let in");
    assert_eq!(subject(state, &past).await, None, "however much it is used");
}

#[tokio::test]
async fn nobody_is_let_in_before_it_is_sure_who_they_are_or_after_their_request() {
    let fixture = fixture().await;
    let (unsure, sure) = (opened(&fixture).await, verified(&fixture).await);
    let state = &fixture.state;
    let hour = TimeDelta::hours(1);
    check_code(link(state, unsure, hour).await.map(drop), "state-out-of-turn");
    let expired = link(state, sure, -hour).await.unwrap();
    assert!(enter(state, &expired, hour).await.is_none());
    let replaced = link(state, sure, hour).await.unwrap();
    let own = link(state, sure, hour).await.unwrap();
    assert!(enter(state, &replaced, hour).await.is_none(), "another was given");
    let session = enter(state, &own, hour).await.expect("let in");
    // In doubt again.
    let today = Utc::now().date_naive();
    state.change_request(sure, |request| request.pause(today)).await.unwrap();
    assert_eq!(subject(state, &session).await, None);
    state.change_request(sure, |request| request.verify(today, IdentityMethod::Code, act())).await.unwrap();
    assert_eq!(subject(state, &session).await, Some(sure));
    state.change_request(sure, |request| request.outlived(act())).await.unwrap();
    assert_eq!(subject(state, &session).await, None, "the request has ended");
    check_code(link(state, sure, hour).await.map(drop), "state-out-of-turn");
}
