use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::*;
use crate::block::Blocks;
use crate::cluster::{ClusterSettings, Link, cluster};
use crate::estimate::{ComparisonModel, EstimateSettings, LevelModel, Origin, TermFrequency, estimate};
use crate::testing::{comparison, plan, store, town, town_person, town_store};

/// A model for a plan in which every level has m = u, so that none is evidence.
fn silent(plan: &MatchPlan, lambda: f64) -> MatchModel {
    let comparisons = plan
        .comparisons()
        .iter()
        .map(|planned| ComparisonModel {
            field: planned.field.clone(),
            m_origin: Origin::Prior,
            levels: level_set(planned.comparison)
                .names
                .iter()
                .map(|name| LevelModel { name: (*name).to_owned(), m: 0.25, u: 0.25 })
                .collect(),
        })
        .collect();
    MatchModel {
        lambda,
        same_home: 0.0,
        comparisons,
        term_frequency: TermFrequency { strength: 0.0, of_alike: 0.0, minimum: 0.001, prior_records: 0.0 },
        limits: Vec::new(),
        training: None,
    }
}

#[track_caller]
fn check(found: Bits, expected: f64) {
    assert!((found.0 - expected).abs() < 1e-6, "{found:?} is not {expected}");
}

#[test]
fn a_weight_is_the_prior_and_the_bits_of_each_level() {
    let plan = plan(&["email"]);
    let left: &[(&str, &str)] = &[("given_name", "Agathe"), ("city", "Nice"), ("postal_code", "06000")];
    let right: &[(&str, &str)] = &[("given_name", "agathe"), ("city", "Lille"), ("email", "a@x.fr")];
    let store = store(&plan, &[(1, left), (2, right)]);
    // Odds of one to three: log2(1/3).
    let mut model = silent(&plan, 0.25);
    let mut set = |field: &str, level: usize, m: f64, u: f64| {
        let level = &mut model.comparisons[comparison(&plan, field)].levels[level];
        (level.m, level.u) = (m, u);
    };
    set("given_name", 8, 0.8, 0.05); // equal: +4
    set("city", 0, 0.1, 0.8); // different: -3
    set("postal_code", 3, 1.0, 0.001); // missing on one side: nothing
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), (1.0_f64 / 3.0).log2() + 4.0 - 3.0);
}

#[test]
fn rare_values_say_more_than_common_ones() {
    let plan = plan(&["email"]);
    let common: &[(&str, &str)] = &[("family_name", "Martin")];
    let rare: &[(&str, &str)] = &[("family_name", "Verrier")];
    let store = store(
        &plan,
        &[(1, rare), (2, rare), (3, common), (4, common), (5, common), (6, common), (7, common), (8, common)],
    );
    let mut model = silent(&plan, 0.5);
    model.term_frequency.strength = 1.0;
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    // m = 1/4 over the frequency, 2/8 and 6/8.
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), 0.0);
    check(scorer.weight(RecordIndex(2), RecordIndex(3)), (0.25_f64 / 0.75).log2());
}

#[test]
fn what_few_records_share_is_not_taken_for_common() {
    let plan = plan(&["email"]);
    let row: &[(&str, &str)] = &[("family_name", "Verrier")];
    let store = store(&plan, &[(1, row), (2, row)]);
    let mut model = silent(&plan, 0.5);
    model.term_frequency = TermFrequency { strength: 1.0, of_alike: 0.0, minimum: 0.0, prior_records: 6.0 };
    let level = model.comparisons[comparison(&plan, "family_name")].levels.last_mut().unwrap();
    (level.m, level.u) = (0.5, 1.0 / 3.0);
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    // Two of two carry it, beside two of six: m = 1/2 over 4/8.
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), 0.0);
}

#[test]
fn two_accounts_of_one_person_are_found_among_six_records() {
    let plan = plan(&["email", "phone", "family_name + given_name"]);
    let person = |given_name, family_name, email, phone| {
        [("given_name", given_name), ("family_name", family_name), ("email", email), ("phone", phone)]
    };
    let rows = [
        person("Agathe", "Verrier", "agathe@verrier.example", "0612345678"),
        person("agathe", "VERRIER", "Agathe@Verrier.example", "+33612345678"),
        person("Loïc", "Tanguy", "loic@tanguy.example", "0700000001"),
        person("Maud", "Ferrand", "maud@ferrand.example", "0700000002"),
        person("Basile", "Ory", "basile@ory.example", "0700000003"),
        person("Maud", "Castel", "maud@castel.example", "0700000004"),
    ];
    let numbered: Vec<(u128, &[(&str, &str)])> = (1..).zip(rows.iter().map(|row| row.as_slice())).collect();
    let store = store(&plan, &numbered);
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    for left in 0..6 {
        for right in left + 1..6 {
            let probability = scorer.weight(RecordIndex(left), RecordIndex(right)).to_probability().0;
            assert_eq!(probability >= 0.5, (left, right) == (0, 1), "{left} and {right}: {probability}");
        }
    }
}

#[test]
fn an_explanation_adds_up_to_the_weight() {
    let plan = plan(&["email", "birth_date", "phone"]);
    let store = town_store(&plan, &town(80));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    for pair in blocks.pairs() {
        let told = scorer.explain(pair.left, pair.right);
        let sum: Bits =
            told.evidence.iter().map(|evidence| evidence.bits + evidence.term_frequency_bits).sum();
        check(told.weight, (told.prior + sum + told.dependence).0);
        assert_eq!(told.weight, scorer.weight(pair.left, pair.right));
        assert_eq!(scorer.weight(pair.left, pair.right), scorer.weight(pair.right, pair.left));
    }
}

#[test]
fn links_are_the_pairs_of_enough_weight() {
    for rules in [&["email", "birth_date", "phone"][..], &["family_name", "city", "birth_date:year"]] {
        let plan = plan(rules);
        let store = town_store(&plan, &town(300));
        let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
        let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
        let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
        for least in [-60.0, -5.0, 0.0, 3.5, 20.0] {
            let weighed = blocks.pairs().map(|pair| Link {
                left: pair.left,
                right: pair.right,
                weight: scorer.weight(pair.left, pair.right),
            });
            let expected: Vec<Link> = weighed.filter(|link| link.weight.0 >= least).collect();
            let mut found = Vec::new();
            scorer.find_links(Bits(least), blocks.pairs(), |link| {
                found.push(link);
                ControlFlow::Continue(())
            });
            assert_eq!(found, expected, "from {least} bits on");
            if let [_, second, ..] = expected[..] {
                let mut some = Vec::new();
                scorer.find_links(Bits(least), blocks.pairs(), |link| {
                    some.push(link);
                    if some.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                assert_eq!(some, [expected[0], second]);
            }
        }
    }
}

#[test]
fn fields_that_a_home_shares_say_no_more_together_than_one_home_can() {
    let plan = plan(&["email"]);
    let row: &[(&str, &str)] =
        &[("family_name", "Verrier"), ("phone", "0123456789"), ("given_name", "Agathe")];
    let store = store(&plan, &[(1, row), (2, row)]);
    let mut model = silent(&plan, 0.5);
    model.lambda = 0.5;
    model.same_home = 1.0 / 2048.0;
    for (field, u) in [("family_name", 0.5_f64.powi(8)), ("phone", 0.5_f64.powi(12)), ("given_name", 0.125)] {
        let level = model.comparisons[comparison(&plan, field)].levels.last_mut().unwrap();
        (level.m, level.u) = (1.0, u);
    }
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    // Odds of one home are 1/2048 to 1/2. So 8 + 12 bits of the home count as
    // -log2(2^-20 + 2^-10), hardly 10; the first name adds 3.
    let home = -(0.5_f64.powi(20) + 0.5_f64.powi(10)).log2();
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), home + 3.0);
    check(scorer.explain(RecordIndex(0), RecordIndex(1)).dependence, home - 20.0);
}

#[test]
fn a_model_of_another_plan_is_refused() {
    let plan = plan(&["email"]);
    let mut model = silent(&plan, 0.5);
    model.comparisons.pop();
    let store = store(&plan, &[]);
    assert!(Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).is_err());
}

#[test]
fn people_of_one_household_stay_apart_and_accounts_of_one_person_come_together() {
    let plan = plan(&[
        "email",
        "phone",
        "family_name:phonetic + birth_date:year",
        "family_name + given_name",
        "street",
    ]);
    let people = 400;
    let store = town_store(&plan, &town(people));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    let links: Vec<Link> = blocks
        .pairs()
        .map(|pair| Link { left: pair.left, right: pair.right, weight: scorer.weight(pair.left, pair.right) })
        .filter(|link| link.weight.to_probability().0 >= 0.95)
        .collect();
    let clusters =
        cluster(store.len(), &links, ClusterSettings::default(), |left, right| scorer.weight(left, right));
    let mut together = BTreeSet::new();
    for record in (0..store.len() as u32).map(RecordIndex) {
        let first = clusters.first_of(record);
        let (person, other) = (town_person(store.record_id(record)), town_person(store.record_id(first)));
        assert_eq!(person, other, "two people of the town were joined");
        if first != record {
            together.insert(person);
        }
    }
    assert!(together.len() as u64 >= people * 98 / 100, "{} of {people} persons", together.len());
}

#[test]
fn a_firm_tells_one_organisation_but_not_one_of_its_people() {
    let plan = plan(&["email"]);
    let firm = ("organisation_name", "Verrier Transport");
    let store = store(
        &plan,
        &[
            (1, &[firm]),
            (2, &[firm]),
            (3, &[firm, ("given_name", "Agathe")]),
            (4, &[firm, ("given_name", "Luc")]),
        ],
    );
    let mut model = silent(&plan, 0.5);
    model.same_home = 0.25;
    let level = model.comparisons[comparison(&plan, "organisation_name")].levels.last_mut().unwrap();
    (level.m, level.u) = (0.64, 0.01);
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    // Nothing is known of their homes: the odds of one home are one half.
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), 6.0 - 1.5_f64.log2());
    // Beside these odds, 64 to one are little.
    check(scorer.weight(RecordIndex(2), RecordIndex(3)), -(1.0_f64 / 64.0 + 0.5).log2());
}

#[test]
fn a_day_of_birth_says_less_in_one_home() {
    let plan = plan(&["email"]);
    let home: &[(&str, &str)] = &[("street", "3 rue Verte"), ("birth_date", "1980-05-07")];
    let store = store(&plan, &[(1, home), (2, home), (3, &home[1..])]);
    let mut model = silent(&plan, 0.5);
    model.same_home = 0.5;
    for field in ["street", "birth_date"] {
        let level = model.comparisons[comparison(&plan, field)].levels.last_mut().unwrap();
        (level.m, level.u) = (0.8, 0.8 / 1024.0);
    }
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();
    // Nothing is known of their homes: the odds of one home are one.
    let twins = 1.0 + crate::estimate::BORN_TOGETHER * 1023.0;
    check(scorer.weight(RecordIndex(0), RecordIndex(2)), 10.0 - (1.0 + twins).log2());
    check(scorer.weight(RecordIndex(0), RecordIndex(1)), 10.0 - (1.0 / 1024.0 + twins).log2());
}
