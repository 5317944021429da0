//! Lakes and silos on an object store, over the real protocol of S3: what a
//! folder gives for free, such as a rename, is not there.

mod server;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::server::{ACCESS_KEY, PEOPLE, Remote, SECRET_KEY};
use crate::pipeline::{Person, person};

#[test]
fn silos_on_an_object_store_become_profiles_on_an_object_store() {
    let Some(remote) = Remote::silos("way") else { return };
    let first = remote.land_and_publish();
    assert_eq!(first["records_landed"], 2 * PEOPLE);
    assert_eq!(first["profiles"], PEOPLE);

    let second = remote.land_and_publish();
    assert_eq!([&second["records_landed"], &second["unchanged"]], [&json!(0), &json!(2 * PEOPLE)]);

    let opened = remote.query("SELECT email FROM golden.profiles ORDER BY email");
    let mut known: Vec<String> = (0..PEOPLE).map(|number| person(number).email).collect();
    known.sort();
    assert_eq!(opened, known.iter().map(|email| json!({ "email": email })).collect::<Vec<_>>());
}

#[test]
fn a_run_killed_on_an_object_store_loses_and_doubles_nothing() {
    let Some(remote) = Remote::silos("kill") else { return };
    remote.run_and_kill_at("landing/shop/_delta_log/00000000000000000000.json");
    remote.run_and_kill_at("landing/club/_delta_log/00000000000000000001.json");
    remote.run_and_kill_at("golden/members/_delta_log/00000000000000000000.json");
    let resumed = remote.land_and_publish();
    assert_eq!(resumed["unchanged"], 2 * PEOPLE, "what was committed before the kill is not landed again");

    let profiles = remote.query("SELECT records, count(*) AS n FROM golden.profiles GROUP BY records");
    assert_eq!(profiles, [json!({ "records": 2, "n": PEOPLE })], "both silos know everyone once");
    // The other reader sees versions too, of which a query shows the latest only.
    let rows = [("landing/shop", PEOPLE), ("landing/club", PEOPLE), ("golden/members", 2 * PEOPLE)];
    let seen = remote.seen_by_deltalake(&rows.map(|(table, _)| table));
    for ((table, rows), seen) in rows.iter().zip(seen) {
        assert_eq!([&seen["rows"], &seen["distinct"]["record_id"]], [&json!(rows), &json!(rows)], "{table}");
    }
}

#[test]
fn a_wrong_bucket_is_named_and_credentials_are_not() {
    let Some(remote) = Remote::silos("wrong") else { return };
    // A lake belongs to one keyring, hence one lake for each.
    let check = |below: &str, from: &str, to: &str| {
        let wrong = remote.beside(below);
        wrong.workspace.edit("pipeline.yaml", from, to);
        let ended = wrong.run(&["run"]);
        assert!(matches!(ended.code, 1 | 2), "exit code {}: {}", ended.code, ended.stderr);
        assert!(ended.stderr.contains("no-such-bucket/"), "the bucket is not named: {}", ended.stderr);
    };
    check("one", "s3://wrong-lake/", "s3://no-such-bucket/");
    check("two", "s3://wrong-silos/in/*.csv", "s3://no-such-bucket/in/*.csv");
    // Some write the credentials into the URL.
    check("three", "s3://wrong-lake/", &format!("s3://{ACCESS_KEY}:{SECRET_KEY}@no-such-bucket/"));
    check(
        "four",
        "s3://wrong-silos/in/*.csv",
        &format!("s3://{ACCESS_KEY}:{SECRET_KEY}@no-such-bucket/in/*.csv"),
    );
}

#[test]
fn no_object_of_a_lake_shows_a_personal_value_or_a_credential() {
    let Some(remote) = Remote::silos("seen") else { return };
    let credentials = format!("s3://{ACCESS_KEY}:{SECRET_KEY}@");
    remote.workspace.edit("pipeline.yaml", "s3://", &credentials);
    remote.land_and_publish();

    let values: Vec<String> = (0..PEOPLE).map(person).flat_map(values_of).collect();
    let secrets = [ACCESS_KEY.to_owned(), SECRET_KEY.to_owned()];
    let scanned = remote.scan(&[values.as_slice(), &secrets].concat());
    let (lake, silos) = (&scanned[remote.lake()], &scanned[remote.sources()]);

    let found = |scanned: &Value| -> Vec<Value> { scanned["found"].as_array().expect("a list").clone() };
    let places: BTreeSet<String> = found(silos).iter().map(|it| it["place"].to_string()).collect();
    let visible: BTreeSet<u64> = found(silos).iter().filter_map(|it| it["value"].as_u64()).collect();
    assert!(places.contains("\"column mail\""), "the scan does not look into Parquet: {places:?}");
    assert_eq!(visible.len(), values.len(), "the scan misses values that the silos hold");

    assert!(lake["parquet_rows"].as_u64() > Some(4 * PEOPLE as u64), "too little was scanned: {lake}");
    assert_eq!(found(lake), Vec::<Value>::new());
}

/// What of a person stands in the silos exactly so, in no shorter form than chance would give.
fn values_of(person: Person) -> [String; 5] {
    let birth_date = person.birth_date();
    [person.family.to_owned(), person.email, person.mobile, person.street, birth_date]
}

#[test]
fn someone_is_erased_from_an_object_store() {
    let Some(remote) = Remote::silos("erase") else { return };
    remote.land_and_publish();
    let ids =
        remote.query(&format!("SELECT profile_id FROM golden.profiles WHERE email = '{}'", person(3).email));
    let [profile] = ids.as_slice() else { panic!("not one profile: {ids:?}") };
    let profile = profile["profile_id"].as_str().expect("an id").to_owned();
    let opened = remote.run(&["erase", "open", &profile]);
    assert_eq!(opened.code, 0, "{}", opened.stderr);
    remote
        .workspace
        .change_state("UPDATE erasures SET status = 'approved', approved_by = 'x', approved_at = 1");
    let erased = remote.run(&["erase", "run", "1"]);
    assert_eq!(erased.code, 0, "{}{}", erased.stdout, erased.stderr);
    let left = remote.query("SELECT count(*) AS n FROM golden.profiles");
    assert_eq!(left, [json!({ "n": PEOPLE - 1 })]);
    let again = remote.land_and_publish();
    assert_eq!([&again["suppressed"], &again["records_landed"]], [&json!(2), &json!(0)]);
    let seen = remote.seen_by_deltalake(&["landing/shop", "golden/profiles"]);
    assert_eq!([&seen[0]["rows"], &seen[1]["rows"]], [&json!(PEOPLE - 1), &json!(PEOPLE - 1)]);
    // What stands in the silos stays there: it is the source's to erase.
    let scanned = remote.scan(&[profile]);
    assert_eq!(scanned[remote.lake()]["found"], json!([]), "{scanned}");
}
