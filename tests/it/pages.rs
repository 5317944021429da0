//! The page on how records were matched, and the chart of a pair: well-formed, complete without a
//! network, and without any value of a record.

use std::fs;

use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::common::Workspace;
use crate::dedupe::{Desk, delimited, people};
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

/// Every element in its order, and all text.
struct Parsed {
    elements: Vec<String>,
    text: String,
}

impl Parsed {
    fn count(&self, element: &str) -> usize {
        self.elements.iter().filter(|name| *name == element).count()
    }
}

/// Parses what must be well-formed and must fetch nothing.
#[track_caller]
fn parsed(markup: &str) -> Parsed {
    let mut reader = quick_xml::Reader::from_str(markup);
    let (mut parsed, mut open) = (Parsed { elements: Vec::new(), text: String::new() }, 0);
    loop {
        match reader.read_event().expect("well-formed") {
            event @ (Event::Start(_) | Event::Empty(_)) => {
                open += i32::from(matches!(event, Event::Start(_)));
                let (Event::Start(element) | Event::Empty(element)) = event else { unreachable!() };
                parsed.elements.push(String::from_utf8(element.name().0.to_vec()).expect("UTF-8"));
                for attribute in element.attributes() {
                    let attribute = attribute.expect("well-formed");
                    let name = std::str::from_utf8(attribute.key.0).expect("UTF-8");
                    let fetches = ["href", "src", "srcset", "xlink:href", "style"].contains(&name);
                    assert!(!fetches && !name.starts_with("on"), "{name} in\n{markup}");
                }
            }
            Event::End(_) => open -= 1,
            Event::Text(text) => parsed.text.push_str(&text.decode().expect("UTF-8")),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0, "an element stays open");
    for loads in ["script", "link", "iframe", "img", "object", "use", "a"] {
        assert_eq!(parsed.count(loads), 0, "<{loads}>");
    }
    assert!(!markup.contains("url(") && !markup.contains("@import"), "the style fetches");
    let elsewhere = markup.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "an address is in it");
    assert!(markup.contains("prefers-color-scheme:dark"), "it has one colour scheme");
    for id in ["report-", "explain-", "column-", "page-"] {
        assert!(!parsed.text.contains(id), "{id} in\n{}", parsed.text);
    }
    parsed
}

#[track_caller]
fn check_holds_none_of<'a>(markup: &str, values: impl IntoIterator<Item = &'a str>) {
    for value in values.into_iter().filter(|value| value.chars().count() > 3) {
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        // The page is full of numbers: a postal code may be part of one.
        let is_part = |character: char| character.is_alphanumeric() || ".,".contains(character);
        let shown = match is_number {
            true => markup.split(|character| !is_part(character)).any(|word| word == value),
            false => markup.contains(value),
        };
        assert!(!shown, "{value:?} is shown");
    }
}

/// Whether a page shows a count, however its language groups digits.
#[track_caller]
fn check_shows(found: &Parsed, report: &Value, name: &str) {
    let count = report[name].as_u64().expect("a count").to_string();
    let plain = found.text.replace([',', '\u{202f}'], "");
    assert!(plain.contains(&count), "{name}, {count}, in {plain}");
}

#[test]
fn the_page_on_a_file_shows_how_it_was_matched_and_no_cell_of_it() {
    let rows = people(60);
    let desk = Desk::with("people.csv", delimited(&rows, ",").replacen("email", "x_17", 1));
    for (language, says) in [("en", "How records were matched"), ("fr", "Comment les enregistrements")] {
        let options = ["--id", "customer", "--map", "email=x_17", "--report", "page.html"];
        let report = desk.report(&[&["people.csv"], &options[..], &["--lang", language]].concat());
        let page = desk.read("page.html");
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\""), "{page}");
        assert!(page.contains(&format!("lang=\"{language}\"")), "{page}");
        let found = parsed(&page);
        assert!(found.text.contains(says), "{}", found.text);
        for name in ["records", "candidate_pairs", "links", "clusters"] {
            check_shows(&found, &report, name);
        }
        for shown in ["family_name", "birth_date", "m: ", "log2(m / u)"] {
            let shown = if language == "fr" { shown.replace(": ", " : ") } else { shown.to_owned() };
            assert!(found.text.contains(&shown), "{shown} in {}", found.text);
        }
        // The histogram has its line at the threshold; each level and rule has its bar.
        assert_eq!(page.matches("<line class=\"mark\"").count(), 1);
        assert!(found.count("svg") > 20 && found.count("rect") > 20, "{:?}", found.elements);
        check_holds_none_of(&page, rows.iter().flatten().map(String::as_str));
        // Nor the names of columns and file: without a header, they may be values.
        check_holds_none_of(&page, ["x_17", "people.csv", "customer"]);
    }
}

#[test]
fn the_page_tells_of_a_model_that_did_not_converge() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer", "--save-model", "model.json"]);
    let mut model: Value = serde_json::from_str(&desk.read("model.json")).expect("JSON");
    model["training"]["sessions"][0]["converged"] = false.into();
    model["comparisons"][0]["m_origin"] = "prior".into();
    desk.write("model.json", model.to_string());
    desk.report(&["people.csv", "--id", "customer", "--model", "model.json", "--report", "page.html"]);
    let found = parsed(&desk.read("page.html"));
    for told in ["did not settle", "too few pairs tell", "m not learnt"] {
        assert!(found.text.contains(told), "{told} in {}", found.text);
    }
}

#[test]
fn a_page_never_takes_the_place_of_what_is_read() {
    let desk = Desk::with("people.csv", delimited(&people(10), ","));
    desk.refused(&["people.csv", "--report", "people.csv"], 2, &["would be written over"]);
    desk.refused(&["people.csv", "--report", "no/such/folder/page.html"], 1, &["page.html"]);
}

fn personal_values() -> Vec<String> {
    let of = |number| {
        let person = person(number);
        let names = [person.given.to_owned(), person.family.to_owned()];
        let contact = [person.email.clone(), person.mobile.clone(), person.street.clone()];
        names.into_iter().chain(contact).chain([person.postal_code.clone(), person.city.clone()])
    };
    (0..PEOPLE).flat_map(of).collect()
}

fn read(workspace: &Workspace, name: &str) -> String {
    fs::read_to_string(workspace.file(name)).expect("a text file")
}

#[test]
fn a_run_writes_the_page_and_writes_it_again_when_nothing_changed() {
    let workspace = silos();
    let page = workspace.file("page.html").display().to_string();
    let first = workspace.json(&["run", "--report", &page]);
    let written = read(&workspace, "page.html");
    let found = parsed(&written);
    check_shows(&found, &first["matching"], "candidate_pairs");
    check_holds_none_of(&written, personal_values().iter().map(String::as_str));
    fs::remove_file(workspace.file("page.html")).expect("it was written");
    let second = workspace.json(&["run", "--report", &page]);
    assert_eq!(second["up_to_date"], true);
    assert_eq!(second["matching"], first["matching"]);
    assert_eq!(read(&workspace, "page.html"), written);
}

#[test]
fn a_run_tells_what_its_rules_cannot_teach_and_tells_it_again() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "name: boutique\n", "name: boutique\nmatch:\n  blocking: [email]\n");
    for _ in 0..2 {
        let report = workspace.json(&["run"]);
        // All pairs agree on the address that brought them together.
        let expected = json!([{ "code": "match-prior-kept", "args": [["fields", "email"]] }]);
        assert_eq!(report["warnings"], expected);
    }
    let shown = workspace.run(&["run"]).stdout;
    assert!(shown.contains("too few pairs tell how often records of one person agree on: email"), "{shown}");
}

#[test]
fn a_run_that_matches_nothing_has_no_page_to_write() {
    let workspace = silos();
    let page = workspace.file("page.html").display().to_string();
    let ended = workspace.run(&["run", "--until", "land", "--report", &page]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("nothing to report on"), "{}", ended.stderr);
    assert!(!workspace.file("page.html").exists(), "a page was written");
}

#[test]
fn a_pair_is_drawn_as_a_waterfall_without_its_values() {
    let workspace = silos();
    workspace.land_and_publish();
    let (shop, other) = (record_of(&workspace, "shop", "S3"), other_record(&workspace));
    let chart = workspace.file("pair.svg").display().to_string();
    let pair = workspace.json(&["explain", &shop, &other, "--svg", &chart]);
    let drawn = read(&workspace, "pair.svg");
    let found = parsed(&drawn);
    assert_eq!(found.elements[0], "svg");
    assert_eq!(drawn.matches("<line class=\"mark\"").count(), 1, "the threshold");
    let told = pair["evidence"].as_array().expect("a list").iter();
    for evidence in told.filter(|evidence| evidence["level"] != "missing") {
        let [field, level] = ["field", "level"].map(|name| evidence[name].as_str().expect("text"));
        assert!(found.text.contains(&format!("{field}: {level}")), "{field} in {}", found.text);
    }
    assert!(found.text.contains("total"), "{}", found.text);
    check_holds_none_of(&drawn, personal_values().iter().map(String::as_str));
    // In words the rules that brought the two together.
    let rules = pair["rules"].as_array().expect("a list");
    let words = workspace.run(&["explain", &shop, &other]).stdout;
    assert!(words.contains("Compared because of: "), "{words}");
    assert!(rules.iter().all(|rule| words.contains(rule.as_str().expect("text"))), "{words}");
    assert_eq!(workspace.run(&["explain", &shop, "--svg", &chart]).code, 2, "a chart shows a pair");
}

/// Another record of the profile that holds the shop's `S3`.
fn other_record(workspace: &Workspace) -> String {
    let shop = record_of(workspace, "shop", "S3");
    let profile = workspace.json(&["explain", &profile_of(workspace, "shop", "S3")]);
    let members = profile["members"].as_array().expect("a list").iter();
    let mut ids = members.map(|member| member["record"].as_str().expect("an id").to_owned());
    ids.find(|id| *id != shop).expect("a record of another source")
}

#[test]
fn the_weakest_link_that_holds_a_profile_is_named() {
    let workspace = silos();
    workspace.land_and_publish();
    let id = profile_of(&workspace, "shop", "S3");
    let profile = workspace.json(&["explain", &id]);
    let members = profile["members"].as_array().expect("a list").len();
    let links = profile["links"].as_array().expect("a list");
    let count = |role: &str| links.iter().filter(|link| link["role"] == role).count();
    assert_eq!(count("weakest"), 1);
    // As many links hold so many records together, and no fewer could.
    assert_eq!(count("weakest") + count("holding"), members - 1);
    let shown = workspace.run(&["explain", &id]).stdout;
    assert_eq!(shown.matches("the weakest of those that hold").count(), 1, "{shown}");
}
