//! Decisions of people about who is who: they hold whatever the evidence says, until undone.

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

/// A decision that must be taken, and its number.
#[track_caller]
fn decide(workspace: &Workspace, arguments: &[&str]) -> String {
    let decision = workspace.json(&[arguments, &["--reason", "seen at the counter"]].concat());
    decision["decision"].as_i64().expect("a number").to_string()
}

#[track_caller]
fn check_refused(workspace: &Workspace, arguments: &[&str], code: &str) -> Ended {
    let ended = workspace.run(&[arguments, &["--log", "json"]].concat());
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let error: Value =
        serde_json::from_str(ended.stderr.lines().last().unwrap_or_default()).expect("an error");
    assert_eq!(error["error"]["code"], code, "{error}");
    ended
}

/// What `golden.history` says of the last change: kind, cause, detail.
#[track_caller]
pub fn last_change(workspace: &Workspace) -> (String, String, String) {
    let rows =
        workspace.query("SELECT kind, cause, detail, run FROM golden.history ORDER BY run DESC, at DESC");
    let text = |name: &str| rows[0][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(rows[0]["run"], workspace.state("SELECT MAX(run) FROM runs"), "{rows:?}");
    (text("kind"), text("cause"), text("detail"))
}

fn changed(kind: &str, cause: &str, detail: &str) -> (String, String, String) {
    (kind.to_owned(), cause.to_owned(), detail.to_owned())
}

/// The profile of each of shop's customers `numbers`.
fn shop_profiles<const N: usize>(workspace: &Workspace, numbers: [usize; N]) -> [String; N] {
    numbers.map(|number| profile_of(workspace, "shop", &format!("S{number}")))
}

#[test]
fn a_merge_joins_two_profiles_that_nothing_links_and_survives_reruns_and_new_settings() {
    let workspace = silos();
    workspace.land_and_publish();
    let [one, other] = shop_profiles(&workspace, [1, 2]);
    let decision = decide(&workspace, &["merge", &one, &other]);
    let report = workspace.land_and_publish();
    assert_eq!((&report["profiles"], &report["merges"]), (&json!(PEOPLE - 1), &json!(1)));
    assert_eq!(last_change(&workspace), changed("merge", "decision", &decision));
    let [after, same] = shop_profiles(&workspace, [1, 2]);
    assert_eq!(after, same);
    assert!(after == one || after == other);
    for (source, key) in [("web", "w1"), ("web", "w2"), ("club", "C1"), ("club", "C2")] {
        assert_eq!(profile_of(&workspace, source, key), after, "{source} {key}");
    }
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);

    // Another model, other weights, another threshold.
    workspace.append("pipeline.yaml", "match: { threshold: 0.99, comparisons: { city: ~, email: ~ } }\n");
    workspace.edit("data/shop.csv", &person(1).street, "99 rue d'Ailleurs");
    workspace.land_and_publish();
    let [after, same] = shop_profiles(&workspace, [1, 2]);
    assert_eq!(after, same);

    let pair = ["S1", "S2"].map(|key| record_of(&workspace, "shop", key));
    let explained = workspace.json(&["explain", &pair[0], &pair[1]]);
    assert_eq!(explained["joined_by"], json!([{ "ground": "decision", "detail": decision }]));
    let explained = workspace.json(&["explain", &after]);
    assert_eq!(explained["decisions"][0]["reason"], "seen at the counter");

    decide(&workspace, &["undo", &decision]);
    assert_eq!(workspace.land_and_publish()["splits"], 1);
    assert_eq!(last_change(&workspace), changed("split", "decision_undone", &decision));
    let [one, other] = shop_profiles(&workspace, [1, 2]);
    assert_ne!(one, other);
}

#[test]
fn a_split_takes_records_out_whatever_links_them_and_names_what_it_kept_apart() {
    let workspace = silos();
    workspace.land_and_publish();
    let [profile] = shop_profiles(&workspace, [5]);
    let web = record_of(&workspace, "web", "w5");
    let decision = decide(&workspace, &["split", &profile, &web]);
    let report = workspace.land_and_publish();
    assert_eq!((&report["profiles"], &report["splits"]), (&json!(PEOPLE + 1), &json!(1)));
    let kept = report["kept_apart"].as_array().expect("a list");
    assert_eq!((&kept[0]["ground"], &kept[0]["detail"]), (&json!("decision"), &json!(decision)));
    assert!(kept[0]["joins"].as_u64() > Some(0), "{report}");
    assert_eq!(last_change(&workspace), changed("split", "decision", &decision));
    // The larger part keeps the id.
    assert_eq!(profile_of(&workspace, "club", "C5"), profile);
    assert_ne!(profile_of(&workspace, "web", "w5"), profile);

    let shop = record_of(&workspace, "shop", "S5");
    let explained = workspace.json(&["explain", &web, &shop]);
    assert_eq!(explained["kept_apart_by"], json!([{ "ground": "decision", "detail": decision }]));
    assert_eq!(explained["same_profile"], false);
    let shown = workspace.run(&["explain", &web, &shop]).stdout;
    assert!(
        shown.contains(&format!("Kept apart whatever the evidence says: decision {decision}")),
        "{shown}"
    );

    decide(&workspace, &["undo", &decision]);
    assert_eq!(workspace.land_and_publish()["profiles"], PEOPLE);
    assert_eq!(profile_of(&workspace, "web", "w5"), profile, "the oldest id stays");
    assert_eq!(last_change(&workspace), changed("merge", "decision_undone", &decision));
}

#[test]
fn records_that_are_never_linked_stay_apart_through_whoever_is_like_both() {
    let workspace = silos();
    workspace.land_and_publish();
    let [shop, web] = [("shop", "S7"), ("web", "w7")].map(|(source, key)| record_of(&workspace, source, key));
    decide(&workspace, &["never-link", &shop, &web]);
    workspace.land_and_publish();
    // The club knows the same person as both do.
    let [shop, web, club] = [("shop", "S7"), ("web", "w7"), ("club", "C7")]
        .map(|(source, key)| profile_of(&workspace, source, key));
    assert_ne!(shop, web);
    assert!(club == shop || club == web);
}

#[test]
fn what_contradicts_is_refused_with_the_decisions_in_its_way() {
    let workspace = silos();
    workspace.land_and_publish();
    let [one, two, three] = shop_profiles(&workspace, [1, 2, 3]);
    let first = decide(&workspace, &["merge", &one, &two]);
    let second = decide(&workspace, &["merge", &two, &three]);
    let reason = ["--reason", "seen"];
    let ended = check_refused(
        &workspace,
        &[&["never-link", &three, &one][..], &reason].concat(),
        "decision-contradicts",
    );
    assert!(ended.stderr.contains(&format!("{first}, {second}")), "{}", ended.stderr);

    // With one of them lifted it holds, and is itself in the way of the other.
    decide(&workspace, &["undo", &first]);
    let never = decide(&workspace, &["never-link", &three, &one]);
    let ended =
        check_refused(&workspace, &[&["merge", &one, &two][..], &reason].concat(), "decision-contradicts");
    assert!(ended.stderr.contains(&format!("{second}, {never}")), "{}", ended.stderr);
    check_refused(&workspace, &[&["undo", &first][..], &reason].concat(), "unknown-id");

    let listed = workspace.json_lines(&["decisions"]);
    assert_eq!(listed.len(), 3, "what was refused was not taken: {listed:?}");
    assert_eq!(listed[0]["undone_reason"], "seen at the counter");
    assert!(workspace.run(&["decisions"]).stdout.contains("never_link"));
}

#[test]
fn only_two_that_there_are_can_be_decided_about_and_a_reason_names_no_one() {
    let workspace = silos();
    let nobody = "00000000-0000-4000-8000-000000000000";
    workspace.land_and_publish();
    let [one, two] = shop_profiles(&workspace, [1, 2]);
    let web = record_of(&workspace, "web", "w1");
    let members = ["shop", "web", "club"].map(|source| {
        record_of(
            &workspace,
            source,
            if source == "shop" {
                "S1"
            } else if source == "web" {
                "w1"
            } else {
                "C1"
            },
        )
    });
    let [a, b, c] = &members;
    for (arguments, code) in [
        (vec!["merge", &one, nobody], "unknown-id"),
        (vec!["merge", &one, &one], "decision-not-two"),
        (vec!["merge", &one, &web], "decision-not-two"),
        (vec!["merge", "Zoé", &one], "cli-not-an-id"),
        (vec!["split", &two, &web], "decision-not-a-member"),
        (vec!["split", nobody, &web], "unknown-id"),
        (vec!["split", &one, a, b, c], "decision-not-two"),
        (vec!["undo", "77"], "unknown-id"),
    ] {
        check_refused(&workspace, &[&arguments[..], &["--reason", "seen"]].concat(), code);
    }
    for (reason, code) in [
        ("", "decision-reason-length"),
        ("zoe@courrier.example is both", "decision-reason-personal"),
        ("her number is 06 39 98 01 37", "decision-reason-personal"),
    ] {
        let ended = check_refused(&workspace, &["merge", &one, &two, "--reason", reason], code);
        assert!(reason.is_empty() || !ended.stderr.contains(reason), "{}", ended.stderr);
    }
    assert!(workspace.json_lines(&["decisions"]).is_empty());
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);
}

#[test]
fn decisions_are_audited_with_their_number_and_how_they_ended() {
    let workspace = silos();
    workspace.land_and_publish();
    let [one, two] = shop_profiles(&workspace, [1, 2]);
    let merge = decide(&workspace, &["merge", &one, &two]);
    check_refused(&workspace, &["never-link", &one, &two, "--reason", "seen"], "decision-contradicts");
    decide(&workspace, &["undo", &merge]);
    for (action, table, status) in [
        ("merge", format!("decisions/{merge}"), "done"),
        ("never_link", "decisions/2".to_owned(), "refused"),
        ("undo", format!("decisions/{merge}"), "done"),
    ] {
        let audited = workspace.audited(action);
        let [(intent, Some(outcome))] = audited.as_slice() else { panic!("{action}: {audited:?}") };
        assert_eq!((&intent["table"], &outcome["status"]), (&json!(table), &json!(status)), "{action}");
        assert!(!intent.to_string().contains("counter"), "a reason stays with its decision");
    }
    assert_eq!(workspace.run(&["audit", "verify"]).code, 0);
}
