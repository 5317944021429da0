use super::fits;

#[track_caller]
fn check(pattern: &str, fitting: &[&str], other: &[&str]) {
    for name in fitting {
        assert!(fits(name, pattern), "`{name}` should fit `{pattern}`");
    }
    for name in other {
        assert!(!fits(name, pattern), "`{name}` should not fit `{pattern}`");
    }
}

#[test]
fn a_star_stands_for_any_characters() {
    check("*", &["", "a.csv"], &[]);
    check("a*.csv", &["a.csv", "ab.csv", "a.csv.csv"], &["b.csv", "a.csv.gz", "a.cs"]);
    check("*a*a", &["aa", "xaxa", "aaa"], &["a", "xab"]);
    check("aba*ba", &["ababa", "abaxba"], &["aba", "abab"]);
}
