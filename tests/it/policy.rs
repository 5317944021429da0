//! Policy files through the binary: shown, validated, and obeyed only where they are valid.

use serde_json::{Value, json};

use crate::common::Workspace;

const PIPELINE: &str = "
name: shop
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: shop
    path: shop.csv
    format: delimited
    key: [id]
    columns: { email: mail }
";

fn workspace() -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    workspace.write("shop.csv", "id,mail\n1,ada@lovelace.example\n");
    workspace
}

fn codes(diagnostics: &Value) -> Vec<&str> {
    let listed = diagnostics.as_array().expect("a list").iter();
    listed.map(|diagnostic| diagnostic["code"].as_str().expect("a code")).collect()
}

#[test]
fn every_role_and_purpose_is_shown_with_its_classes() {
    let shown = workspace().json(&["policy", "show"]);
    assert_eq!(shown["roles"], json!(["analyst", "agent", "marketer", "dpo", "data_engineer", "subject"]));
    let rows = shown["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 6 * 4, "six roles, three purposes and none");
    let row = |role: &str, purpose: Value| {
        let found = rows.iter().find(|row| row["role"] == role && row["purpose"] == purpose);
        found.unwrap_or_else(|| panic!("no {role} for {purpose}")).clone()
    };
    assert_eq!(
        row("agent", json!("customer_care")),
        json!({
            "actor": null, "role": "agent", "purpose": "customer_care", "granted": true,
            "classes": {
                "plain": "clear", "identifier": "clear", "contact": "clear", "demographic": "clear",
                "sensitive": "protected",
            },
            "audits": false,
        })
    );
    assert_eq!(row("agent", json!("marketing"))["granted"], false);
    assert_eq!(row("agent", Value::Null)["classes"]["contact"], "protected");
    assert_eq!(row("dpo", Value::Null)["audits"], true);
}

#[test]
fn check_tells_all_that_is_wrong_with_policies_and_what_may_not_be_meant() {
    let workspace = workspace();
    let checked = workspace.json(&["check"]);
    assert_eq!(checked["problems"], json!([]));
    assert_eq!(codes(&checked["notes"]), ["policy-role-opens-nothing", "policy-role-opens-nothing"]);

    workspace.edit("policies/access.cedar", "Role::\"agent\"", "Role::\"agnet\"");
    workspace.write("policies/more.cedar", "permit (principal, action, resource);\npermit (");
    let ended = workspace.run(&["check", "--format", "json"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let checked: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    assert_eq!(codes(&checked["problems"]), ["policy-unknown-name", "policy-syntax"], "{checked}");
    assert_eq!(checked["notes"], json!([]));
    let told = workspace.run(&["check"]).stdout;
    assert!(told.contains("there is no Role::\"agnet\""), "{told}");
    assert!(told.contains("did you mean Role::\"agent\"?"), "{told}");
}

#[test]
fn nothing_runs_and_nothing_is_answered_under_policies_that_are_wrong() {
    let workspace = workspace();
    workspace.land_and_publish();
    workspace.write("policies/more.cedar", "forbid (principal == Actor::\"eve\", action, resource)");
    for arguments in [&["query", "SELECT 1"][..], &["run"], &["policy", "show"]] {
        let ended = workspace.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("more.cedar:1:"), "{}", ended.stderr);
    }
}

#[test]
fn a_changed_policy_counts_from_the_next_query_on() {
    let workspace = workspace();
    workspace.land_and_publish();
    let asked = || {
        let as_agent = ["--role", "agent", "--purpose", "customer_care"];
        workspace.run(&[&["query", "SELECT email FROM landing.shop"], &as_agent[..]].concat())
    };
    assert!(asked().stdout.contains("ada@lovelace.example"));
    workspace.write(
        "policies/closed.cedar",
        "forbid (principal in Role::\"agent\", action == Action::\"open\", resource == FieldClass::\"contact\");",
    );
    let ended = asked();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(!ended.stdout.contains("ada@"));
    workspace.write("policies/closed.cedar", "forbid (principal, action, resource);");
    assert_eq!(asked().code, 4);
}

#[test]
fn a_pipeline_that_still_has_roles_is_told_the_policies_that_replace_them() {
    let workspace = workspace();
    workspace.write(
        "pipeline.yaml",
        format!("{PIPELINE}roles:\n  analyst: {{}}\n  care: {{ support: [contact] }}\n"),
    );
    let ended = workspace.run(&["check"]);
    assert_eq!(ended.code, 2);
    for told in [
        "`roles` is now written as policies",
        "entity Role enum [\"analyst\", \"care\"];",
        "permit (principal in Role::\"care\", action == Action::\"open\", resource)",
        "context.purpose == Purpose::\"support\"",
    ] {
        assert!(ended.stderr.contains(told), "{told} is not in {}", ended.stderr);
    }
}
