use super::*;

#[track_caller]
fn check(text: &str, expected: &[(u64, Option<&str>, &str)]) {
    let values = Values::parse(text).expect("well-formed");
    let entries: Vec<_> = values
        .entries()
        .iter()
        .map(|(name, text)| (name.line, name.label.as_deref(), text.as_str()))
        .collect();
    assert_eq!(entries, expected);
}

#[test]
fn a_line_is_a_value() {
    check(
        "Ada Quoxveil\n\n  zq@quoxveil.example \n",
        &[(1, None, "Ada Quoxveil"), (3, None, "zq@quoxveil.example")],
    );
}

#[test]
fn labels_come_from_csv_or_ndjson() {
    check("label,value\nname,\"Quoxveil, Ada\"\n", &[(2, Some("name"), "Quoxveil, Ada")]);
    check("value\nAda\n", &[(2, None, "Ada")]);
    check(
        "{\"email\":\"zq@quoxveil.example\",\"name\":null}\n{\"phone\":612345678}\n",
        &[(1, Some("email"), "zq@quoxveil.example"), (2, Some("phone"), "612345678")],
    );
}

#[test]
fn a_malformed_line_is_told_by_its_number() {
    assert_eq!(Values::parse("{\"a\":\"b\"}\nAda\n").expect_err("no object"), 2);
    assert_eq!(Values::parse("label,value\nname,Ada,more\n").expect_err("too long"), 2);
}

#[test]
fn values_are_not_shown() {
    assert_eq!(format!("{:?}", Values::from_texts(["Ada Quoxveil"])), "Values { len: 1, .. }");
}
