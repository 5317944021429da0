use chrono::TimeDelta;
use vermeil_protect::BearerToken;

use super::*;
use crate::testing::{Fixture, check_code, file_fixture, fixture};

async fn create(fixture: &Fixture, secret: &BearerToken, expires_in: Option<TimeDelta>) -> i64 {
    let token = NewApiToken {
        hash: secret.hash(),
        actor: "ada".to_owned(),
        role: Role("agent".to_owned()),
        created_by: "ann".to_owned(),
        expires_at: expires_in.map(|duration| Utc::now() + duration),
    };
    fixture.state.create_token(&token).await.unwrap()
}

async fn bearer(state: &StateDatabase, secret: &BearerToken) -> Option<TokenBearer> {
    state.token_bearer(&secret.hash()).await.unwrap()
}

#[tokio::test]
async fn a_token_says_who_bears_it() {
    let fixture = fixture().await;
    let (secret, other) = (BearerToken::random(), BearerToken::random());
    let number = create(&fixture, &secret, Some(TimeDelta::days(1))).await;
    let fixture = fixture.reopened().await;
    let found = bearer(&fixture.state, &secret).await.expect("a bearer");
    assert_eq!((found.number, found.actor.as_str(), found.role.0.as_str()), (number, "ada", "agent"));
    assert_eq!(bearer(&fixture.state, &other).await, None);
    let [listed] = fixture.state.tokens().await.unwrap().try_into().expect("one token");
    assert_eq!((listed.number, listed.created_by.as_str(), listed.revoked_at), (number, "ann", None));
}

#[tokio::test]
async fn what_was_revoked_is_worth_nothing_in_any_process() {
    let fixture = fixture().await;
    let secret = BearerToken::random();
    let number = create(&fixture, &secret, None).await;
    let other = fixture.again().await;
    assert!(bearer(&other, &secret).await.is_some());
    fixture.state.revoke_token(number).await.unwrap();
    assert_eq!(bearer(&other, &secret).await, None);
    check_code(fixture.state.revoke_token(number).await, "state-out-of-turn");
    check_code(fixture.state.revoke_token(99).await, "state-out-of-turn");
}

#[tokio::test]
async fn what_has_expired_is_worth_nothing() {
    let fixture = fixture().await;
    let secret = BearerToken::random();
    create(&fixture, &secret, Some(TimeDelta::seconds(-1))).await;
    assert_eq!(bearer(&fixture.state, &secret).await, None);
}

#[tokio::test]
async fn the_database_cannot_be_asked_with() {
    let fixture = file_fixture().await;
    let secret = BearerToken::random();
    create(&fixture, &secret, None).await;
    fixture.state.rebuild().await.unwrap();
    let stored = std::fs::read(fixture.state.location().file().unwrap()).unwrap();
    let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
    assert!(holds(secret.hash().as_bytes()), "the search finds what is there");
    assert!(!holds(secret.expose().as_bytes()));
}
