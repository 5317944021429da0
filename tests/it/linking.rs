//! What may be one profile by the rules of schema and pipeline, whatever the evidence says.

use serde_json::json;

use crate::common::{Clusters, Workspace};
use crate::decisions::last_change;

/// Two silos of which each holds the same people under keys of its own.
const PIPELINE: &str = r#"
name: regles
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
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
      login_id: LOGIN
    replaced_by: [HEIR]
  - id: web
    path: data/web.csv
    format: delimited
    delimiter: ";"
    key: [NO]
    columns: *columns
    replaced_by: [HEIR]
  - id: visits
    path: data/visits.csv
    format: delimited
    delimiter: ";"
    key: [NO]
    link: { proof: [login_id] }
    columns: { login_id: LOGIN, family_name: NAME, given_name: FIRST, email: MAIL, birth_date: BORN }
quarantine: { limit: 0.5 }
"#;

const HEADER: &str = "NO;ORG;SIREN;CARD;NAME;FIRST;MAIL;CP;BORN;LOGIN;HEIR";
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
    account(number, card, "", "")
}

fn account(number: usize, card: &str, login: &str, heir: &str) -> String {
    let family = FAMILY[number % FAMILY.len()];
    format!(
        "{number};;;{card};{family};Zoé{number};client{number}@courrier.example;{:05};19{:02}-03-1{};{login};{heir}",
        10_000 + 997 * number,
        40 + number,
        number % 9
    )
}

fn organisation(number: &str, name: &str, siren: &str) -> String {
    format!("{number};{name};{siren};;;;contact@{}.example;75001;;;", name.to_lowercase().replace(' ', "-"))
}

fn write(workspace: &Workspace, source: &str, extra: &[String]) {
    let people = (0..FAMILY.len()).map(|number| row(number, ""));
    let rows = std::iter::once(HEADER.to_owned()).chain(people).chain(extra.iter().cloned());
    workspace.write(&format!("data/{source}.csv"), rows.map(|row| row + "\n").collect::<String>());
}

/// A visitor who is to the letter like customer `like`, with or without a login.
fn visit(number: &str, like: usize, login: &str) -> String {
    let row = row(like, "");
    let cells: Vec<&str> = row.split(';').collect();
    format!("{number};{login};{};{};{};{}", cells[4], cells[5], cells[6], cells[8])
}

fn write_visits(workspace: &Workspace, visits: &[String]) {
    let rows = std::iter::once("NO;LOGIN;NAME;FIRST;MAIL;BORN".to_owned()).chain(visits.iter().cloned());
    workspace.write("data/visits.csv", rows.map(|row| row + "\n").collect::<String>());
}

fn silos(shop: &[String], web: &[String]) -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    write_visits(&workspace, &[]);
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

/// The ids of the records of these accounts.
fn records<const N: usize>(workspace: &Workspace, accounts: [(&str, &str); N]) -> [String; N] {
    let published = workspace.accounts();
    accounts.map(|(source, key)| {
        let found = published.iter().find(|account| account.source == source && account.key == key);
        found.expect("a published account").record.to_string()
    })
}

#[test]
fn a_visitor_joins_a_person_on_proof_and_never_on_likeness() {
    let workspace = silos(
        &[account(20, "", "zoe20", ""), account(21, "", "shared", ""), account(22, "", "shared", "")],
        &[],
    );
    write_visits(
        &workspace,
        &[
            visit("like", 20, ""),
            visit("other-case", 20, "ZOE20"),
            visit("proof", 5, " zoe20 "),
            visit("again", 6, "zoe20"),
            visit("shared", 21, "shared"),
            visit("nobody", 7, "nobody"),
            visit("nobody-again", 8, "nobody"),
        ],
    );
    let report = workspace.land_and_publish();
    let clusters = workspace.clusters();
    let one = |visit, shop| are_one(&clusters, ("visits", visit), ("shop", shop));
    assert!(one("proof", "20") && one("again", "20"), "{clusters:?}");
    for (visit, shop) in [
        ("like", "20"),
        ("other-case", "20"),
        ("proof", "5"),
        ("shared", "21"),
        ("shared", "22"),
        ("nobody", "7"),
    ] {
        assert!(!one(visit, shop), "{visit} joined {shop}: {clusters:?}");
    }
    assert!(are_one(&clusters, ("visits", "nobody"), ("visits", "nobody-again")));
    assert!(!are_one(&clusters, ("shop", "21"), ("shop", "22")));
    assert_eq!(report["kept_apart"], json!([{ "ground": "ambiguous", "detail": "login_id", "joins": 1 }]));
    // Who is not compared is in no candidate pair: not one link names a visitor.
    let [proof, like, shop] = records(&workspace, [("visits", "proof"), ("visits", "like"), ("shop", "20")]);
    let links = workspace.query(
        "SELECT count(*) AS links FROM resolved.links l JOIN golden.members m
         ON m.record_id IN (l.left_id, l.right_id) WHERE m.source = 'visits'",
    );
    assert_eq!(links[0]["links"], 0);
    let explained = workspace.json(&["explain", &proof, &shop]);
    assert_eq!(explained["joined_by"], json!([{ "ground": "proof", "detail": "login_id" }]));
    let explained = workspace.json(&["explain", &like, &shop]);
    assert_eq!(explained["kept_apart_by"], json!([{ "ground": "proof_only", "detail": "visits" }]));
    assert_eq!(explained["rules"], json!([]), "no blocking rule holds it");
}

#[test]
fn a_source_that_is_never_linked_for_a_purpose_is_not_where_profiles_serve_it() {
    let workspace = silos(&[row(20, "")], &[row(20, "")]);
    let pipeline = std::fs::read_to_string(workspace.file("pipeline.yaml")).expect("a pipeline");
    let barred = pipeline.replace("  - id: web\n", "  - id: web\n    link: { never_for: [marketing] }\n");
    workspace.write("pipeline.yaml", &barred);
    workspace.land_and_publish();
    let together = |workspace: &Workspace| are_one(&workspace.clusters(), ("shop", "20"), ("web", "20"));
    assert!(!together(&workspace));
    // Nor by a decision.
    let [shop, web] = records(&workspace, [("shop", "20"), ("web", "20")]);
    workspace.json(&["merge", &shop, &web, "--reason", "same person"]);
    let report = workspace.land_and_publish();
    assert!(!together(&workspace));
    assert_eq!(report["conflicts"][0]["forbidden_by"], json!({ "ground": "never_linked", "detail": "web" }));

    // Profiles that do not serve marketing may link it, and nobody reads them for marketing.
    let narrow = barred.clone() + "match: { purposes: [data_subject_rights, customer_care] }\n";
    workspace.write("pipeline.yaml", narrow);
    workspace.land_and_publish();
    assert!(together(&workspace));
    let count = ["query", "SELECT count(*) AS n FROM golden.profiles", "--role", "dpo", "--purpose"];
    assert_eq!(workspace.run(&[&count[..], &["data_subject_rights"]].concat()).code, 0);
    let names = std::fs::read_to_string(workspace.file("policies/names.cedarschema")).expect("names");
    assert!(names.contains("marketing"), "the purpose is declared");
    let for_marketing = workspace.run(&[
        "query",
        "SELECT * FROM golden.profiles",
        "--role",
        "marketer",
        "--purpose",
        "marketing",
    ]);
    assert_eq!(for_marketing.code, 2, "{}{}", for_marketing.stdout, for_marketing.stderr);

    workspace.write("pipeline.yaml", barred.replace("never_for: [marketing]", "never_for: [marketting]"));
    let ended = workspace.run(&["run"]);
    assert_eq!(ended.code, 2, "a misspelt purpose would forbid nothing");
    assert!(ended.stderr.contains("marketting") && ended.stderr.contains("marketing"), "{}", ended.stderr);
}

#[test]
fn a_record_that_its_source_replaced_by_another_is_one_with_it() {
    let workspace = silos(&[], &[]);
    workspace.land_and_publish();
    assert!(!are_one(&workspace.clusters(), ("shop", "3"), ("shop", "8")));
    workspace.edit("data/shop.csv", &latin(&row(3, "")), &latin(&account(3, "", "", "8")));
    assert_eq!(workspace.land_and_publish()["merges"], 1);
    assert!(are_one(&workspace.clusters(), ("shop", "3"), ("shop", "8")));
    let told = last_change(&workspace);
    assert_eq!(told, ("merge".to_owned(), "replaced".to_owned(), "shop".to_owned()));
    let [old, heir] = records(&workspace, [("shop", "3"), ("shop", "8")]);
    let explained = workspace.json(&["explain", &old, &heir]);
    assert_eq!(explained["joined_by"], json!([{ "ground": "replaced", "detail": "shop" }]));

    // People know better: the contradiction is told.
    workspace.json(&["never-link", &old, &heir, "--reason", "two brothers"]);
    let report = workspace.land_and_publish();
    assert!(!are_one(&workspace.clusters(), ("shop", "3"), ("shop", "8")));
    assert_eq!(report["conflicts"][0]["wanted_by"], json!({ "ground": "replaced", "detail": "shop" }));
    assert_eq!(report["conflicts"][0]["forbidden_by"], json!({ "ground": "decision", "detail": "1" }));

    // The source takes it back; one that it never delivered is nobody's heir.
    workspace.json(&["undo", "1", "--reason", "not brothers"]);
    workspace.edit("data/shop.csv", &latin(&account(3, "", "", "8")), &latin(&account(3, "", "", "999")));
    workspace.land_and_publish();
    assert!(!are_one(&workspace.clusters(), ("shop", "3"), ("shop", "8")));
}

/// Text as [`Workspace::edit`] sees a file in UTF-8.
fn latin(text: &str) -> String {
    text.bytes().map(char::from).collect()
}
