use super::*;

#[track_caller]
fn check(m: &[f64], u: &[f64], expected: &[f64]) {
    let mut pooled = m.to_vec();
    pool_comparison(&mut pooled, u);
    for (found, expected) in pooled.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{pooled:?}");
    }
    assert!((pooled.iter().sum::<f64>() - m.iter().sum::<f64>()).abs() < 1e-12);
}

#[test]
fn levels_in_order_stay_as_they_are() {
    check(&[0.1, 0.2, 0.7], &[0.8, 0.15, 0.05], &[0.1, 0.2, 0.7]);
}

#[test]
fn levels_out_of_order_get_the_ratio_of_both_together() {
    // Ratios 0.125, 6, 4: the last two get (0.6 + 0.4) / (0.1 + 0.1) = 5.
    check(&[0.1, 0.6, 0.4], &[0.8, 0.1, 0.1], &[0.1, 0.5, 0.5]);
}

#[test]
fn pooling_goes_back_as_far_as_it_must() {
    // Ratios 3, 2, 1 become one: 1.0 / 0.6.
    check(&[0.3, 0.4, 0.3], &[0.1, 0.2, 0.3], &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]);
}
