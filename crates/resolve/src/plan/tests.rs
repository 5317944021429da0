use std::collections::BTreeMap;

use super::*;

fn schema() -> Schema {
    Schema::built_in("customer.v1").unwrap()
}

fn with_rule(rule: &str) -> Result<MatchPlan, PlanError> {
    let blocking = Some(vec![rule.parse().unwrap()]);
    MatchPlan::new(&schema(), &Matching { blocking, ..Matching::default() })
}

#[test]
fn the_shipped_schema_makes_a_plan() {
    let plan = MatchPlan::new(&schema(), &Matching::default()).unwrap();
    assert!(plan.comparisons().iter().any(|planned| planned.field == "email"));
    assert!(!plan.rules().is_empty());
}

#[test]
fn phone_numbers_are_one_comparison_and_one_rule() {
    let plan = MatchPlan::new(&schema(), &Matching::default()).unwrap();
    let phones: Vec<_> =
        plan.comparisons().iter().filter(|planned| planned.comparison == Comparison::Phone).collect();
    assert_eq!(phones.len(), 1);
    assert_eq!(phones[0].columns.len(), 2);
    let of_phones =
        |planned: &&PlannedRule| planned.keys.len() == 1 && planned.keys[0].columns == phones[0].columns;
    assert_eq!(plan.rules().iter().filter(of_phones).count(), 1);
}

#[test]
fn given_and_family_name_can_be_exchanged() {
    let plan = MatchPlan::new(&schema(), &Matching::default()).unwrap();
    let given = plan.comparisons().iter().find(|planned| planned.field == "given_name").unwrap();
    assert_eq!(given.exchanged_with, plan.field_index("family_name"));
}

#[test]
fn a_rule_foretells_the_comparisons_of_its_fields() {
    let plan = with_rule("family_name:phonetic + birth_date:year").unwrap();
    let fields: Vec<_> =
        plan.rules()[0].foretold.iter().map(|&index| plan.comparisons()[index].field.as_str()).collect();
    assert_eq!(fields, ["family_name", "birth_date"]);
    let whole = with_rule("full_name:sorted_words").unwrap();
    assert_eq!(whole.rules()[0].foretold.len(), 2);
}

#[test]
fn a_pipeline_can_add_and_leave_out_comparisons() {
    let comparisons =
        BTreeMap::from([("gender".to_owned(), Some(Comparison::Exact)), ("email".to_owned(), None)]);
    let plan = MatchPlan::new(&schema(), &Matching { comparisons, ..Matching::default() }).unwrap();
    let has = |field: &str| plan.comparisons().iter().any(|planned| planned.field == field);
    assert!(has("gender") && !has("email"));
}

#[test]
fn misspelt_fields_are_told_with_the_nearest_one() {
    let Err(PlanError::UnknownBlockingField { field, nearest, .. }) = with_rule("famly_name + birth_date")
    else {
        panic!("it should be refused");
    };
    assert_eq!((field.as_str(), nearest.as_str()), ("famly_name", "family_name"));
    let comparisons = BTreeMap::from([("emial".to_owned(), None)]);
    let error = MatchPlan::new(&schema(), &Matching { comparisons, ..Matching::default() }).unwrap_err();
    assert_eq!(error.diagnostic().unwrap().code, "match-unknown-comparison-field");
    assert!(error.to_string().contains("`email`"), "{error}");
}

#[test]
fn a_part_of_a_date_needs_a_date() {
    let error = with_rule("family_name:year").unwrap_err();
    assert!(matches!(&error, PlanError::TransformDoesNotFit { needed: "date", .. }), "{error}");
}

#[test]
fn a_plan_needs_something_to_compare_and_a_rule() {
    let bare = Schema {
        fields: schema().fields.into_iter().filter(|field| field.comparison.is_none()).collect(),
        blocking: Vec::new(),
        ..schema()
    };
    assert!(matches!(MatchPlan::new(&bare, &Matching::default()), Err(PlanError::NothingCompared { .. })));
    let unblocked = Schema { blocking: Vec::new(), ..schema() };
    assert!(matches!(
        MatchPlan::new(&unblocked, &Matching::default()),
        Err(PlanError::NoBlockingRule { .. })
    ));
}

#[test]
fn a_plan_holds_a_limited_number_of_comparisons() {
    let email = schema().field("email").unwrap().clone();
    let fields = (0..=MAX_COMPARISONS)
        .map(|number| Field { name: format!("email_{number}"), ..email.clone() })
        .collect();
    let wide = Schema { fields, blocking: Vec::new(), ..schema() };
    assert!(matches!(
        MatchPlan::new(&wide, &Matching::default()),
        Err(PlanError::TooManyComparisons { count }) if count == MAX_COMPARISONS + 1
    ));
}
