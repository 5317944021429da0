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

/// A schema of these fields, in YAML's flow style.
fn parsed(fields: &[&str]) -> Result<Schema, SchemaError> {
    let fields: Vec<String> =
        fields.iter().map(|field| format!("  - {{ {field}, purposes: [care] }}\n")).collect();
    Schema::parse("x.yaml", &format!("name: x\nversion: 1\nkind: record\nfields:\n{}", fields.concat()))
}

#[test]
fn a_generalised_field_names_its_column() {
    let schema = parsed(&["name: born, type: date, class: demographic, generalise: age_band"]).expect("fits");
    assert_eq!(schema.fields[0].generalised_column().as_deref(), Some("born_age_band"));
}

#[test]
fn only_what_fits_a_field_generalises_it() {
    for (field, to) in [
        ("type: text, class: contact, generalise: department", "department"),
        ("type: text, class: contact, normaliser: postal_code, generalise: masked_phone", "masked"),
        ("type: text, class: demographic, generalise: age_band", "age_band"),
        ("type: integer, class: demographic, generalise: year", "year"),
        ("type: date, class: demographic, generalise: initial", "initial"),
        ("type: date, class: plain, generalise: year", "year"),
    ] {
        let error = parsed(&[&format!("name: a, {field}")]).expect_err("unfit");
        let expected =
            SchemaError::UnfitGeneralisation { file: "x.yaml".to_owned(), field: "a".to_owned(), to };
        assert_eq!(error, expected, "{field}");
    }
}

#[test]
fn a_generalised_column_never_takes_the_name_of_a_field() {
    let error = parsed(&[
        "name: born, type: date, class: demographic, generalise: year",
        "name: born_year, type: integer, class: demographic",
    ]);
    assert!(matches!(error, Err(SchemaError::DuplicateField { field, .. }) if field == "born_year"));
}
