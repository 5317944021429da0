use vermeil_model::decision::Verdict;

use super::*;
use crate::block::Pair;
use crate::testing::{comparison, plan, town, town_person, town_store};

const RULES: [&str; 4] = ["email", "birth_date", "family_name + given_name", "phone"];

fn learnt(people: u64, turned_by: usize) -> (MatchPlan, MatchModel) {
    let plan = plan(&RULES);
    let mut rows = town(people);
    rows.rotate_left(turned_by);
    let store = town_store(&plan, &rows);
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    (plan, model)
}

#[track_caller]
fn check_near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not within {within} of {expected}");
}

#[test]
fn what_is_known_of_the_town_is_learnt() {
    let people = 400;
    let (plan, model) = learnt(people, 0);
    let equal = |field: &str| model.comparisons[comparison(&plan, field)].levels.last().unwrap().clone();
    // Each person has one pair of accounts.
    let pairs = (2 * people * (2 * people - 1) / 2) as f64;
    check_near(model.lambda * pairs, people as f64, 20.0);
    // Every third person's second account has a slip in its birth date, none in its first name.
    check_near(equal("birth_date").m, 2.0 / 3.0, 0.05);
    check_near(equal("given_name").m, 1.0, 0.02);
    // Every fourth person lives with the one before: two accounts each.
    check_near(model.same_home * pairs, people as f64, 40.0);
    // Twelve first names, fifteen family names.
    check_near(equal("given_name").u, 1.0 / 12.0, 0.03);
    check_near(equal("family_name").u, 1.0 / 15.0, 0.03);
}

#[test]
fn the_order_of_records_changes_nothing() {
    let (_, model) = learnt(100, 0);
    let (_, turned) = learnt(100, 77);
    assert_eq!(model, turned);
}

#[test]
fn samples_of_pairs_are_drawn_by_the_seed_alone() {
    let plan = plan(&RULES);
    let store = town_store(&plan, &town(200));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let with = |seed| {
        let settings = EstimateSettings {
            seed,
            random_pairs: 5_000,
            max_em_pairs: 300,
            iterations: 20,
            ..EstimateSettings::default()
        };
        estimate(&store, &plan, &blocks, settings)
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn every_probability_is_usable_even_where_nothing_was_seen() {
    for people in [0, 1, 2] {
        let (plan, model) = learnt(people, 0);
        assert!(model.lambda > 0.0 && model.lambda < 1.0);
        for (index, learnt) in model.comparisons.iter().enumerate() {
            let bits: Vec<f64> = (0..learnt.levels.len())
                .map(|level| model.match_weight(index, Level(level as u8)).unwrap().0)
                .collect();
            let is_sorted = bits.windows(2).all(|two| two[1] > two[0] - 1e-9);
            assert!(is_sorted, "`{}` has {bits:?}", plan.comparisons()[index].field);
            for sum in
                [learnt.levels.iter().map(|l| l.m).sum::<f64>(), learnt.levels.iter().map(|l| l.u).sum()]
            {
                check_near(sum, 1.0, 1e-9);
            }
        }
    }
}

#[test]
fn a_model_tells_how_each_session_came_to_rest() {
    let (plan, model) = learnt(400, 0);
    let training = model.training.unwrap();
    let rules: Vec<&str> = training.sessions.iter().map(|session| session.rule.as_str()).collect();
    assert_eq!(rules, RULES);
    assert!(training.converged(), "{training:?}");
    assert!(training.sessions.iter().all(|session| session.iterations > 1 && session.pairs > 0));
    let origin = |field: &str| model.comparisons[comparison(&plan, field)].m_origin;
    assert_eq!(origin("given_name"), Origin::Estimated);
    // Nobody in the town has a postal code.
    assert_eq!(origin("postal_code"), Origin::Unused);
}

#[test]
fn a_session_that_does_not_converge_is_told_and_teaches_nothing() {
    let plan = plan(&RULES);
    let store = town_store(&plan, &town(400));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let settings = EstimateSettings { iterations: 1, ..EstimateSettings::default() };
    let model = estimate(&store, &plan, &blocks, settings);
    let training = model.training.as_ref().unwrap();
    assert!(!training.converged());
    assert!(training.sessions.iter().all(|session| !session.converged && session.iterations == 1));
    assert!(model.comparisons.iter().all(|comparison| comparison.m_origin != Origin::Estimated));
}

#[test]
fn what_one_rule_alone_foretells_is_not_learnt() {
    let plan = plan(&["email"]);
    let store = town_store(&plan, &town(400));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let origin = |field: &str| model.comparisons[comparison(&plan, field)].m_origin;
    assert_eq!((origin("email"), origin("birth_date")), (Origin::Prior, Origin::Estimated));
}

#[test]
fn a_model_that_was_kept_before_models_told_how_estimation_went_is_read() {
    let (plan, model) = learnt(5, 0);
    let mut kept = serde_json::to_value(&model).unwrap();
    kept.as_object_mut().unwrap().remove("training");
    for comparison in kept["comparisons"].as_array_mut().unwrap() {
        comparison.as_object_mut().unwrap().remove("m_origin");
    }
    let read: MatchModel = serde_json::from_value(kept).unwrap();
    assert_eq!((read.training.clone(), read.check(&plan)), (None, Ok(())));
    assert!(read.comparisons.iter().all(|comparison| comparison.m_origin == Origin::Estimated));
}

#[test]
fn a_model_survives_being_kept() {
    let (plan, model) = learnt(50, 0);
    let kept: MatchModel = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(kept.comparisons.len(), model.comparisons.len());
    assert_eq!(kept.check(&plan), Ok(()));
}

#[test]
fn a_model_of_another_plan_is_refused() {
    let (plan, mut model) = learnt(5, 0);
    model.comparisons.remove(0);
    assert!(model.check(&plan).is_err());
}

/// The model of a town of 400 people, without decisions and with those that `verdict` gives
/// about pairs of its records.
fn with_decisions(
    verdict: impl Fn(&FeatureStore, Pair) -> Option<Verdict>,
) -> (MatchPlan, MatchModel, MatchModel) {
    let plan = plan(&RULES);
    let store = town_store(&plan, &town(400));
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let all = blocks
        .pairs()
        .filter_map(|pair| Some(DecidedPair { pair, verdict: verdict(&store, pair)?, share: 1.0 }));
    let decided: Vec<DecidedPair> = all.take(40).collect();
    assert_eq!(decided.len(), 40, "the town has not enough such pairs");
    let settings = EstimateSettings::default;
    let before = estimate(&store, &plan, &blocks, settings());
    assert_eq!(estimate_with(&store, &plan, &blocks, &[], settings()), before);
    let mut turned = decided.clone();
    turned.reverse();
    let after = estimate_with(&store, &plan, &blocks, &decided, settings());
    assert_eq!(estimate_with(&store, &plan, &blocks, &turned, settings()), after, "their order matters");
    (plan, before, after)
}

fn is_one_person(store: &FeatureStore, pair: Pair) -> bool {
    let [left, right] = [pair.left, pair.right].map(|record| town_person(store.record_id(record)));
    left == right
}

#[test]
fn pairs_that_are_decided_to_be_one_person_make_their_differences_likelier_among_matches() {
    let differs = |model: &MatchModel, plan: &MatchPlan, field: &str| {
        model.comparisons[comparison(plan, field)].levels[0].m
    };
    // Somebody says that people of one home, who have other first names, are one person each.
    let (plan, before, after) =
        with_decisions(|store, pair| (!is_one_person(store, pair)).then_some(Verdict::Together));
    let [was, is] = [&before, &after].map(|model| differs(model, &plan, "given_name"));
    assert!(is > 1.5 * was, "{was} to {is}");
    assert!(after.lambda > before.lambda);
}

#[test]
fn pairs_that_are_decided_to_be_two_are_matches_no_more() {
    let (plan, before, after) =
        with_decisions(|store, pair| is_one_person(store, pair).then_some(Verdict::Apart));
    assert!(after.lambda < 0.95 * before.lambda, "{} to {}", before.lambda, after.lambda);
    let equal =
        |model: &MatchModel| model.comparisons[comparison(&plan, "given_name")].levels.last().unwrap().u;
    assert!((equal(&after) / equal(&before) - 1.0).abs() < 0.1, "u is not of decided pairs");
}

#[test]
fn decisions_that_say_what_was_found_move_next_to_nothing() {
    let (plan, before, after) =
        with_decisions(|store, pair| is_one_person(store, pair).then_some(Verdict::Together));
    check_near(after.lambda / before.lambda, 1.0, 0.05);
    let equal =
        |model: &MatchModel| model.comparisons[comparison(&plan, "birth_date")].levels.last().unwrap().m;
    check_near(equal(&after), equal(&before), 0.15);
}

#[test]
fn records_that_may_not_be_compared_change_nothing() {
    let plan = plan(&RULES);
    let learnt = |strangers: u128| {
        let mut rows = town(300);
        // Without values, as the records of anonymous visitors are.
        rows.extend((1..=strangers).map(|number| (number, Vec::new())));
        let store = town_store(&plan, &rows);
        let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
        let settings = EstimateSettings { random_pairs: 20_000, ..EstimateSettings::default() };
        let MatchModel { lambda, same_home, comparisons, .. } = estimate(&store, &plan, &blocks, settings);
        (lambda, same_home, comparisons)
    };
    assert_eq!(learnt(0), learnt(900));
}
