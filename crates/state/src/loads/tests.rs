use std::sync::Arc;

use serde_json::json;
use vermeil_protect::{KeyVault, Keyring, Plain};

use super::*;
use crate::testing::{Fixture, check_code, fixture};

fn source(name: &str) -> SourceId {
    name.parse().unwrap()
}

async fn vault(fixture: &Fixture) -> KeyVault {
    let path = fixture.folder.path().join("keyring.json");
    let keyring = match Keyring::create(&path, Arc::new(Plain)).await {
        Err(_) => Keyring::open(&path, Arc::new(Plain)).await,
        created => created,
    };
    KeyVault::new(Arc::new(keyring.unwrap()), Arc::new(fixture.state.clone()))
}

#[tokio::test]
async fn a_cursor_counts_once_its_load_is_confirmed() {
    let fixture = fixture().await;
    let erp = source("erp");
    assert_eq!(fixture.state.last_cursor(&erp).await.unwrap(), None);
    let load = fixture.state.begin_load(&erp, &json!({"offset": 0})).await.unwrap();
    fixture.state.set_cursor(load.number, &json!({"offset": 9})).await.unwrap();
    assert_eq!(fixture.state.last_cursor(&erp).await.unwrap(), None);
    fixture.state.confirm_load(load.number).await.unwrap();
    fixture.state.confirm_load(load.number).await.unwrap();

    let fixture = fixture.reopened().await;
    let expected = Cursor { load: load.number, cursor: json!({"offset": 9}) };
    assert_eq!(fixture.state.last_cursor(&erp).await.unwrap(), Some(expected));
    assert_eq!(fixture.state.last_cursor(&source("web")).await.unwrap(), None);
}

#[tokio::test]
async fn numbers_grow_over_sources_processes_and_crashes() {
    let fixture = fixture().await;
    let none = json!(null);
    let first = fixture.state.begin_load(&source("erp"), &none).await.unwrap();
    let fixture = fixture.reopened().await;
    let second = fixture.state.begin_load(&source("web"), &none).await.unwrap();
    let third = fixture.again().await.begin_load(&source("erp"), &none).await.unwrap();
    assert_eq!([first.number, second.number, third.number], [1, 2, 3]);
    assert_eq!(third.owner, KeyOwner::new("landing/erp/3"));
}

#[tokio::test]
async fn after_a_crash_the_lake_says_what_happened() {
    let fixture = fixture().await;
    let erp = source("erp");
    let mut loads = Vec::new();
    for offset in 1..=3 {
        let load = fixture.state.begin_load(&erp, &json!(offset)).await.unwrap();
        vault(&fixture).await.allocate(&load.owner, 1).await.unwrap();
        loads.push(load);
    }
    let other = fixture.state.begin_load(&source("web"), &json!(1)).await.unwrap();
    fixture.state.confirm_load(loads[0].number).await.unwrap();

    // The process is gone. The lake has the first two loads.
    let fixture = fixture.reopened().await;
    let lake = loads[1].number;
    let orphans = fixture.state.abandon_loads(&erp, lake).await.unwrap();
    assert_eq!(orphans, [loads[2].owner.clone()]);
    fixture.state.confirm_load(lake).await.unwrap();
    assert_eq!(fixture.state.last_cursor(&erp).await.unwrap().unwrap().cursor, json!(2));

    // Gone again before the keys were destroyed: they are named again.
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.abandon_loads(&erp, lake).await.unwrap(), orphans);
    vault(&fixture).await.destroy_owner(&orphans[0]).await.unwrap();
    assert_eq!(fixture.state.abandon_loads(&erp, lake).await.unwrap(), []);

    let statuses: Vec<_> = fixture.state.loads(10).await.unwrap().iter().map(|load| load.status).collect();
    use LoadStatus::{Abandoned, Begun, Confirmed};
    assert_eq!(statuses, [Begun, Abandoned, Confirmed, Confirmed]);
    fixture.state.confirm_load(other.number).await.unwrap();
}

#[tokio::test]
async fn an_abandoned_load_is_over() {
    let fixture = fixture().await;
    let erp = source("erp");
    let load = fixture.state.begin_load(&erp, &json!(1)).await.unwrap().number;
    fixture.state.abandon_loads(&erp, 0).await.unwrap();
    check_code(fixture.state.confirm_load(load).await, "state-out-of-turn");
    check_code(fixture.state.set_cursor(load, &json!(2)).await, "state-out-of-turn");
    check_code(fixture.state.confirm_load(99).await, "state-out-of-turn");
}

#[tokio::test]
async fn a_lake_that_lost_a_confirmed_load_is_told() {
    let fixture = fixture().await;
    let erp = source("erp");
    let first = fixture.state.begin_load(&erp, &json!(1)).await.unwrap();
    fixture.state.confirm_load(first.number).await.unwrap();
    let second = fixture.state.begin_load(&erp, &json!(2)).await.unwrap();
    check_code(fixture.state.abandon_loads(&erp, 0).await, "state-ahead-of-lake");
    fixture.state.confirm_load(second.number).await.unwrap();
}

#[tokio::test]
async fn a_lake_that_holds_an_unknown_load_is_told() {
    let fixture = fixture().await;
    check_code(fixture.state.abandon_loads(&source("erp"), 7).await, "state-behind-lake");
}

#[tokio::test]
async fn the_newest_loads_come_first() {
    let fixture = fixture().await;
    for offset in 1..=3 {
        fixture.state.begin_load(&source("erp"), &json!(offset)).await.unwrap();
    }
    let loads = fixture.state.loads(2).await.unwrap();
    assert_eq!(loads.iter().map(|load| load.number).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(loads[0].cursor, json!(3));
    assert_eq!(loads[0].ended_at, None);
}
