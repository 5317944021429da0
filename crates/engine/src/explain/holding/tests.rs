use super::*;

/// Links as `left-right bits`; what each does, weakest first.
#[track_caller]
fn check(links: &[(&str, &str, f64)], expected: &[(&str, &str, LinkRole)]) {
    let mut links: Vec<LinkReport> = links
        .iter()
        .map(|(left, right, bits)| LinkReport {
            left: (*left).to_owned(),
            right: (*right).to_owned(),
            weight_bits: *bits,
            probability: 0.9,
            role: LinkRole::Further,
        })
        .collect();
    assign_roles(&mut links);
    let found: Vec<_> =
        links.iter().map(|link| (link.left.as_str(), link.right.as_str(), link.role)).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_only_link_is_the_weakest() {
    check(&[("a", "b", 3.0)], &[("a", "b", LinkRole::Weakest)]);
    check(&[], &[]);
}

#[test]
fn a_bridge_is_the_weakest_though_a_link_beside_it_is_weaker() {
    // Two triangles and a bridge; `b-c` says less than the bridge, but `a` holds both anyway.
    check(
        &[
            ("a", "b", 9.0),
            ("a", "c", 8.0),
            ("b", "c", 1.0),
            ("c", "d", 2.0),
            ("d", "e", 7.0),
            ("d", "f", 6.0),
            ("e", "f", 5.0),
        ],
        &[
            ("b", "c", LinkRole::Further),
            ("c", "d", LinkRole::Weakest),
            ("e", "f", LinkRole::Further),
            ("d", "f", LinkRole::Holding),
            ("d", "e", LinkRole::Holding),
            ("a", "c", LinkRole::Holding),
            ("a", "b", LinkRole::Holding),
        ],
    );
}

#[test]
fn links_of_one_weight_hold_by_their_ids() {
    let expected =
        [("b", "c", LinkRole::Further), ("a", "c", LinkRole::Weakest), ("a", "b", LinkRole::Holding)];
    check(&[("b", "c", 4.0), ("a", "b", 4.0), ("a", "c", 4.0)], &expected);
    check(&[("a", "c", 4.0), ("b", "c", 4.0), ("a", "b", 4.0)], &expected);
}
