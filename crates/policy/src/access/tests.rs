use vermeil_model::Diagnose;

use super::*;

const NAMES: &str = "entity Role enum [\"analyst\", \"agent\", \"dpo\"];\n\
                     entity Purpose enum [\"care\", \"rights\"];\n";
const READ: &str = "permit (principal, action == Action::\"read\", resource);\n";
const CARE: &str = "permit (principal in Role::\"agent\", action == Action::\"open\", resource)\n\
                    when { context.purpose == Purpose::\"care\" && resource in [FieldClass::\"contact\"] };\n";

fn file(name: &str, text: &str) -> PolicyFile {
    PolicyFile { name: name.to_owned(), text: text.to_owned() }
}

fn parsed(policies: &str) -> Result<AccessPolicy, PolicyErrors> {
    AccessPolicy::parse(Some(&file("names.cedarschema", NAMES)), &[file("access.cedar", policies)])
}

/// The classes that `actor` may open as `role` for `purpose`, or why none.
fn opens(policy: &AccessPolicy, actor: &str, role: &str, purpose: &str) -> String {
    let (role, purpose) = (Role(role.to_owned()), Purpose(purpose.to_owned()));
    match policy.grant(actor, &role, (!purpose.0.is_empty()).then_some(&purpose)) {
        Ok(grant) => joined(grant.classes().iter().map(|class| class.as_str())),
        Err(denied) => denied.to_string(),
    }
}

#[track_caller]
fn check_error(policies: &str, expected: &str) {
    let errors = parsed(policies).expect_err(policies);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, [expected], "{policies}");
}

#[track_caller]
fn check_near(policies: &str, place: &str, wrong: &str, near: &str) {
    let errors = parsed(policies).expect_err(policies);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, [format!("access.cedar:{place}: there is no {wrong}")], "{policies}");
    let diagnostic = errors.iter().next().and_then(Diagnose::diagnostic).expect("one");
    let nearest = diagnostic.args.iter().find(|(name, _)| name == "nearest").expect("an argument");
    assert_eq!(nearest.1, near, "{policies}");
}

#[test]
fn what_is_permitted_is_granted_and_nothing_else() {
    let policy = parsed(&format!("{READ}{CARE}")).expect("valid");
    assert_eq!(opens(&policy, "ada", "agent", "care"), "contact");
    assert_eq!(opens(&policy, "ada", "agent", ""), "");
    assert_eq!(opens(&policy, "ada", "analyst", ""), "");
    assert_eq!(opens(&policy, "ada", "agent", "rights"), "role `agent` may not read for purpose `rights`");
    assert_eq!(opens(&policy, "ada", "analyst", "care"), "role `analyst` may not read for purpose `care`");
}

#[test]
fn an_undeclared_role_or_purpose_is_denied_whatever_the_policies_say() {
    let policy = parsed("permit (principal, action, resource);").expect("valid");
    assert_eq!(opens(&policy, "ada", "root", ""), "there is no role `root` (declared: analyst, agent, dpo)");
    assert_eq!(opens(&policy, "ada", "dpo", "fun"), "role `dpo` may not read for purpose `fun`");
    assert_eq!(opens(&policy, "ada", "dpo", "care"), "identifier, contact, demographic, sensitive");
}

#[test]
fn a_denied_purpose_comes_with_those_that_are_granted() {
    let policy = parsed(&format!("{READ}{CARE}")).expect("valid");
    let asked = |role: &str| {
        policy.grant("ada", &Role(role.to_owned()), Some(&Purpose("rights".to_owned()))).expect_err("denied")
    };
    let of = |denied| match denied {
        Denied::PurposeNotGranted { granted, .. } => granted,
        other => panic!("{other}"),
    };
    assert_eq!(of(asked("agent")), "care");
    assert_eq!(of(asked("analyst")), "");
}

#[test]
fn nothing_is_read_where_no_policy_permits_it() {
    for policy in [AccessPolicy::default(), parsed(CARE).expect("valid")] {
        assert!(policy.grant("ada", &Role("agent".to_owned()), None).is_err());
    }
    assert_eq!(opens(&parsed(CARE).expect("valid"), "ada", "agent", "care"), "role `agent` may not read");
}

#[test]
fn forbidding_wins_over_permitting_in_whatever_order() {
    let forbid = "forbid (principal, action == Action::\"open\", resource == FieldClass::\"contact\");";
    for policies in [format!("{READ}{CARE}{forbid}"), format!("{forbid}{READ}{CARE}")] {
        let policy = parsed(&policies).expect("valid");
        assert_eq!(opens(&policy, "ada", "agent", "care"), "role `agent` may not read for purpose `care`");
    }
}

#[test]
fn a_role_can_be_kept_to_those_who_may_have_it() {
    let only = "forbid (principal in Role::\"agent\", action, resource)\n\
                unless { [Actor::\"ada\", Actor::\"grace\"].contains(principal) };";
    let policy = parsed(&format!("{READ}{CARE}{only}")).expect("valid");
    assert_eq!(opens(&policy, "ada", "agent", "care"), "contact");
    assert_eq!(opens(&policy, "eve", "agent", "care"), "role `agent` may not read");
    assert_eq!(opens(&policy, "eve", "analyst", ""), "", "another role is untouched");
}

#[test]
fn a_policy_that_fails_while_it_is_evaluated_denies() {
    // Overflows; Cedar passes over a policy that fails, even where it forbids.
    let failing = "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };";
    let policy = parsed(&format!("{READ}{CARE}{failing}")).expect("valid");
    assert_eq!(opens(&policy, "ada", "agent", "care"), "role `agent` may not read");
}

#[test]
fn policies_of_several_files_count_together() {
    let policy = AccessPolicy::parse(
        Some(&file("names.cedarschema", NAMES)),
        &[file("a.cedar", READ), file("b.cedar", CARE), file("empty.cedar", "// nothing\n")],
    )
    .expect("valid");
    assert_eq!(opens(&policy, "ada", "agent", "care"), "contact");
}

#[test]
fn a_misspelt_name_is_told_with_its_place_and_the_nearest() {
    check_near(
        &CARE.replace("\"contact\"", "\"contcat\""),
        "2:59",
        "FieldClass::\"contcat\"",
        "FieldClass::\"contact\"",
    );
    check_near(&CARE.replace("\"agent\"", "\"agnet\""), "1:22", "Role::\"agnet\"", "Role::\"agent\"");
    check_near(&CARE.replace("\"care\"", "\"cares\""), "2:27", "Purpose::\"cares\"", "Purpose::\"care\"");
    check_near(&CARE.replace("\"open\"", "\"opne\""), "1:47", "Action::\"opne\"", "Action::\"open\"");
    check_near("permit (principal is Acter, action, resource);", "1:22", "Acter", "Actor");
}

#[test]
fn every_misspelt_name_is_told() {
    let both = CARE.replace("\"contact\"", "\"contcat\"").replace("\"agent\"", "\"agnet\"");
    let errors = parsed(&both).expect_err("two are misspelt");
    let places: Vec<String> = errors.iter().map(|error| error.to_string()[..17].to_owned()).collect();
    assert_eq!(places, ["access.cedar:1:22", "access.cedar:2:59"]);
}

#[test]
fn what_is_no_cedar_is_told_with_its_place() {
    check_error("permit (principal, action, resource)\n", "access.cedar:1:37: unexpected end of input");
    check_error("allow (principal, action, resource);", "access.cedar:1:1: invalid policy effect: allow");
    check_error(
        "permit (principal == ?principal, action, resource);",
        "access.cedar:1:1: a policy with a placeholder never applies",
    );
}

#[test]
fn what_cannot_mean_anything_is_told_with_a_hint() {
    let errors =
        parsed("permit (principal, action, resource) when { context.purpose == Purpose::\"care\" };")
            .expect_err("only opening has a purpose");
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    // One for each action that has none: `read` and `audit`.
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.starts_with("access.cedar:1:45: attribute `purpose`")), "{told:?}");
}

#[test]
fn two_policies_of_one_id_are_told_apart_by_nobody() {
    let twice = format!("@id(\"a\")\n{READ}\n@id(\"a\")\n{CARE}");
    check_error(&twice, "access.cedar:4:1: a second policy has the id `a`");
}

#[test]
fn the_file_of_names_declares_roles_and_purposes_only() {
    for (names, expected) in [
        ("entity Role enum [\"a\"", "names.cedarschema:1:22: error parsing schema: unexpected end of input"),
        ("entity Role;", "names.cedarschema: `Role` is neither an enumeration of `Role` nor of `Purpose`"),
        (
            "entity Rule enum [\"a\"];",
            "names.cedarschema: `Rule` is neither an enumeration of `Role` nor of `Purpose`",
        ),
        ("action sell;", "names.cedarschema: `sell` is neither an enumeration of `Role` nor of `Purpose`"),
        ("entity Role enum [\"system\"];", "names.cedarschema: `system` is a name of the system"),
        ("entity Purpose enum [\"none\"];", "names.cedarschema: `none` is a name of the system"),
    ] {
        let errors = AccessPolicy::parse(Some(&file("names.cedarschema", names)), &[]).expect_err(names);
        assert_eq!(errors.to_string(), expected, "{names}");
    }
}

#[test]
fn policies_without_a_file_of_names_are_refused() {
    let errors = AccessPolicy::parse(None, &[file("shop/policies/a.cedar", READ)]).expect_err("no roles");
    assert_eq!(
        errors.to_string(),
        "shop/policies/names.cedarschema is missing: it declares roles and purposes"
    );
    assert!(AccessPolicy::parse(None, &[]).expect("nothing is permitted").roles().is_empty());
}

#[test]
fn a_pipeline_may_declare_roles_and_no_purpose() {
    let names = file("names.cedarschema", "entity Role enum [\"analyst\"];");
    let policy = AccessPolicy::parse(Some(&names), &[file("a.cedar", READ)]).expect("valid");
    assert_eq!(opens(&policy, "ada", "analyst", ""), "");
    assert_eq!(opens(&policy, "ada", "analyst", "none"), "role `analyst` may not read for purpose `none`");
}
