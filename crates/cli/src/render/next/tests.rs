use super::*;

#[track_caller]
fn check(word: &str, typed: &str) {
    assert_eq!(quoted(word), typed);
}

#[test]
fn words_are_quoted_only_where_a_shell_would_part_or_change_them() {
    check("vermeil-demo", "vermeil-demo");
    check("/srv/ma boutique", "\"/srv/ma boutique\"");
    check("SELECT count(*) FROM golden.profiles", "\"SELECT count(*) FROM golden.profiles\"");
    check("l'été $HOME", r"'l'\''été $HOME'");
    check("", "\"\"");
}
