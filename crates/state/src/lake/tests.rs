use super::*;
use crate::testing::{check_code, fixture};

#[tokio::test]
async fn a_database_is_tied_to_its_first_keyring_and_tenant() {
    let fixture = fixture().await;
    let keyring = KeyringId::random();
    let first = fixture.state.bind(keyring, "demo").await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.bind(keyring, "demo").await.unwrap(), first);
    check_code(fixture.state.bind(KeyringId::random(), "demo").await, "state-wrong-keyring");
    check_code(fixture.state.bind(keyring, "other").await, "state-wrong-tenant");
    assert_eq!(fixture.state.bind(keyring, "demo").await.unwrap(), first, "a refusal changes nothing");
}

#[tokio::test]
async fn a_lake_of_another_format_is_refused() {
    let fixture = fixture().await;
    let keyring = KeyringId::random();
    fixture.state.bind(keyring, "demo").await.unwrap();
    let mut change = fixture.state.begin().await.unwrap();
    crate::sql::query("UPDATE lake SET format = 2").execute(&mut *change).await.unwrap();
    change.commit().await.unwrap();
    check_code(fixture.state.bind(keyring, "demo").await, "lake-other-format");
}
