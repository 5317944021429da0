use super::*;

#[track_caller]
fn check(m: f64, u: f64, bits: f64) {
    assert_eq!(match_weight(m, u), Ok(Bits(bits)));
}

#[track_caller]
fn check_refused(m: f64, u: f64, name: &str) {
    let WeightError::NotAProbability { name: refused, .. } =
        match_weight(m, u).expect_err("it should be refused");
    assert_eq!(refused, name);
}

#[test]
fn a_level_that_matches_show_eight_times_as_often_gives_three_bits() {
    check(0.8, 0.1, 3.0);
}

#[test]
fn a_level_that_strangers_show_four_times_as_often_takes_two_bits() {
    check(0.125, 0.5, -2.0);
}

#[test]
fn a_level_that_tells_nothing_gives_nothing() {
    check(0.3, 0.3, 0.0);
}

#[test]
fn what_is_no_probability_is_refused_by_name() {
    check_refused(0.0, 0.5, "m");
    check_refused(f64::NAN, 0.5, "m");
    check_refused(0.5, 0.0, "u");
    check_refused(0.5, 1.1, "u");
    check_refused(0.5, -0.1, "u");
    check_refused(0.5, f64::INFINITY, "u");
}
