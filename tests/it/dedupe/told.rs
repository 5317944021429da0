//! What a user says instead of what would be understood.

use serde_json::Value;

use super::{Desk, delimited, people, truth};

fn meaning_of<'a>(report: &'a Value, column: &str) -> &'a Value {
    let columns = report["columns"].as_array().expect("a list");
    columns.iter().find(|entry| entry["column"] == column).expect("a column of the file")
}

#[test]
fn a_column_can_be_told_and_left_out() {
    let text = delimited(&people(60), ",").replacen("email", "x_17", 1);
    let desk = Desk::with("people.csv", text);
    let told = ["--map", "phone=x_17", "--map", "-=city"];
    let report = desk.report(&[["people.csv", "--id", "customer"].as_slice(), &told].concat());
    assert_eq!(meaning_of(&report, "x_17")["field"], "phone");
    assert_eq!(meaning_of(&report, "x_17")["because"], "told");
    assert_eq!(meaning_of(&report, "city")["field"], Value::Null);
}

#[test]
fn names_that_are_not_there_are_answered_with_the_nearest() {
    let desk = Desk::with("people.csv", delimited(&people(10), ","));
    desk.refused(&["people.csv", "--id", "costumer"], 2, &["`costumer`", "did you mean `customer`?"]);
    desk.refused(&["people.csv", "--map", "email=e-mail"], 2, &["`e-mail`", "did you mean `email`?"]);
    desk.refused(&["people.csv", "--map", "emial=email"], 2, &["`emial`", "did you mean `email`?"]);
    desk.refused(&["people.csv", "--map", "email=zzzzzzzz"], 2, &["`zzzzzzzz`", "shows the columns"]);
    desk.refused(&["people.csv", "--map", "zzzzzzzz=email"], 2, &["there are: ", "family_name"]);
    desk.refused(&["people.csv", "--map", "email"], 2, &["--map"]);
    desk.refused(&["people.csv", "--exclusive", "citi"], 2, &["`citi`", "did you mean `city`?"]);
}

#[test]
fn the_first_row_of_a_file_without_a_header_is_never_told() {
    let text = delimited(&people(10), ",");
    let (_, rows) = text.split_once('\n').expect("a header");
    let desk = Desk::with("people.csv", rows);
    let first = rows.lines().next().expect("a row");
    let ended = desk.dedupe(&["people.csv", "--id", "record_id", "-vvv"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for value in first.split(',').filter(|value| value.len() > 3) {
        assert!(!ended.stderr.contains(value), "{value:?} in\n{}", ended.stderr);
    }
}

#[test]
fn pairs_can_be_found_by_rules_of_ones_own() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    let pairs = |rules: &[&str]| {
        let report = desk.report(&[&["people.csv", "--id", "customer"], rules].concat());
        report["candidate_pairs"].as_u64().expect("a count")
    };
    // Each e-mail address stands in the two rows of one person.
    assert_eq!(pairs(&["--block", "email"]), 60);
    let both = pairs(&["--block", "email", "--block", "given_name"]);
    assert!(60 < both && both < 120 * 119 / 2, "{both}");
    let desk = Desk::with("people.csv", delimited(&people(10), ","));
    desk.refused(&["people.csv", "--block", "emial"], 2, &["`emial`", "`email`"]);
    desk.refused(&["people.csv", "--block", "email:loudest"], 2, &["loudest"]);
}

#[test]
fn a_threshold_is_a_probability() {
    let desk = Desk::with("people.csv", delimited(&people(10), ","));
    for value in ["0", "1", "-0.5", "1.5", "NaN"] {
        desk.refused(&["people.csv", "--threshold", value], 2, &["the threshold is", "above 0 and below 1"]);
    }
    desk.refused(&["people.csv", "--threshold", "much"], 2, &["--threshold"]);
}

#[test]
fn a_higher_threshold_links_no_more() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    let links = |threshold: &str| {
        let report = desk.report(&["people.csv", "--id", "customer", "--threshold", threshold]);
        report["links"].as_u64().expect("a count")
    };
    let (many, few, none) = (links("0.01"), links("0.9"), links("0.9999999999999999"));
    assert!(many >= few && few > none, "{many}, {few}, {none}");
}

#[test]
fn a_kept_model_gives_the_same_clusters() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer", "--save-model", "model.json"]);
    let first = desk.partition("clusters.csv");
    // Of half of them alone, another model would be estimated.
    desk.write("half.csv", delimited(&people(30), ","));
    desk.report(&["half.csv", "--id", "customer", "--model", "model.json", "--save-model", "again.json"]);
    assert_eq!((first, desk.partition("clusters.csv")), (truth(60), truth(30)));
    let lambda = |name: &str| {
        let model: Value = serde_json::from_str(&desk.read(name)).expect("JSON");
        model["lambda"].as_f64().expect("a number")
    };
    assert_eq!(lambda("again.json"), lambda("model.json"));
}

#[test]
fn a_model_that_does_not_fit_is_refused() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer", "--out", "kept.csv", "--save-model", "model.json"]);
    let model = desk.read("model.json");
    let with_model = ["people.csv", "--id", "customer", "--model", "other.json"];

    desk.write("other.json", model.replacen("\"version\": 1", "\"version\": 7", 1));
    desk.refused(&with_model, 2, &["version 7", "reads version 1"]);
    desk.write("other.json", "{\"given_name\": \"Ada\"}");
    desk.refused(&with_model, 2, &["no match model"]);
    // A probability of nought would weigh infinitely much.
    let level = model.find("\"u\": ").expect("levels") + 5;
    let end = level + model[level..].find('\n').expect("a line a number");
    desk.write("other.json", format!("{}0.0{}", &model[..level], &model[end..]));
    desk.refused(&with_model, 2, &["no match model"]);

    desk.write("other.json", &model);
    let without_city = [with_model.as_slice(), &["--map", "-=city"]].concat();
    desk.refused(&without_city, 2, &["made for other comparisons"]);
    desk.refused(&["people.csv", "--model", "absent.json"], 1, &["absent.json"]);
}

#[test]
fn what_is_read_is_not_written_over() {
    let desk = Desk::with("people.csv", delimited(&people(10), ","));
    let before = desk.read("people.csv");
    desk.refused(&["people.csv", "--out", "./people.csv"], 2, &["would be written over"]);
    assert_eq!(desk.read("people.csv"), before);
    desk.refused(&["people.csv", "--out", "no/such/folder.csv"], 1, &["could not write"]);
}

#[test]
fn a_model_that_did_not_converge_is_told_in_both_languages() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer", "--save-model", "model.json"]);
    let mut model: Value = serde_json::from_str(&desk.read("model.json")).expect("JSON");
    model["training"]["sessions"][0]["converged"] = false.into();
    let rule = model["training"]["sessions"][0]["rule"].as_str().expect("a rule").to_owned();
    desk.write("model.json", model.to_string());
    let told = ["people.csv", "--id", "customer", "--model", "model.json"];
    let report = desk.report(&told);
    let codes: Vec<&Value> =
        report["warnings"].as_array().expect("a list").iter().map(|told| &told["code"]).collect();
    assert!(codes.contains(&&Value::from("match-not-converged")), "{codes:?}");
    for (language, words) in [("en", "did not settle"), ("fr", "ne s'est pas stabilisée")] {
        let shown = desk.dedupe(&[&told[..], &["--lang", language]].concat()).stdout;
        assert!(shown.contains(words) && shown.contains(&rule), "{shown}");
    }
}

#[test]
fn rows_with_different_values_of_an_exclusive_column_are_never_one() {
    let text = delimited(&people(60), ",");
    let mut rows = text.lines().map(str::to_owned);
    let header = rows.next().expect("a header");
    // Both rows of every third person have a card of their own, of others none, or say so in words.
    let card = |row: usize| match row / 2 % 3 {
        0 => format!("C-{row:05}"),
        1 => "n/a".to_owned(),
        _ => String::new(),
    };
    let rows: Vec<String> = rows.enumerate().map(|(row, cells)| format!("{cells},{}\n", card(row))).collect();
    let desk = Desk::with("people.csv", format!("{header},card\n{}", rows.concat()));
    let told = ["people.csv", "--id", "customer", "--map", "-=card"];
    let together = desk.report(&told);
    let free = desk.partition("clusters.csv");
    let apart = desk.report(&[&told[..], &["--exclusive", "card"]].concat());
    let bound = desk.partition("clusters.csv");

    let cards: std::collections::BTreeMap<&str, String> = rows
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.trim_end().split(',').collect();
            (cells[0], (*cells.last().expect("cells")).to_owned())
        })
        .collect();
    let of = |cluster: &std::collections::BTreeSet<String>| {
        let cards = cluster.iter().map(|key| cards[key.as_str()].as_str());
        cards.filter(|card| card.starts_with("C-")).count()
    };
    assert!(free.iter().any(|cluster| of(cluster) > 1), "there is nothing to keep apart");
    assert!(bound.iter().all(|cluster| of(cluster) <= 1));
    assert!(bound.iter().any(|cluster| cluster.len() > 1), "`n/a` and nothing keep nobody apart");
    assert_eq!(together["kept_apart"], serde_json::json!([]));
    assert_eq!(apart["kept_apart"][0]["detail"], "card");
    assert!(apart["kept_apart"][0]["joins"].as_u64() > Some(0));
}
