//! Profiles: whose value survives, whose id lasts, and that order never matters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{PEOPLE, Person, person, profile_of, silos, write_club, write_shop, write_web};
use crate::common::Workspace;

const WRITTEN: &str = "2024-05-01T10:00:00Z";

/// Which profile every account is in.
fn profiles(workspace: &Workspace) -> BTreeMap<(String, String), String> {
    let accounts = workspace.accounts().into_iter();
    accounts.map(|account| ((account.source, account.key), account.profile.to_string())).collect()
}

/// Merges and splits in the order they happened: kind, profile, other.
fn history(workspace: &Workspace) -> Vec<(String, String, String)> {
    let rows = workspace.query("SELECT kind, profile_id, other_id FROM golden.history ORDER BY at, kind");
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(row, "kind"), text(row, "profile_id"), text(row, "other_id"))).collect()
}

/// Why each merge and split happened, in their order.
fn causes(workspace: &Workspace) -> Vec<String> {
    let rows = workspace.query("SELECT cause FROM golden.history ORDER BY run, at, kind");
    rows.iter().map(|row| row["cause"].as_str().expect("a cause").to_owned()).collect()
}

#[test]
fn each_rule_chooses_its_value_and_provenance_names_it() {
    let workspace = silos();
    let mut shop = person(3);
    shop.street = "12 rue de la Boutique".to_owned();
    shop.email = "vu.par.la.boutique@courrier.example".to_owned();
    workspace.edit("data/shop.csv", &person(3).shop_row(), &shop.shop_row());
    let mut web = person(3);
    web.given = "Comette";
    web.city = format!("{}-sous-Bois", web.city);
    workspace.edit("data/web.ndjson", &utf8(&person(3).web_row(WRITTEN)), &utf8(&web.web_row(WRITTEN)));
    assert_eq!(workspace.land_and_publish()["profiles"], PEOPLE);

    let profile = profile_of(&workspace, "shop", "S3");
    let mut provenance = BTreeMap::new();
    for row in workspace.query(&format!(
        "SELECT p.field, p.rule, m.source FROM golden.provenance p JOIN golden.members m ON p.record_id = m.record_id
         WHERE p.profile_id = '{profile}'"
    )) {
        let text = |name: &str| row[name].as_str().expect("text").to_owned();
        provenance.insert(text("field"), (text("rule"), text("source")));
    }
    let values = workspace.query(&format!("SELECT * FROM golden.profiles WHERE profile_id = '{profile}'"));
    for (field, rule, source, value) in [
        // The shop has no clock: it is observed when it lands, after the web site's rows were written.
        ("street", "most_recent", Some("shop"), "12 rue de la Boutique"),
        ("given_name", "most_frequent", None, "Côme"),
        ("email", "self_declared", Some("web"), person(3).email.as_str()),
        ("party_role", "source_priority", Some("shop"), "customer"),
        ("city", "longest", Some("web"), web.city.as_str()),
    ] {
        assert_eq!(values[0][field], value, "{field}");
        assert_eq!(provenance[field].0, rule, "{field}");
        if let Some(source) = source {
            assert_eq!(provenance[field].1, source, "{field}");
        }
    }
    assert_ne!(provenance["given_name"].1, "web", "the name that two of three know is not the web site's");
}

#[test]
fn an_analyst_sees_age_bands_and_departments_and_nothing_finer() {
    let workspace = silos();
    workspace.land_and_publish();
    let rows = workspace.json_lines(&["query", "SELECT * FROM golden.profiles", "--role", "analyst"]);
    assert_eq!(rows.len(), PEOPLE);
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    let mut seen: Vec<String> = rows.iter().map(|row| text(row, "postal_code_department")).collect();
    let mut expected: Vec<String> =
        (0..PEOPLE).map(|number| person(number).postal_code[..2].to_owned()).collect();
    seen.sort_unstable();
    // Codes from 20000 on are Corsican.
    expected.iter_mut().filter(|code| *code == "20").for_each(|code| *code = "2B".to_owned());
    expected.sort_unstable();
    assert_eq!(seen, expected);
    // Born from 1950 to 1979.
    let bands = ["45-54", "55-64", "65+"];
    assert!(rows.iter().all(|row| bands.contains(&text(row, "birth_date_age_band").as_str())), "{rows:?}");
    for row in &rows {
        for hidden in ["birth_date", "postal_code"] {
            assert!(row.get(hidden).is_none(), "{hidden} is shown");
        }
        let whole = row.to_string();
        for person in (0..PEOPLE).map(person) {
            assert!(!whole.contains(&person.birth_date()) && !whole.contains(&person.postal_code), "{whole}");
        }
    }
    let openings = workspace.json_lines(&["audit", "list", "--role", "dpo"]);
    assert!(openings.iter().all(|opening| opening["action"] != "query"), "{openings:?}");
}

#[test]
fn stored_pseudonyms_are_those_that_are_made_on_the_way() {
    let workspace = silos();
    workspace.land_and_publish();
    // Profiles and members keep pseudonyms of profiles; provenance does not.
    let joined = "SELECT count(DISTINCT p.profile_id) AS profiles, count(*) AS rows FROM golden.profiles p
        JOIN golden.members m ON m.profile_id = p.profile_id
        JOIN golden.provenance v ON v.profile_id = p.profile_id AND v.record_id = m.record_id";
    for reader in [&["--role", "analyst"][..], &["--role", "agent"]] {
        let rows = workspace.json_lines(&[&["query", joined], reader].concat());
        assert_eq!(rows[0]["profiles"], PEOPLE, "{reader:?}");
    }
    let stored = workspace.stored("golden/profiles").expect("published").rows;
    let kept = stored.schema().fields().iter().filter(|field| field.name().starts_with("pseudonym_")).count();
    assert_eq!(kept, 6, "each role of the demo without a purpose; with one, it sees ids");

    // A role that was declared after the publication has its pseudonyms too.
    workspace.edit("policies/names.cedarschema", "Role enum [", "Role enum [\"newcomer\", ");
    let rows = workspace.json_lines(&["query", joined, "--role", "newcomer"]);
    assert_eq!(rows[0]["profiles"], PEOPLE);
    let ids = "SELECT profile_id FROM golden.profiles ORDER BY profile_id";
    let of = |role| workspace.json_lines(&["query", ids, "--role", role]);
    let (before, others) = (of("newcomer"), of("analyst"));
    assert!(before.iter().all(|row| !others.contains(row)), "two domains share a pseudonym");

    // Stored or not, they are the same.
    workspace.append("data/web.ndjson", person(60).web_row(WRITTEN) + "\n");
    workspace.land_and_publish();
    let after = of("newcomer");
    assert_eq!(after.len(), PEOPLE + 1);
    assert!(before.iter().all(|row| after.contains(row)), "pseudonyms changed when they were stored");
}

#[test]
fn ids_of_profiles_are_stable_across_runs() {
    let workspace = silos();
    workspace.land_and_publish();
    let before = profiles(&workspace);
    workspace.edit("data/shop.csv", &person(8).mobile, "06 39 98 55 55");
    workspace.append("data/web.ndjson", person(60).web_row(WRITTEN) + "\n");
    assert_eq!(workspace.land_and_publish()["profiles"], PEOPLE + 1);
    let mut after = profiles(&workspace);
    after.remove(&("web".to_owned(), "w60".to_owned())).expect("a newcomer");
    assert_eq!(after, before);
    assert_eq!(history(&workspace), []);
}

#[test]
fn when_profiles_merge_the_oldest_id_stays_and_a_split_gives_a_new_one() {
    let workspace = silos();
    workspace.land_and_publish();
    let old = [4, 5, 6].map(|number| profile_of(&workspace, "shop", &format!("S{number}")));
    // Three newcomers, each a profile of its own. Several, since ids are random.
    let strangers = [4, 5, 6].map(|number| stranger(number).web_row(WRITTEN));
    workspace.append("data/web.ndjson", strangers.join("\n") + "\n");
    assert_eq!(workspace.land_and_publish()["profiles"], PEOPLE + 3);
    let young = [4, 5, 6].map(|number| profile_of(&workspace, "web", &format!("w10{number}")));

    // They turn out to be people known already.
    let known = [4, 5, 6].map(|number| {
        let known = Person { number: 100 + number, ..person(number) };
        known.web_row("2024-06-01T10:00:00Z")
    });
    for (stranger, known) in strangers.iter().zip(&known) {
        workspace.edit("data/web.ndjson", &utf8(stranger), &utf8(known));
    }
    let report = workspace.land_and_publish();
    assert_eq!(
        (&report["merges"], &report["splits"], &report["profiles"]),
        (&json!(3), &json!(0), &json!(PEOPLE))
    );
    for (number, old) in [4, 5, 6].into_iter().zip(&old) {
        assert_eq!(profile_of(&workspace, "web", &format!("w10{number}")), *old);
        assert_eq!(profile_of(&workspace, "shop", &format!("S{number}")), *old);
    }
    let mut expected: Vec<_> =
        old.iter().zip(&young).map(|(old, young)| ("merge".to_owned(), old.clone(), young.clone())).collect();
    expected.sort_unstable();
    let mut told = history(&workspace);
    told.sort_unstable();
    assert_eq!(told, expected);
    assert_eq!(causes(&workspace), ["matched"; 3]);

    // A mistake, it turns out.
    for (stranger, known) in strangers.iter().zip(&known) {
        let again = stranger.replace(WRITTEN, "2024-07-01T10:00:00Z");
        workspace.edit("data/web.ndjson", &utf8(known), &utf8(&again));
    }
    let report = workspace.land_and_publish();
    assert_eq!((&report["merges"], &report["splits"]), (&json!(0), &json!(3)));
    assert_eq!(causes(&workspace)[3..], ["records_changed"; 3]);
    let mut told = history(&workspace);
    assert_eq!(told.split_off(3).len(), 3, "what happened before is still told");
    for (number, old) in [4, 5, 6].into_iter().zip(&old) {
        assert_eq!(
            profile_of(&workspace, "shop", &format!("S{number}")),
            *old,
            "the larger part keeps the id"
        );
        let left = profile_of(&workspace, "web", &format!("w10{number}"));
        assert!(history(&workspace).contains(&("split".to_owned(), old.clone(), left)));
    }
}

#[test]
fn a_split_without_any_changed_record_says_so() {
    let workspace = silos();
    workspace.land_and_publish();
    // Who shares an e-mail address and no more is one no longer.
    workspace.append("pipeline.yaml", "match: { comparisons: { family_name: ~, given_name: ~, email: ~, mobile: ~, phone: ~, street: ~ }, threshold: 0.999999 }\n");
    assert!(workspace.land_and_publish()["splits"].as_u64() > Some(0));
    assert!(causes(&workspace).iter().all(|cause| cause == "no_longer_matched"));
}

#[test]
fn the_order_of_rows_files_and_sources_does_not_change_who_is_who() {
    let workspace = silos();
    noisy(&workspace, |people| people);
    workspace.land_and_publish();
    let clusters = workspace.clusters();
    assert!(clusters.iter().any(|cluster| cluster.len() > 1));

    let shuffled = silos();
    noisy(&shuffled, |mut people| {
        people.reverse();
        people.rotate_left(11);
        people
    });
    let people: Vec<Person> = (0..PEOPLE).map(person).collect();
    std::fs::remove_file(shuffled.file("data/club.parquet")).expect("removed");
    write_club(&shuffled, "data/club-b.parquet", &people[..PEOPLE / 2]);
    write_club(&shuffled, "data/club-a.parquet", &people[PEOPLE / 2..]);
    shuffled.edit("pipeline.yaml", "data/club.parquet", "data/club-*.parquet");
    let pipeline = std::fs::read_to_string(shuffled.file("pipeline.yaml")).expect("a pipeline");
    shuffled.write("pipeline.yaml", reversed_sources(&pipeline));
    shuffled.land_and_publish();
    assert_eq!(shuffled.clusters(), clusters);
}

/// Writes shop and web site so that not everything is plain to see: typing errors, moves, namesakes.
fn noisy(workspace: &Workspace, order: impl Fn(Vec<Person>) -> Vec<Person>) {
    let people = |spoil: fn(&mut Person)| {
        let spoilt = (0..PEOPLE + 8).map(|number| {
            let mut person = Person { number, ..person(number % PEOPLE) };
            spoil(&mut person);
            person
        });
        order(spoilt.collect())
    };
    let shop = people(|person| {
        if person.number % 5 == 0 {
            person.family = "Martel";
            person.email.insert(3, 'x');
        }
    });
    let web = people(|person| {
        if person.number % 4 == 0 {
            person.street = "2 allée Neuve".to_owned();
            person.mobile = String::new();
        }
        if person.number % 6 == 1 {
            person.given = "Gaëlle";
        }
    });
    write_shop(workspace, shop.iter().map(Person::shop_row));
    write_web(workspace, web.iter().map(|person| person.web_row(WRITTEN)));
}

/// The pipeline file with its sources the other way round.
fn reversed_sources(pipeline: &str) -> String {
    let (head, rest) = pipeline.split_once("sources:\n").expect("sources");
    let (sources, tail) = rest.split_once("quarantine:").expect("more keys");
    let mut sources: Vec<&str> = sources.split("  - id:").skip(1).collect();
    sources.reverse();
    let sources: String = sources.iter().map(|source| format!("  - id:{source}")).collect();
    format!("{head}sources:\n{sources}quarantine:{tail}")
}

/// Nobody that the silos know, under number 100 and more.
fn stranger(number: usize) -> Person {
    let mut stranger = person(number + 11);
    stranger.number = 100 + number;
    stranger.given = ["Ludivine", "Théodule", "Philibert"][number % 3];
    stranger.family = ["Ortholan", "Rocambeau", "Sertillanges"][number % 3];
    stranger.email = format!("inconnu{number}@ailleurs.example");
    stranger.mobile = format!("07 00 00 1{number} 4{number}");
    stranger.street = format!("{number} impasse Perdue");
    stranger.postal_code = format!("9{number}120");
    stranger.city = "Nulle-Part".to_owned();
    stranger
}

/// Text as [`Workspace::edit`] sees a file in UTF-8.
fn utf8(text: &str) -> String {
    text.bytes().map(char::from).collect()
}
