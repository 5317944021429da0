//! The match model is estimated once and followed until somebody asks for a new one.

use serde_json::{Value, json};

use crate::common::Workspace;
use crate::pipeline::{profile_of, record_of};

const PIPELINE: &str = r#"
name: modele
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: shop
    path: data/shop.csv
    format: delimited
    key: [no]
    columns: &columns { family_name: family, given_name: given, birth_date: born, email: mail, city: town }
  - id: web
    path: data/web.csv
    format: delimited
    key: [no]
    columns: *columns
"#;

const SYLLABLES: [&str; 11] = ["ba", "ri", "lo", "men", "du", "car", "vi", "no", "tes", "gau", "pel"];
const TOWNS: [&str; 7] = ["Albi", "Brest", "Cahors", "Dax", "Evian", "Foix", "Gap"];

fn name(mut number: usize) -> String {
    let mut name = String::from("Z");
    for _ in 0..3 {
        name += SYLLABLES[number % SYLLABLES.len()];
        number /= SYLLABLES.len();
    }
    name
}

/// Someone's row in a silo that writes every `slips`th family name with an `s` too many.
pub fn row(person: usize, slips: usize) -> String {
    let (family, given) = (name(person * 97 % 1_331), name(person * 31 % 1_331));
    let slip = if person.is_multiple_of(slips) { "s" } else { "" };
    let born = format!("{}-{:02}-{:02}", 1940 + person % 60, 1 + person % 12, 1 + person * 5 % 28);
    let town = TOWNS[person * 3 % TOWNS.len()];
    format!("{person},{family}{slip},{given},{born},{given}.{family}{person}@courriel.example,{town}\n")
}

pub fn write(workspace: &Workspace, source: &str, people: std::ops::Range<usize>, slips: usize) {
    let rows: String = people.map(|person| row(person, slips)).collect();
    workspace.write(&format!("data/{source}.csv"), format!("no,family,given,born,mail,town\n{rows}"));
}

pub fn silos(people: usize) -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    write(&workspace, "shop", 0..people, 1_000_000);
    write(&workspace, "web", 0..people, 9);
    workspace
}

/// What the run said about its model: number, and whether it estimated it.
fn model_of(report: &Value) -> (&Value, &Value) {
    (&report["model"], &report["model_estimated"])
}

#[test]
fn runs_follow_the_model_of_the_first_until_it_is_refreshed() {
    let workspace = silos(550);
    assert_eq!(model_of(&workspace.land_and_publish()), (&json!(1), &json!(true)));
    let kept = workspace.json(&["model", "show"]);
    assert_eq!(
        (&kept["number"], &kept["records"], &kept["in_force"]),
        (&json!(1), &json!(1_100), &json!(true))
    );
    let pair = [record_of(&workspace, "shop", "18"), record_of(&workspace, "web", "18")];
    let levels = |workspace: &Workspace| {
        let explained = workspace.json(&["explain", &pair[0], &pair[1]]);
        let evidence = explained["evidence"].as_array().expect("a list").clone();
        (
            explained["prior_bits"].clone(),
            evidence.iter().map(|said| said["bits"].clone()).collect::<Vec<_>>(),
        )
    };
    let before = levels(&workspace);

    // Other people, who slip far more often, would teach another model.
    write(&workspace, "shop", 0..1_100, 1_000_000);
    write(&workspace, "web", 0..1_100, 2);
    assert_eq!(model_of(&workspace.land_and_publish()), (&json!(1), &json!(false)));
    assert_eq!(workspace.json(&["model", "show"]), kept);
    assert_eq!(levels(&workspace), before, "the weights of a pair that nobody touched moved");

    let tried = workspace.json(&["model", "refresh", "--dry-run"]);
    assert_eq!((&tried["kept"], &tried["records"]), (&Value::Null, &json!(2_200)));
    assert_eq!(workspace.json(&["model", "show"]), kept, "a dry run kept something");
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);

    let planned = workspace.json(&["plan", "--refresh-model"]);
    for count in ["profiles", "merges", "splits"] {
        assert_eq!(planned[count], tried[count], "{count}");
    }
    assert_eq!(workspace.json(&["model", "refresh"])["kept"], 2);
    assert_ne!(levels(&workspace), before);
    let report = workspace.land_and_publish();
    assert_eq!(report["up_to_date"], false, "the new model was not followed");
    assert_eq!(model_of(&report), (&json!(2), &json!(false)));
    assert_eq!((&report["merges"], &report["splits"]), (&tried["merges"], &tried["splits"]));
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);
}

#[test]
fn a_model_that_compares_something_else_is_replaced_by_the_next_run() {
    let workspace = silos(520);
    assert_eq!(model_of(&workspace.land_and_publish()), (&json!(1), &json!(true)));
    workspace.append("pipeline.yaml", "match: { comparisons: { city: exact } }\n");
    assert_eq!(workspace.json(&["model", "show"])["in_force"], false);
    assert_eq!(model_of(&workspace.land_and_publish()), (&json!(2), &json!(true)));
}

#[test]
fn a_model_of_far_fewer_records_is_told() {
    let workspace = silos(510);
    let codes = |report: &Value| -> Vec<String> {
        let warnings = report["warnings"].as_array().expect("a list");
        warnings.iter().filter_map(|warning| warning["code"].as_str()).map(str::to_owned).collect()
    };
    assert!(!codes(&workspace.land_and_publish()).contains(&"match-model-outgrown".to_owned()));
    for source in ["shop", "web"] {
        write(&workspace, source, 0..2_040, 9);
    }
    let told = workspace.run(&["run"]);
    assert!(told.stdout.contains("was made of 1020 records, now there are 4080"), "{}", told.stdout);
    workspace.json(&["model", "refresh"]);
    assert!(!codes(&workspace.land_and_publish()).contains(&"match-model-outgrown".to_owned()));
}

#[test]
fn of_few_records_no_model_is_kept() {
    let workspace = silos(40);
    assert_eq!(model_of(&workspace.land_and_publish()), (&Value::Null, &json!(true)));
    assert_eq!(workspace.json(&["model", "show"]), Value::Null);
    let ended = workspace.run(&["model", "refresh"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("1000 records or more, there are 80"), "{}", ended.stderr);
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);
}

#[test]
fn a_plan_with_a_new_model_shows_what_it_would_join_and_keeps_nothing() {
    let workspace = silos(520);
    let profiles = workspace.land_and_publish()["profiles"].clone();
    // A model that takes nobody for anybody, and a run that goes by it.
    workspace.change_state("UPDATE match_models SET content = json_set(content, '$.lambda', 1e-300)");
    workspace.append("pipeline.yaml", "match: { threshold: 0.6 }\n");
    assert!(workspace.land_and_publish()["splits"].as_u64() > Some(400));
    let kept = workspace.json(&["model", "show"]);

    let frozen = workspace.json(&["plan"]);
    assert_eq!((&frozen["merges"], &frozen["splits"]), (&json!(0), &json!(0)));
    let planned = workspace.json(&["plan", "--refresh-model", "--examples", "3"]);
    assert_eq!(planned["profiles"], profiles);
    assert!(planned["merges"].as_u64() > Some(400), "{}", planned["merges"]);
    let examples = planned["merge_examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert!(example["probability"].as_f64() > Some(0.6), "{example}");
        assert!(example["rules"].as_array().is_some_and(|rules| !rules.is_empty()), "{example}");
        let [one, other] = [0, 1].map(|side| example["records"][side].as_str().expect("a record"));
        assert_eq!(workspace.json(&["explain", one, other])["same_profile"], false);
    }
    assert_eq!(workspace.json(&["model", "show"]), kept);
    assert_eq!(workspace.land_and_publish()["up_to_date"], true, "a plan changed something");

    workspace.json(&["model", "refresh"]);
    let report = workspace.land_and_publish();
    assert_eq!((&report["merges"], &report["profiles"]), (&planned["merges"], &planned["profiles"]));
}

#[test]
fn a_model_may_learn_from_what_people_decided() {
    let workspace = silos(520);
    workspace.land_and_publish();
    let refreshed = |with: &[&str]| {
        let report = workspace.json(&[&["model", "refresh"], with].concat());
        (report["decided_pairs"].clone(), workspace.json(&["model", "show"])["model"].clone())
    };
    let (none, alone) = refreshed(&["--with-decisions"]);
    assert_eq!(none, 0, "nothing was decided");
    assert_eq!(refreshed(&[]), (json!(0), alone.clone()), "no decisions, another model");

    // Two people each, somebody says, are one; each has two records.
    let record = |person: usize| record_of(&workspace, "shop", &person.to_string());
    for person in 0..9 {
        let (one, other) =
            (profile_of(&workspace, "shop", &format!("{}", 2 * person)), record(2 * person + 1));
        let other = workspace.json(&["explain", &other])["profile"].as_str().expect("an id").to_owned();
        workspace.json(&["merge", &one, &other, "--reason", "one person"]);
    }
    let (pairs, with) = refreshed(&["--with-decisions"]);
    assert_eq!(pairs, 36);
    let (_, without) = refreshed(&[]);
    assert_eq!(without, alone, "decisions were learnt from unasked");
    let lambda = |model: &Value| model["lambda"].as_f64().expect("a share");
    assert!(lambda(&with) > 1.03 * lambda(&without), "{} to {}", lambda(&without), lambda(&with));
}
