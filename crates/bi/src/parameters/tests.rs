use super::*;

#[test]
fn arrays_are_read_as_postgresql_writes_them() {
    for (written, read) in [
        ("", &[][..]),
        ("r,v", &[Some("r"), Some("v")]),
        (r#""r", "v""#, &[Some("r"), Some("v")]),
        (r#""a,b","c\"d",e\\f"#, &[Some("a,b"), Some("c\"d"), Some("e\\f")]),
        (r#"NULL,"NULL","""#, &[None, Some("NULL"), Some("")]),
    ] {
        let found = elements(written);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, read, "{written}");
    }
}

#[test]
fn nothing_is_a_null() {
    assert_eq!(of_no_type(None), ScalarValue::Utf8(None));
    assert_eq!(of_no_type(Some("{".to_owned())), ScalarValue::from("{"));
}
