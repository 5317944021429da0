//! What may be one profile by the rules of schema and pipeline, whatever the evidence says.

use serde_json::json;

use crate::common::{Clusters, Workspace};
use crate::decisions::last_change;

/// Two silos of which each holds the same people under keys of its own.
const PIPELINE: &str = r#"
name: regles
sources:
  - id: shop
    path: data/shop.csv
    format: delimited
    delimiter: ";"
    key: [NO]
    columns: &columns
      organisation_name: ORG
      registration_number: SIREN
      loyalty_number: CARD
      family_name: NAME
      given_name: FIRST
      email: MAIL
      postal_code: CP
      birth_date: BORN
  - id: web
    path: data/web.csv
    format: delimited
    delimiter: ";"
    key: [NO]
    columns: *columns
quarantine: { limit: 0.5 }
"#;

const HEADER: &str = "NO;ORG;SIREN;CARD;NAME;FIRST;MAIL;CP;BORN";
const FAMILY: [&str; 12] = [
    "Abriquel",
    "Bouvardin",
    "Champlois",
    "Dortelle",
    "Esquirat",
    "Fontbrune",
    "Grimaudel",
    "Hautecombe",
    "Izernac",
    "Jolivard",
    "Kerzivin",
    "Lanthenay",
];

/// Someone whom both silos know, without organisation.
fn row(number: usize, card: &str) -> String {
    let family = FAMILY[number % FAMILY.len()];
    format!(
        "{number};;;{card};{family};Zoé{number};client{number}@courrier.example;{:05};19{:02}-03-1{}",
        10_000 + 997 * number,
        40 + number,
        number % 9
    )
}

fn organisation(number: &str, name: &str, siren: &str) -> String {
    format!("{number};{name};{siren};;;;contact@{}.example;75001;", name.to_lowercase().replace(' ', "-"))
}

fn write(workspace: &Workspace, source: &str, extra: &[String]) {
    let people = (0..FAMILY.len()).map(|number| row(number, ""));
    let rows = std::iter::once(HEADER.to_owned()).chain(people).chain(extra.iter().cloned());
    workspace.write(&format!("data/{source}.csv"), rows.map(|row| row + "\n").collect::<String>());
}

fn silos(shop: &[String], web: &[String]) -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    write(&workspace, "shop", shop);
    write(&workspace, "web", web);
    workspace
}

fn are_one(clusters: &Clusters, one: (&str, &str), other: (&str, &str)) -> bool {
    let holds = |account: (&str, &str)| (account.0.to_owned(), account.1.to_owned());
    let (one, other) = (holds(one), holds(other));
    clusters.iter().any(|cluster| cluster.contains(&one) && cluster.contains(&other))
}

#[test]
fn a_profile_has_one_loyalty_number_whatever_else_its_records_share() {
    let workspace = silos(&[row(20, "FID-1"), row(21, "FID-7")], &[row(20, "FID-2"), row(21, "fid 7")]);
    let report = workspace.land_and_publish();
    let clusters = workspace.clusters();
    assert!(are_one(&clusters, ("shop", "3"), ("web", "3")), "{clusters:?}");
    assert!(are_one(&clusters, ("shop", "21"), ("web", "21")), "one number, written twice");
    assert!(!are_one(&clusters, ("shop", "20"), ("web", "20")));
    assert_eq!(
        report["kept_apart"],
        json!([{ "ground": "exclusive", "detail": "loyalty_number", "joins": 1 }])
    );

    let accounts = workspace.accounts();
    let pair: Vec<String> = accounts
        .iter()
        .filter(|account| account.key == "20")
        .map(|account| account.record.to_string())
        .collect();
    let explained = workspace.json(&["explain", &pair[0], &pair[1]]);
    assert_eq!(explained["kept_apart_by"], json!([{ "ground": "exclusive", "detail": "loyalty_number" }]));

    // Even a decision cannot break it: that is told, and nothing is half done.
    workspace.json(&["merge", &pair[0], &pair[1], "--reason", "same person"]);
    let report = workspace.land_and_publish();
    assert!(!are_one(&workspace.clusters(), ("shop", "20"), ("web", "20")));
    assert_eq!(report["conflicts"][0]["wanted_by"], json!({ "ground": "decision", "detail": "1" }));
    assert_eq!(report["conflicts"][0]["forbidden_by"]["detail"], "loyalty_number");
    let shown = workspace.run(&["status"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);

    // The pipeline may lift what the schema says.
    workspace.append("pipeline.yaml", "match: { exclusive: { loyalty_number: ~ } }\n");
    workspace.land_and_publish();
    assert!(are_one(&workspace.clusters(), ("shop", "20"), ("web", "20")));
}

#[test]
fn establishments_of_one_organisation_are_one_and_other_organisations_are_not() {
    let workspace = silos(
        &[
            organisation("30", "Moulins Réunis", "732829320"),
            organisation("31", "Verrerie Lanthenay", "552100554"),
            organisation("32", "Forges Du Nord", "542051180"),
        ],
        &[
            organisation("30", "Moulins Réunis", "732 829 320 00074"),
            organisation("31", "Verrerie Lanthenay", "542065479"),
            // One digit off: no number of another organisation.
            organisation("32", "Forges Du Nord", "542051181"),
        ],
    );
    workspace.land_and_publish();
    let clusters = workspace.clusters();
    assert!(are_one(&clusters, ("shop", "30"), ("web", "30")), "{clusters:?}");
    assert!(!are_one(&clusters, ("shop", "31"), ("web", "31")), "{clusters:?}");
    assert!(are_one(&clusters, ("shop", "32"), ("web", "32")), "{clusters:?}");
}

#[test]
fn a_number_that_tells_two_people_apart_splits_their_profile() {
    let workspace = silos(&[row(20, "FID-1")], &[row(20, "")]);
    workspace.land_and_publish();
    assert!(are_one(&workspace.clusters(), ("shop", "20"), ("web", "20")));
    workspace.edit(
        "data/web.csv",
        &row(20, "").bytes().map(char::from).collect::<String>(),
        &row(20, "FID-2").bytes().map(char::from).collect::<String>(),
    );
    assert_eq!(workspace.land_and_publish()["splits"], 1);
    let told = last_change(&workspace);
    assert_eq!(told, ("split".to_owned(), "exclusive".to_owned(), "loyalty_number".to_owned()));
}

#[test]
fn a_rule_about_no_field_is_refused_with_the_nearest() {
    let workspace = silos(&[], &[]);
    workspace.append("pipeline.yaml", "match: { exclusive: { loyalty_numbr: value } }\n");
    let ended = workspace.run(&["run"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("match.exclusive") && ended.stderr.contains("loyalty_number"),
        "{}",
        ended.stderr
    );
}
