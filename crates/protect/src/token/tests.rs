use super::*;

#[track_caller]
fn check(text: &str, is_token: bool) {
    assert_eq!(TokenHash::of(text).is_some(), is_token, "{text}");
}

#[test]
fn a_token_is_known_by_its_hash() {
    let token = BearerToken::random();
    assert_eq!(TokenHash::of(token.expose()), Some(token.hash()));
    assert_ne!(BearerToken::random().hash(), token.hash());
}

#[test]
fn what_cannot_be_a_token_has_no_hash() {
    let digits = "0f".repeat(32);
    check(&format!("vermeil_{digits}"), true);
    check(&digits, false);
    check(&format!("vermeil_{}", digits.to_uppercase()), false);
    check(&format!("vermeil_{digits}0"), false);
    check(&format!("vermeil_{}é", &digits[2..]), false);
    check("", false);
}
