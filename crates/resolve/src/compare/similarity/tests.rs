use proptest::prelude::*;

use super::*;

#[test]
fn one_keystroke_is_told_from_two() {
    for (left, right, expected) in [
        ("verrier", "verier", true),
        ("verrier", "verriert", true),
        ("verrier", "vorrier", true),
        ("verrier", "verreir", true),
        ("verrier", "verreri", false),
        ("verrier", "vorriar", false),
        ("é", "e", true),
        ("", "a", true),
        ("ab", "ab", false),
    ] {
        assert_eq!(is_one_edit_apart(left, right), expected, "{left:?} and {right:?}");
    }
}

proptest! {
    #[test]
    fn the_fast_jaro_winkler_is_that_of_strsim(one in "[a-f ]{0,66}", other in "[a-f ]{0,66}") {
        let (first, second) =
            if (one.len(), &one) <= (other.len(), &other) { (&one, &other) } else { (&other, &one) };
        prop_assert_eq!(jaro_winkler(&one, &other), strsim::jaro_winkler(first, second));
    }

    #[test]
    fn similarity_is_symmetric(one in "\\PC{0,12}|[ab]{0,12}", other in "\\PC{0,12}|[ab]{0,12}") {
        prop_assert_eq!(jaro_winkler(&one, &other), jaro_winkler(&other, &one));
        prop_assert_eq!(is_one_edit_apart(&one, &other), is_one_edit_apart(&other, &one));
    }

    #[test]
    fn one_keystroke_is_a_damerau_levenshtein_distance_of_one(one in "[abc]{0,6}", other in "[abc]{0,6}") {
        prop_assert_eq!(is_one_edit_apart(&one, &other), strsim::osa_distance(&one, &other) == 1);
    }
}
