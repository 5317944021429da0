//! Finding someone by a value: what answers, to whom, and what is left of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

const AS_CARE: [&str; 4] = ["--role", "agent", "--purpose", "customer_care"];

/// What the blind index holds, as tag, record and place of the key in 42 bytes each.
fn entries(workspace: &Workspace) -> BTreeSet<Vec<u8>> {
    let chunks = workspace.blobs("SELECT entries FROM blind_index_chunks");
    chunks.iter().flat_map(|chunk| chunk.chunks(42)).map(<[u8]>::to_vec).collect()
}

/// The tags of the blind index.
fn tags(workspace: &Workspace) -> BTreeSet<Vec<u8>> {
    entries(workspace).iter().map(|entry| entry[..16].to_vec()).collect()
}

/// Looks for a value, which goes to standard input.
fn find(workspace: &Workspace, field: &str, value: &str, reader: &[&str]) -> Ended {
    let arguments = [&["find", field, "--format", "json"], reader].concat();
    let mut command = workspace.command(&arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who is refused may be gone before the value is read.
    let _ = writeln!(stdin, "{value}");
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

#[track_caller]
fn found(workspace: &Workspace, field: &str, value: &str, reader: &[&str]) -> Vec<Value> {
    let ended = find(workspace, field, value, reader);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// The sources of what was found, sorted.
fn sources(found: &[Value]) -> Vec<&str> {
    let mut sources: Vec<&str> = found.iter().map(|row| row["source"].as_str().expect("published")).collect();
    sources.sort_unstable();
    sources
}

#[test]
fn one_person_is_found_in_every_silo_by_any_spelling() {
    let workspace = silos();
    workspace.land_and_publish();
    let person = person(8);
    let rows = found(&workspace, "email", &format!("  {}  ", person.email.to_uppercase()), &AS_CARE);
    assert_eq!(sources(&rows), ["club", "shop", "web"]);
    let profile = profile_of(&workspace, "shop", "S8");
    assert!(rows.iter().all(|row| row["profile_id"] == profile.as_str()), "{rows:?}");
    let record = record_of(&workspace, "shop", "S8");
    assert!(rows.iter().any(|row| row["record_id"] == record.as_str()), "{rows:?}");

    let dialled = person.mobile.replace(' ', "").replacen('0', "+33", 1);
    assert_eq!(sources(&found(&workspace, "mobile", &dialled, &AS_CARE)), ["shop", "web"]);
    assert!(found(&workspace, "email", "nobody@courrier.example", &AS_CARE).is_empty());
}

#[test]
fn what_a_record_said_before_finds_it_still() {
    let workspace = silos();
    workspace.land_and_publish();
    let old = person(3).email;
    workspace.edit("data/shop.csv", &old, "nouvelle@courrier.example");
    workspace.land_and_publish();
    assert_eq!(sources(&found(&workspace, "email", "nouvelle@courrier.example", &AS_CARE)), ["shop"]);
    assert_eq!(sources(&found(&workspace, "email", &old, &AS_CARE)), ["club", "shop", "web"]);
}

#[test]
fn finding_takes_the_class_of_the_field() {
    let workspace = silos();
    workspace.land_and_publish();
    let email = person(1).email;
    for reader in [&["--role", "analyst"][..], &["--role", "agent"]] {
        let refused = find(&workspace, "email", &email, reader);
        assert_eq!(refused.code, 4, "{}", refused.stderr);
        assert!(!refused.stderr.contains(&email), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
    let refused = find(&workspace, "national_id", "1", &AS_CARE);
    assert_eq!(refused.code, 4, "sensitive is not among the classes of care: {}", refused.stderr);
    let unknown = find(&workspace, "family_name", "Abriquel", &AS_CARE);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("email") && !unknown.stderr.contains("Abriquel"), "{}", unknown.stderr);
}

#[test]
fn who_may_not_even_see_pseudonyms_of_records_is_refused_and_the_trail_tells() {
    let workspace = silos();
    workspace.land_and_publish();
    workspace.append(
        "policies/access.cedar",
        r#"
        @id("agents-see-no-record")
        forbid (principal in Role::"agent", action, resource == FieldClass::"identifier");
        "#,
    );
    let email = person(1).email;
    let refused = find(&workspace, "email", &email, &AS_CARE);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(!refused.stderr.contains(&email), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    let searches = workspace.audited("find");
    let [(intent, Some(outcome))] = searches.as_slice() else { panic!("one search: {searches:?}") };
    assert_eq!((&intent["role"], &intent["purpose"]), (&json!("agent"), &json!("customer_care")));
    assert_eq!((&outcome["status"], &outcome["rows"]), (&json!("refused"), &json!(0)));
}

#[test]
fn each_search_is_in_the_audit_trail_and_opens_nothing() {
    let workspace = silos();
    workspace.land_and_publish();
    let openings = || workspace.json_lines(&["audit", "list", "--role", "dpo"]);
    let before = openings();
    found(&workspace, "email", &person(1).email, &AS_CARE);
    let after = openings();
    assert_eq!(after[..before.len()], before);
    let [search] = &after[before.len()..] else { panic!("one entry more: {after:?}") };
    for (key, value) in [
        ("action", json!("find")),
        ("role", json!("agent")),
        ("purpose", json!("customer_care")),
        ("table", json!("landing")),
        ("classes", json!("contact")),
        ("status", json!("done")),
        ("rows", json!(3)),
        ("key_pages", json!(0)),
    ] {
        assert_eq!(search[key], value, "{key} of {search}");
    }
}

#[test]
fn the_index_is_in_the_state_database_and_nowhere_in_the_lake() {
    let workspace = silos();
    workspace.land_and_publish();
    // E-mail in three silos, mobile in two; what the shop has no number for is not counted.
    assert_eq!(entries(&workspace).len(), PEOPLE * 5);
    let tags = tags(&workspace);
    for (path, bytes) in workspace.content_of("lake") {
        for tag in &tags {
            assert!(!bytes.windows(tag.len()).any(|window| window == tag), "{}", path.display());
        }
    }
}

#[test]
fn a_lake_older_than_the_index_is_indexed_by_its_next_run() {
    let workspace = silos();
    workspace.land_and_publish();
    workspace.change_state(
        "DELETE FROM blind_index_chunks; DELETE FROM blind_index_runs;
         DELETE FROM blind_index_secrets; DELETE FROM blind_index_complete",
    );
    let incomplete = find(&workspace, "email", &person(1).email, &AS_CARE);
    assert_eq!(incomplete.code, 1, "an empty answer would be a wrong one: {}", incomplete.stderr);
    workspace.land_and_publish();
    assert_eq!(sources(&found(&workspace, "email", &person(1).email, &AS_CARE)), ["club", "shop", "web"]);
    assert_eq!(entries(&workspace).len(), PEOPLE * 5);
}

#[test]
fn an_index_half_made_when_the_process_died_is_made_whole() {
    let workspace = silos();
    workspace.land_and_publish();
    let all = entries(&workspace);
    // As after a crash between two sources: one is done, of the others some entries are there.
    workspace.change_state(
        "DELETE FROM blind_index_complete WHERE source <> 'club';
         DELETE FROM blind_index_chunks WHERE run = (SELECT MIN(run) FROM blind_index_runs)",
    );
    assert!(entries(&workspace).len() < all.len());
    workspace.land_and_publish();
    assert!(entries(&workspace) == all, "what was lost is made again, and the rest not twice");
}

#[test]
fn records_are_found_after_their_generation_of_keys_is_destroyed() {
    let workspace = silos();
    workspace.land_and_publish();
    let generations = || workspace.state("SELECT COUNT(DISTINCT generation) FROM blind_index_runs");
    let newest = || workspace.state("SELECT MAX(generation) FROM blind_index_runs");
    let (all, before) = (entries(&workspace).len(), tags(&workspace));
    workspace.json(&["keys", "rotate"]);
    let find_all = |number| found(&workspace, "email", &person(number).email, &AS_CARE).len();
    assert_eq!((find_all(1), newest()), (3, 1), "entries outlast a rotation");
    workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!((find_all(1), find_all(2)), (3, 3));
    assert_eq!((generations(), newest()), (1, 2));
    assert_eq!(entries(&workspace).len(), all);
    assert!(tags(&workspace).is_disjoint(&before), "a tag tells the same under two generations");
    assert_eq!(workspace.state("SELECT COUNT(*) FROM blind_index_secrets WHERE generation = 1"), 0);
    workspace.append("data/web.ndjson", person(60).web_row("2024-05-01T10:00:00Z") + "\n");
    workspace.land_and_publish();
    assert_eq!(find_all(60), 1);
}
