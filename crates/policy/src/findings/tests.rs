use super::*;
use crate::PolicyFile;

fn file(name: &str, text: &str) -> PolicyFile {
    PolicyFile { name: name.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn check(names: &str, policies: &str, expected: &[&str]) {
    let policy =
        AccessPolicy::parse(Some(&file("names.cedarschema", names)), &[file("access.cedar", policies)])
            .expect("valid");
    let told: Vec<String> = policy
        .findings()
        .into_iter()
        .map(|finding| {
            let values: Vec<String> =
                finding.args.into_iter().map(|(_, value)| value).filter(|value| !value.is_empty()).collect();
            format!("{} {}", finding.code, values.join(" "))
        })
        .collect();
    assert_eq!(told, expected, "{policies}");
}

const NAMES: &str = "entity Role enum [\"dpo\"]; entity Purpose enum [\"rights\"];";
const ALL: &str = "permit (principal, action, resource);\n";

#[test]
fn a_policy_that_gives_everyone_everything_has_nothing_idle() {
    check(NAMES, ALL, &[]);
}

#[test]
fn whoever_and_whatever_gets_nothing_is_told() {
    check(
        "entity Role enum [\"dpo\", \"analyst\", \"ghost\"]; entity Purpose enum [\"rights\", \"fun\"];",
        "permit (principal, action == Action::\"read\", resource) unless { principal in Role::\"ghost\" };
         permit (principal in Role::\"dpo\", action == Action::\"open\", resource)
         when { context.purpose == Purpose::\"rights\" && resource != FieldClass::\"sensitive\" };",
        &[
            "policy-role-opens-nothing analyst",
            "policy-role-reads-nothing ghost",
            "policy-purpose-of-nobody fun",
            "policy-class-of-nobody sensitive",
        ],
    );
}

#[test]
fn a_policy_that_decides_nothing_is_told_with_its_place() {
    // Values of plain fields are read, never opened.
    let idle = "permit (principal, action == Action::\"open\", resource == FieldClass::\"plain\");";
    let forbidden = "@id(\"in vain\")\npermit (principal, action, resource == FieldClass::\"contact\");\n\
                     forbid (principal, action, resource == FieldClass::\"contact\");";
    let rest = "permit (principal, action, resource) unless { resource == FieldClass::\"contact\" };\n";
    check(NAMES, &format!("{ALL}{idle}"), &["policy-without-effect access.cedar 2 1"]);
    check(
        NAMES,
        &format!("{rest}{forbidden}"),
        &["policy-class-of-nobody contact", "policy-without-effect access.cedar 2 1 in vain"],
    );
}

#[test]
fn a_policy_for_one_actor_is_not_idle() {
    check(NAMES, &format!("{ALL}forbid (principal == Actor::\"eve\", action, resource);"), &[]);
}

#[test]
fn a_pipeline_without_policies_is_read_by_nobody() {
    let codes: Vec<String> =
        AccessPolicy::default().findings().into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["policy-nobody-reads"]);
}
