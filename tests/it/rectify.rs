//! Values that people set right: shown from the next run on, whatever sources deliver later.

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use vermeil_leaks::{Limits, Matcher, Values, scan};

use crate::common::{Ended, Workspace};
use crate::model;
use crate::pipeline::{PEOPLE, Person, person, profile_of, record_of, silos};

const AS_DPO: [&str; 4] = ["--role", "dpo", "--purpose", "data_subject_rights"];
const REASON: &str = "asked for at the counter, ticket 4711";
const RIGHT: &str = "plume.juste@rectifiee.example";

fn start(workspace: &Workspace, arguments: &[&str], value: &str) -> Child {
    let mut command = workspace.command(&[&["rectify"], arguments, &["--reason", REASON]].concat());
    command.args(["--format", "json", "--log", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // Who is refused may be gone before the value is read.
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{value}");
    child
}

fn rectify(workspace: &Workspace, arguments: &[&str], value: &str) -> Ended {
    start(workspace, arguments, value).wait_with_output().expect("it ends").into()
}

/// Sets a value right, or withdraws it, and tells of which records.
#[track_caller]
fn set(workspace: &Workspace, arguments: &[&str], value: &str) -> Vec<String> {
    let ended = rectify(workspace, &[arguments, &AS_DPO].concat(), value);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!ended.stdout.contains(value) || value.is_empty(), "{}", ended.stdout);
    let told = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    told.map(|one| one["record"].as_str().expect("an id").to_owned()).collect()
}

#[track_caller]
fn shown(workspace: &Workspace, profile: &str, field: &str) -> Value {
    workspace.cell(&format!("SELECT {field} FROM golden.profiles WHERE profile_id = '{profile}'"))
}

#[track_caller]
fn provenance(workspace: &Workspace, profile: &str, field: &str) -> Value {
    let sql = format!(
        "SELECT rule, author, record_id FROM golden.provenance WHERE profile_id = '{profile}' AND field = '{field}'"
    );
    workspace.query(&sql).remove(0)
}

/// Person `number` as the shop delivers them from now on.
fn shop_changes(workspace: &Workspace, from: &Person, to: &Person) {
    workspace.edit("data/shop.csv", &from.shop_row(), &to.shop_row());
}

#[test]
fn what_is_set_right_is_shown_and_outlives_later_loads_until_it_is_withdrawn() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S3");
    let web = record_of(&workspace, "web", "w3");
    // Of the three, the web site's address is shown: people typed it themselves.
    assert_eq!(set(&workspace, &[&profile, "email"], RIGHT), [web.as_str()]);
    assert_eq!(shown(&workspace, &profile, "email"), person(3).email, "not before a run");

    let report = workspace.land_and_publish();
    assert_eq!((&report["up_to_date"], &report["profiles"]), (&json!(false), &json!(PEOPLE)));
    assert_eq!(report["touched_records"], Value::Null, "of few records no model is kept");
    assert_eq!(shown(&workspace, &profile, "email"), RIGHT);
    let from = provenance(&workspace, &profile, "email");
    assert_eq!((&from["rule"], &from["record_id"]), (&json!("human_set"), &json!(web)));
    assert!(from["author"].as_str().is_some_and(|author| !author.is_empty()), "{from}");
    assert_eq!(provenance(&workspace, &profile, "city")["author"], Value::Null);
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);

    // The old value again, in a new version of the record, and a new one elsewhere.
    let moved = Person { street: "1 rue Neuve".to_owned(), ..person(3) };
    let old = person(3).web_row("2024-05-01T10:00:00Z");
    let as_bytes = |text: &str| text.bytes().map(char::from).collect::<String>();
    workspace.edit("data/web.ndjson", &as_bytes(&old), &as_bytes(&moved.web_row("2024-08-01T10:00:00Z")));
    let other = Person { email: "nouvelle@boutique.example".to_owned(), ..person(3) };
    shop_changes(&workspace, &person(3), &other);
    assert_eq!(workspace.land_and_publish()["records_landed"], 2);
    assert_eq!(profile_of(&workspace, "shop", "S3"), profile);
    assert_eq!(shown(&workspace, &profile, "email"), RIGHT);

    let explained = workspace.json(&[&["explain", profile.as_str()][..], &AS_DPO].concat());
    let told = &explained["rectifications"][0];
    assert_eq!(
        (&told["kind"], &told["reason"], &told["field"]),
        (&json!("set"), &json!(REASON), &json!("email"))
    );
    let text = workspace.run(&[&["explain", profile.as_str()][..], &AS_DPO].concat()).stdout;
    assert!(text.contains("human_set") && text.contains(REASON), "{text}");
    let closed =
        workspace.run(&["explain", &profile, "--role", "agent", "--purpose", "customer_care"]).stdout;
    assert!(closed.contains("human_set") && !closed.contains(REASON), "{closed}");

    assert_eq!(set(&workspace, &[&profile, "email", "--withdraw"], ""), [web]);
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "email"), person(3).email);
    assert_eq!(provenance(&workspace, &profile, "email")["rule"], "self_declared");
}

#[test]
fn of_many_profiles_only_what_was_set_right_is_built_anew() {
    let workspace = model::silos(520);
    workspace.land_and_publish();
    let editions = || {
        let sql = "SELECT publication, count(*) AS n FROM golden.profiles GROUP BY publication ORDER BY publication";
        let rows = workspace.query(sql);
        rows.iter().map(|row| row["n"].as_u64().expect("a count")).collect::<Vec<_>>()
    };
    let profiles = editions()[0];
    let profile = profile_of(&workspace, "shop", "18");
    set(&workspace, &[&profile, "city"], "Rectifiée-sur-Loire");
    workspace.land_and_publish();
    assert_eq!(editions(), [profiles - 1, 1]);
    assert_eq!(shown(&workspace, &profile, "city"), "Rectifiée-sur-Loire");
    // Carried over, it stays.
    workspace.append("data/shop.csv", model::row(1_234, 9));
    workspace.land_and_publish();
    assert_eq!(editions(), [profiles - 1, 1, 1]);
    assert_eq!(shown(&workspace, &profile, "city"), "Rectifiée-sur-Loire");
    set(&workspace, &[&profile, "city", "--withdraw"], "");
    workspace.land_and_publish();
    assert_eq!(editions(), [profiles - 1, 1, 1]);
    assert_ne!(shown(&workspace, &profile, "city"), "Rectifiée-sur-Loire");
}

#[test]
fn it_goes_with_its_record_and_of_two_the_later_holds() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S4");
    let [shop, web] = [("shop", "S4"), ("web", "w4")].map(|(source, key)| record_of(&workspace, source, key));
    set(&workspace, &[&shop, "family_name"], "Premièrement");
    set(&workspace, &[&web, "family_name"], "Secondement");
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "family_name"), "Secondement");

    workspace.json(&["split", &profile, &web, "--reason", "two people"]);
    assert_eq!(workspace.land_and_publish()["splits"], 1);
    let left = profile_of(&workspace, "web", "w4");
    assert_ne!(left, profile);
    assert_eq!(shown(&workspace, &left, "family_name"), "Secondement");
    assert_eq!(shown(&workspace, &profile, "family_name"), "Premièrement");

    workspace.json(&["undo", "1", "--reason", "one person after all"]);
    assert_eq!(workspace.land_and_publish()["merges"], 1);
    assert_eq!(shown(&workspace, &profile, "family_name"), "Secondement");
    // Withdrawn of the profile, it is withdrawn of every record of it.
    let mut withdrawn = set(&workspace, &[&profile, "family_name", "--withdraw"], "");
    withdrawn.sort_unstable();
    let mut both = vec![shop, web];
    both.sort_unstable();
    assert_eq!(withdrawn, both);
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "family_name"), person(4).family);
}

#[test]
fn a_part_of_an_address_that_is_set_right_keeps_the_address_of_its_record() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "    city: longest\n", "");
    let moved = Person { street: "7 rue du Port".to_owned(), postal_code: "29200".to_owned(), ..person(5) };
    shop_changes(&workspace, &person(5), &moved);
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S5");
    assert_eq!(shown(&workspace, &profile, "postal_code"), "29200");
    let web = record_of(&workspace, "web", "w5");
    set(&workspace, &[&web, "street"], "8 bis rue du Moulin");
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "street"), "8 bis rue du Moulin");
    assert_eq!(shown(&workspace, &profile, "postal_code"), person(5).postal_code, "of one record");
    assert_eq!(provenance(&workspace, &profile, "postal_code")["record_id"], web);
}

#[test]
fn only_who_may_open_the_field_sets_it_right_and_what_is_refused_leaves_nothing() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S3");
    let code = |ended: &Ended| -> String {
        let last = ended.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", ended.stderr));
        error["error"]["code"].as_str().expect("a code").to_owned()
    };
    let nobody = "00000000-0000-4000-8000-000000000000";
    let as_agent = ["--role", "agent", "--purpose", "customer_care"];
    for (arguments, reader, value, refused_by, exit) in [
        (&[profile.as_str(), "email"][..], &[][..], RIGHT, "rectify-denied", 4),
        (&[&profile, "country"], &["--role", "analyst"], "FR", "rectify-denied", 4),
        (&[&profile, "notes"], &as_agent, "grumpy", "rectify-denied", 4),
        (&[&profile, "e-mail"], &AS_DPO, RIGHT, "rectify-not-a-field", 2),
        (&[&profile, "birth_date"], &AS_DPO, "03/07/1984", "rectify-not-a-value", 2),
        (&[&profile, "email"], &AS_DPO, "  ", "rectify-not-a-value", 2),
        (&[&profile, "email", "--withdraw"], &AS_DPO, "", "nothing-rectified", 2),
        (&[nobody, "email"], &AS_DPO, RIGHT, "unknown-id", 2),
    ] {
        let ended = rectify(&workspace, &[arguments, reader].concat(), value);
        assert_eq!((ended.code, code(&ended).as_str()), (exit, refused_by), "{arguments:?}");
        assert!(value.len() < 3 || !ended.stderr.contains(value), "{}", ended.stderr);
    }
    assert!(workspace.stored("golden/rectifications").is_none_or(|table| table.rows.num_rows() == 0));
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);
    let announced = workspace.audited("rectify");
    let refused =
        announced.iter().filter(|(_, outcome)| outcome.as_ref().is_some_and(|it| it["status"] == "refused"));
    assert_eq!(refused.count(), 3, "{announced:?}");
    assert_eq!(workspace.audited("withdraw").len(), 1);
}

#[test]
fn it_is_gone_with_the_key_of_its_record() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S6");
    set(&workspace, &[&record_of(&workspace, "web", "w6"), "email"], RIGHT);
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "email"), RIGHT);
    workspace.change_state("DELETE FROM key_pages WHERE owner LIKE 'landing/web/%'");
    workspace.edit("data/shop.csv", &person(9).mobile, "06 39 98 55 55");
    workspace.land_and_publish();
    assert_eq!(shown(&workspace, &profile, "email"), person(6).email);
}

#[test]
fn neither_the_value_nor_the_reason_is_on_any_disk() {
    let workspace = silos();
    workspace.land_and_publish();
    set(&workspace, &[&profile_of(&workspace, "shop", "S3"), "email"], RIGHT);
    workspace.land_and_publish();
    workspace.json(&["optimize"]);
    let profile = profile_of(&workspace, "shop", "S3");
    assert_eq!(shown(&workspace, &profile, "email"), RIGHT, "optimize lost it");
    let matcher = Matcher::new(&Values::from_texts([RIGHT, "plume.juste", REASON]));
    let found = scan(workspace.path(), &[], &matcher, Limits::default()).expect("readable files");
    assert!(found.findings.is_empty(), "{:#?}", found.findings);
    workspace.write("proof.txt", format!("{RIGHT} {REASON}"));
    let found = scan(workspace.path(), &[], &matcher, Limits::default()).expect("readable files");
    assert!(!found.findings.is_empty(), "the scan finds nothing");
}

#[test]
fn killed_anywhere_it_is_whole_or_not_at_all() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S7");
    let rows = || workspace.stored("golden/rectifications").map_or(0, |table| table.rows.num_rows());
    let mut killed = 0;
    for attempt in 0.. {
        let before = rows();
        let value = format!("essai{attempt}@rectifie.example");
        let arguments = [&[profile.as_str(), "email"], &AS_DPO[..]].concat();
        let mut child = start(&workspace, &arguments, &value);
        std::thread::sleep(Duration::from_millis(20 * attempt));
        let _ = child.kill();
        let ended = child.wait_with_output().expect("it ends");
        let after = rows();
        assert!(after == before || after == before + 1, "{before} to {after}");
        if ended.status.success() {
            assert_eq!(after, before + 1, "it said that it was done");
            break;
        }
        killed += 1;
        // Before and after a few of them: a run takes what is whole.
        if attempt % 6 == 5 || after > before {
            workspace.land_and_publish();
            let is_shown = shown(&workspace, &profile, "email") == value;
            assert_eq!(is_shown, after > before, "killed after {} ms", 20 * attempt);
        }
    }
    assert!(killed > 2, "it was killed {killed} times");
    assert_eq!(workspace.json(&["audit", "verify"])["faults"], json!([]));
}

#[test]
fn all_that_records_say_is_told_with_writings_folded() {
    let workspace = silos();
    let loud = Person { family: "GRIMAUDEL", city: "Ailleurs".to_owned(), ..person(6) };
    shop_changes(&workspace, &person(6), &loud);
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S6");
    let explain = |reader: &[&str]| workspace.json(&[&["explain", profile.as_str()], reader].concat());
    let explained = explain(&AS_DPO);
    let of = |field: &str| -> Vec<&Value> {
        let all = explained["alternatives"].as_array().expect("alternatives");
        all.iter().filter(|alternative| alternative["field"] == field).collect()
    };
    let [name] = of("family_name")[..] else { panic!("{:?}", of("family_name")) };
    assert_eq!((&name["value"], &name["records"]), (&json!("Grimaudel"), &json!(3)));
    assert_eq!(name["sources"], json!(["club", "shop", "web"]));
    let cities: Vec<_> = of("city").iter().map(|city| (&city["value"], &city["records"])).collect();
    assert_eq!(cities, [(&json!(person(6).city), &json!(2)), (&json!("Ailleurs"), &json!(1))]);
    let text = workspace.run(&[&["explain", profile.as_str()][..], &AS_DPO].concat()).stdout;
    assert!(text.contains("Ailleurs"), "{text}");

    // As little as of the values themselves.
    let closed = explain(&["--role", "analyst"]);
    let shown = closed["alternatives"].as_array().expect("alternatives");
    assert!(shown.iter().all(|alternative| alternative["field"] == "party_role"), "{shown:?}");
    let marketer = explain(&["--role", "marketer", "--purpose", "marketing"]);
    let fields = marketer["alternatives"].as_array().expect("alternatives");
    assert!(fields.iter().all(|alternative| alternative["field"] != "birth_date"), "{fields:?}");
}
