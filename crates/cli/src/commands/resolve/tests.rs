use vermeil_model::Policy;

use super::*;

#[track_caller]
fn check(line: &str, expected: Option<&[(&str, &str)]>) {
    let grant = Policy::matching();
    let values = values(line.as_bytes()).ok();
    let told = values.as_ref().map(|values| {
        let told = values.iter().map(|(name, value)| (name.as_str(), value.expose(&grant).as_str()));
        told.collect::<Vec<_>>()
    });
    assert_eq!(told.as_deref(), expected, "{line}");
}

#[test]
fn a_line_is_an_object_of_names_and_texts() {
    check(
        r#"{"email": "a@x.fr", "phone": 612345678, "city": null}"#,
        Some(&[("email", "a@x.fr"), ("phone", "612345678")]),
    );
    check("{}\r\n", Some(&[]));
    for other in
        ["[]", "\"Ada\"", r#"{"email": ["a@x.fr"]}"#, r#"{"email": true}"#, "email=a@x.fr", r#"{"email": "a"#]
    {
        check(other, None);
    }
    assert!(values(b"{\"email\": \"\xff\"}").is_err());
}
