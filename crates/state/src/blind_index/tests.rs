use std::sync::Arc;
use std::time::{Duration, Instant};

use vermeil_protect::{KeyOwner, KeyVault, Keyring, Plain};

use super::merge::FAN_IN;
use super::*;
use crate::testing::{Fixture, file_fixture, fixture};

mod runs;

fn tag(number: u32) -> Tag {
    let mut tag = Tag([7; 16]);
    tag.0[..4].copy_from_slice(&number.to_be_bytes());
    tag
}

fn entry(number: u32, record: u128, page: i64, slot: u16) -> IndexEntry {
    IndexEntry { tag: tag(number), record: RecordId(record), key: KeyLocation { page, slot } }
}

fn secret(generation: u32, byte: u8) -> WrappedIndexSecret {
    WrappedIndexSecret { generation, bytes: vec![byte; 60] }
}

/// A vault whose pages lie beside the index.
async fn vault(fixture: &Fixture) -> KeyVault {
    let path = fixture.folder.path().join("keyring.json");
    let keyring = Keyring::create(&path, Arc::new(Plain)).await.unwrap();
    KeyVault::new(Arc::new(keyring), Arc::new(fixture.state.clone()))
}

async fn found(fixture: &Fixture, numbers: &[u32]) -> Vec<IndexEntry> {
    let tags: Vec<Tag> = numbers.iter().copied().map(tag).collect();
    let mut found = fixture.state.find_index_entries(&tags).await.unwrap();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn entries_are_found_by_their_tags_and_last() {
    let fixture = fixture().await;
    let entries = [entry(1, 10, 1, 0), entry(1, 11, 1, 1), entry(2, 10, 1, 0)];
    fixture.state.add_index_entries(1, entries.to_vec()).await.unwrap();
    fixture.state.add_index_entries(1, entries[..1].to_vec()).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(found(&fixture, &[1]).await, entries[..2]);
    assert_eq!(found(&fixture, &[2, 3]).await, entries[2..]);
    assert!(found(&fixture, &[]).await.is_empty());
}

#[tokio::test]
async fn a_record_with_a_new_key_has_an_entry_for_each_until_the_old_one_is_destroyed() {
    let fixture = fixture().await;
    let (old, new) = (entry(1, 10, 1, 0), entry(1, 10, 5, 9));
    fixture.state.add_index_entries(1, vec![old]).await.unwrap();
    fixture.state.add_index_entries(1, vec![new]).await.unwrap();
    assert_eq!(found(&fixture, &[1]).await, [old, new]);
    fixture.state.delete_index_entries(&[old.key]).await.unwrap();
    assert_eq!(found(&fixture, &[1]).await, [new]);
}

#[tokio::test]
async fn entries_die_with_the_keys_of_their_records() {
    let fixture = fixture().await;
    let vault = vault(&fixture).await;
    let given = vault.allocate(&KeyOwner::new("landing/shop/1"), 3).await.unwrap();
    let entries: Vec<IndexEntry> =
        (10..).zip(&given).map(|(record, (key, _))| entry(1, record, key.page, key.slot)).collect();
    fixture.state.add_index_entries(1, entries.to_vec()).await.unwrap();
    vault.destroy(&[given[0].0]).await.unwrap();
    assert_eq!(found(&fixture, &[1]).await, entries[1..]);
}

#[tokio::test]
async fn entries_die_with_the_pages_of_their_owner() {
    let fixture = fixture().await;
    let vault = vault(&fixture).await;
    let shop: SourceId = "shop".parse().unwrap();
    let mut owners = Vec::new();
    for _ in 0..2 {
        let load = fixture.state.begin_load(&shop, &serde_json::json!({})).await.unwrap();
        owners.push(load.owner);
    }
    let mut entries = Vec::new();
    for (record, owner) in (10..).zip(&owners) {
        let (key, _) = vault.allocate(owner, 1).await.unwrap()[0].clone();
        entries.push(entry(1, record, key.page, key.slot));
    }
    fixture.state.add_index_entries(1, entries.to_vec()).await.unwrap();
    vault.destroy_owner(&owners[0]).await.unwrap();
    assert_eq!(found(&fixture, &[1]).await, entries[1..]);
}

#[tokio::test]
async fn of_two_who_make_a_secret_the_first_wins() {
    let fixture = fixture().await;
    assert_eq!(fixture.state.keep_index_secret(&secret(1, 1)).await.unwrap(), secret(1, 1));
    assert_eq!(fixture.state.keep_index_secret(&secret(1, 2)).await.unwrap(), secret(1, 1));
    fixture.state.keep_index_secret(&secret(2, 2)).await.unwrap();
    assert_eq!(fixture.state.index_secrets().await.unwrap(), [secret(1, 1), secret(2, 2)]);
}

#[tokio::test]
async fn a_retired_generation_leaves_nothing() {
    let fixture = fixture().await;
    let shop: SourceId = "shop".parse().unwrap();
    for generation in [1, 2] {
        fixture.state.keep_index_secret(&secret(generation, 1)).await.unwrap();
        fixture.state.complete_index(generation, &shop).await.unwrap();
        fixture.state.add_index_entries(generation, vec![entry(generation, 10, 1, 0)]).await.unwrap();
    }
    fixture.state.retire_indexes_before(2).await.unwrap();
    fixture.state.retire_indexes_before(2).await.unwrap();
    assert_eq!(found(&fixture, &[1, 2]).await, [entry(2, 10, 1, 0)]);
    assert_eq!(fixture.state.index_secrets().await.unwrap(), [secret(2, 1)]);
    assert_eq!(fixture.state.complete_indexes().await.unwrap(), [(2, shop)]);
}

#[tokio::test]
async fn nothing_of_a_deleted_entry_is_left_in_the_files() {
    let fixture = file_fixture().await;
    let kept = entry(1, 10, 1, 0);
    let gone = IndexEntry { tag: Tag(*b"the deleted tag!"), ..entry(2, 11, 1, 1) };
    fixture.state.add_index_entries(1, vec![kept, gone]).await.unwrap();
    fixture.state.delete_index_entries(&[gone.key]).await.unwrap();
    for file in fixture.folder.path().read_dir().unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(16).any(|window| window == gone.tag.0), "{}", path.display());
    }
    assert_eq!(found(&fixture, &[1]).await, [kept]);
}

#[tokio::test]
async fn an_index_of_single_rows_gives_way_and_is_to_be_made_again() {
    let fixture = fixture().await;
    let shop: SourceId = "shop".parse().unwrap();
    fixture.state.keep_index_secret(&secret(1, 1)).await.unwrap();
    fixture.state.complete_index(1, &shop).await.unwrap();
    // As it was before there were runs.
    let mut change = fixture.state.begin().await.unwrap();
    crate::sql::raw_sql(
        "DROP TABLE blind_index_runs; DROP TABLE blind_index_chunks; DROP TABLE downloads;
         DROP TABLE opendsr_callbacks; DROP TABLE opendsr_urls; DROP TABLE opendsr_requests;
         DROP TABLE subject_sessions; DROP TABLE subject_links;
         DROP TABLE decision_records; DROP TABLE decisions; DROP TABLE match_models;
         DROP TABLE notice_deliveries; DROP TABLE notices; DROP TABLE export_handles;
         DROP TABLE exports; DROP TABLE api_tokens; DROP TABLE job_leases; DROP TABLE job_runs;
         DROP TABLE consent_states; DROP TABLE consent_events;
         DROP TABLE erasure_steps; DROP TABLE erasures; DROP TABLE suppression_flags;
         DROP TABLE request_tags; DROP TABLE request_steps; DROP TABLE requests;
         ALTER TABLE publications DROP COLUMN epoch;
         DELETE FROM counters WHERE name IN
         ('blind_index_run', 'decision', 'match_model', 'erasure', 'erasure_epoch', 'consent', 'request', 'export',
          'api_token', 'job_run', 'download', 'subject_link', 'subject_session', 'notice', 'opendsr_callback');
         DELETE FROM schema_migrations WHERE version >= 4;
         CREATE TABLE blind_index (generation BIGINT, tag BYTEA, record BYTEA, key_page BIGINT, key_slot BIGINT);
         CREATE UNIQUE INDEX blind_index_by_tag ON blind_index (tag, record);
         CREATE INDEX blind_index_by_key ON blind_index (key_page, key_slot);
         INSERT INTO blind_index VALUES (1, 'a tag', 'a record', 1, 1)",
    )
    .execute(&mut *change)
    .await
    .unwrap();
    fixture.state.commit(change).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.complete_indexes().await.unwrap(), []);
    assert_eq!(fixture.state.index_secrets().await.unwrap(), [secret(1, 1)], "entries stay the same");
    fixture.state.add_index_entries(1, vec![entry(1, 10, 1, 0)]).await.unwrap();
    assert_eq!(found(&fixture, &[1]).await, [entry(1, 10, 1, 0)]);
}

#[tokio::test]
async fn what_an_entry_costs_is_told() {
    let fixture = fixture().await;
    let (loads, in_each) = (20_u32, 50_000_u32);
    let each = |took: Duration, loads: u32| took.as_nanos() as f64 / f64::from(loads * in_each);
    let mut took = Duration::ZERO;
    for load in 0..loads {
        let entries = mixed(load * in_each..(load + 1) * in_each);
        let started = Instant::now();
        fixture.state.add_index_entries(1, entries).await.unwrap();
        took += started.elapsed();
        if load + 2 == FAN_IN as u32 {
            println!("{:.0} ns an entry, nothing merged", each(took, load + 1));
        }
    }
    println!("{:.0} ns an entry, merges included", each(took, loads));
    let started = Instant::now();
    for number in 0..1000 {
        assert_eq!(found(&fixture, &[mixed_number(number)]).await.len(), 1);
    }
    println!("{:.0} µs a search", started.elapsed().as_micros() as f64 / 1000.0);
    let started = Instant::now();
    fixture.state.delete_index_entries(&[KeyLocation { page: 17, slot: 9 }]).await.unwrap();
    println!("{:.0} ms an erasure", started.elapsed().as_millis());
}

fn mixed_number(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761)
}

/// Entries whose tags come in no order.
fn mixed(numbers: std::ops::Range<u32>) -> Vec<IndexEntry> {
    let mixed = |number: u32| {
        let mixed = mixed_number(number);
        entry(mixed, u128::from(mixed) << 64, i64::from(number / 256), (number % 256) as u16)
    };
    numbers.map(mixed).collect()
}
