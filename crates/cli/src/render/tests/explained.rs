//! The evidence for and against a pair, as a table and as a chart.

use vermeil_engine::{EvidenceReport, PairExplanation};

use crate::language::{Catalog, Language};
use crate::render::{explain, waterfall};

fn pair_with_dependence() -> PairExplanation {
    PairExplanation {
        left: "a".to_owned(),
        right: "b".to_owned(),
        prior_bits: -8.5,
        evidence: vec![
            EvidenceReport {
                field: "street".to_owned(),
                level: "equal".to_owned(),
                bits: 14.0,
                term_frequency_bits: 2.25,
            },
            EvidenceReport {
                field: "email".to_owned(),
                level: "missing".to_owned(),
                bits: 0.0,
                term_frequency_bits: 0.0,
            },
        ],
        dependence_bits: -3.75,
        weight_bits: 4.0,
        probability: 0.941,
        threshold: 0.95,
        rules: Vec::new(),
        same_profile: false,
        joined_by: Vec::new(),
        kept_apart_by: Vec::new(),
    }
}

#[test]
fn each_step_of_a_waterfall_begins_where_the_one_before_ended() {
    let drawn = waterfall::render(&Catalog::new(Language::English), &pair_with_dependence());
    let number = |bar: &str, name: &str| -> f64 {
        let (_, from) = bar.split_once(&format!(" {name}=\"")).unwrap();
        from.split_once('"').unwrap().0.parse().unwrap()
    };
    let bars = drawn.split("<rect ").skip(1).filter(|bar| !bar.starts_with("class=\"paper"));
    let ends: Vec<(&str, f64, f64)> = bars
        .map(|bar| {
            let class = bar.split('"').nth(1).unwrap();
            (class, number(bar, "x"), number(bar, "x") + number(bar, "width"))
        })
        .collect();
    let classes: Vec<&str> = ends.iter().map(|(class, ..)| *class).collect();
    assert_eq!(classes, ["against", "for", "for-more", "against", "for"]);
    let [prior, street, rarity, dependence, total] = ends.try_into().unwrap();
    for (one, other) in [
        (prior.1, street.1),
        (street.2, rarity.1),
        (rarity.2, dependence.2),
        (dependence.1, total.2),
        (prior.2, total.1),
    ] {
        assert!((one - other).abs() < 0.2, "{one} is not {other} in\n{drawn}");
    }
    // 0.95 is log2(19) bits: beyond the total of 4.
    let mark = number(drawn.split("class=\"mark\"").nth(1).unwrap(), "x1");
    assert!(mark > total.2, "{mark}, {total:?}");
}

#[test]
fn the_bits_of_a_pair_add_up_to_its_total() {
    let pair = pair_with_dependence();
    assert_eq!(
        explain::pair(&Catalog::new(Language::English), &pair),
        "\
╭────────────────────────────────┬───────────┬────────┬────────────╮
│ evidence                       ┆ agreement ┆ bits   ┆ for rarity │
╞════════════════════════════════╪═══════════╪════════╪════════════╡
│ before any evidence            ┆           ┆  -8.50 ┆            │
│ street                         ┆ equal     ┆ +14.00 ┆      +2.25 │
│ fields that say the same again ┆           ┆  -3.75 ┆            │
│ total                          ┆           ┆  +4.00 ┆            │
╰────────────────────────────────┴───────────┴────────┴────────────╯
Not linked: probability 94.10%, the threshold is 95.00%.
No blocking rule brings the two together: they were never compared.
They are in different profiles."
    );
}
