use super::*;

#[test]
fn shipped_schemas_are_valid() {
    for name in Schema::built_in_names() {
        let schema = Schema::built_in(name).expect("listed");
        assert_eq!(schema.id(), name);
        assert!(!schema.fields.is_empty());
    }
}

#[test]
fn a_blocking_rule_reads_back_as_it_was_written() {
    let rule: BlockingRule = "family_name:phonetic + birth_date".parse().expect("valid");
    assert_eq!(rule.keys[0].transform, KeyTransform::Phonetic);
    assert_eq!(rule.to_string(), "family_name:phonetic + birth_date");
}

#[test]
fn a_blocking_rule_with_an_unknown_transform_is_refused() {
    let error = "family_name:sound".parse::<BlockingRule>().expect_err("unknown");
    assert_eq!(error, BlockingRuleError::UnknownTransform("sound".to_owned()));
}

#[test]
fn a_personal_field_needs_a_purpose() {
    let text = "
name: x
version: 1
kind: record
fields:
  - { name: email, type: text, class: contact }
";
    assert!(matches!(Schema::parse("x.yaml", text), Err(SchemaError::NoPurpose { .. })));
}
