use super::*;
use crate::PolicyFile;

fn file(name: &str, text: &str) -> PolicyFile {
    PolicyFile { name: name.to_owned(), text: text.to_owned() }
}

fn demo() -> AccessPolicy {
    let names = include_str!("../../../../pipelines/demo/policies/names.cedarschema");
    let access = include_str!("../../../../pipelines/demo/policies/access.cedar");
    AccessPolicy::parse(Some(&file("names.cedarschema", names)), &[file("access.cedar", access)])
        .expect("the demo's policies are valid")
}

/// One line for each row: actor, role, purpose, then a letter for each class.
fn written(matrix: &Matrix) -> String {
    let letter = |shown: &Shown| match shown {
        Shown::Absent => "-",
        Shown::Protected => "protected",
        Shown::Clear => "clear",
    };
    let line = |row: &MatrixRow| {
        let purpose = row.purpose.as_ref().map_or("(none)", |purpose| &purpose.0);
        let classes: Vec<&str> = row.classes.values().map(letter).collect();
        let [identifier, contact, demographic, sensitive, plain] = classes[..] else {
            panic!("five classes")
        };
        let who = row.actor.as_deref().unwrap_or("anyone");
        let audits = if row.audits { "audits" } else { "" };
        format!(
            "{who:<7}{:<14}{purpose:<20}{plain:<7}{identifier:<11}{contact:<11}{demographic:<12}{sensitive:<10}{audits}",
            row.role.0
        )
        .trim_end()
        .to_owned()
    };
    matrix.rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_demo_shows_each_role_what_it_may_see_for_each_purpose() {
    let expected = "\
actor  role          purpose             plain  identifier contact    demographic sensitive audit log
anyone analyst       (none)              clear  protected  protected  protected   protected
anyone analyst       customer_care       -      -          -          -           -
anyone analyst       marketing           -      -          -          -           -
anyone analyst       data_subject_rights -      -          -          -           -
anyone agent         (none)              clear  protected  protected  protected   protected
anyone agent         customer_care       clear  clear      clear      clear       protected
anyone agent         marketing           -      -          -          -           -
anyone agent         data_subject_rights -      -          -          -           -
anyone marketer      (none)              clear  protected  protected  protected   protected
anyone marketer      customer_care       -      -          -          -           -
anyone marketer      marketing           clear  clear      clear      protected   protected
anyone marketer      data_subject_rights -      -          -          -           -
anyone dpo           (none)              clear  protected  protected  protected   protected audits
anyone dpo           customer_care       -      -          -          -           -
anyone dpo           marketing           -      -          -          -           -
anyone dpo           data_subject_rights clear  clear      clear      clear       clear     audits
anyone data_engineer (none)              clear  protected  protected  protected   protected
anyone data_engineer customer_care       -      -          -          -           -
anyone data_engineer marketing           -      -          -          -           -
anyone data_engineer data_subject_rights -      -          -          -           -
anyone subject       (none)              clear  protected  protected  protected   protected
anyone subject       customer_care       -      -          -          -           -
anyone subject       marketing           -      -          -          -           -
anyone subject       data_subject_rights clear  clear      clear      clear       clear";
    let (_, expected) = expected.split_once('\n').expect("a heading");
    assert_eq!(written(&demo().matrix()), expected);
}

#[test]
fn whoever_a_policy_names_has_a_row_where_it_makes_a_difference() {
    let names = "entity Role enum [\"dpo\", \"analyst\"]; entity Purpose enum [\"rights\"];";
    let access = "permit (principal, action, resource == FieldClass::\"plain\");
        permit (principal in Role::\"dpo\", action == Action::\"open\", resource == FieldClass::\"contact\");
        forbid (principal in Role::\"dpo\", action, resource) unless { principal == Actor::\"ada\" };";
    let policy =
        AccessPolicy::parse(Some(&file("names.cedarschema", names)), &[file("access.cedar", access)])
            .expect("valid");
    let expected = "\
anyone dpo           (none)              -      -          -          -           -
ada    dpo           (none)              clear  -          -          -           -
anyone dpo           rights              -      -          -          -           -
ada    dpo           rights              clear  -          clear      -           -
anyone analyst       (none)              clear  -          -          -           -
anyone analyst       rights              -      -          -          -           -";
    assert_eq!(written(&policy.matrix()), expected);
}

#[test]
fn the_policies_that_replace_roles_of_a_pipeline_file_say_the_same() {
    let former = "name: shop\nsources: []\nroles:\n  analyst: {}\n  \"chef d'équipe\":\n    care: [identifier, contact]\n    nothing: []\n  dpo: { rights: [identifier, contact, demographic, sensitive] }\n";
    let error = vermeil_model::Pipeline::parse("pipeline.yaml", former).expect_err("roles have moved");
    let vermeil_model::pipeline::PipelineError::RolesMoved { policies, .. } = error else {
        panic!("{error}")
    };
    let (names, access) = policies.split_once("// policies/access.cedar\n").expect("two files");
    let policy =
        AccessPolicy::parse(Some(&file("names.cedarschema", names)), &[file("access.cedar", access)])
            .expect("valid");
    let granted: Vec<String> = policy
        .matrix()
        .rows
        .into_iter()
        .filter(|row| row.granted)
        .map(|row| written(&Matrix { rows: vec![row] }))
        .collect();
    assert_eq!(
        granted,
        [
            "anyone analyst       (none)              clear  protected  protected  protected   protected",
            "anyone chef d'équipe (none)              clear  protected  protected  protected   protected",
            "anyone chef d'équipe care                clear  clear      clear      protected   protected",
            "anyone dpo           (none)              clear  protected  protected  protected   protected",
            "anyone dpo           rights              clear  clear      clear      clear       clear",
        ]
    );
}
