//! What a controller has to be able to show: whom it keeps for too long, what it does with data, and
//! whom a breach concerns.

use serde_json::{Value, json};

use crate::common::Workspace;
use crate::erase::erased;
use crate::pipeline::{PEOPLE, profile_of, silos};
use crate::requests::code_of;

const NOBODY: &str = "contacts: []\n";

/// The silos, of which nobody ever ordered, under these rules of retention.
fn prospects(rules: &str) -> Workspace {
    let workspace = silos();
    let orders = std::fs::read_to_string(workspace.file("data/orders.csv")).expect("orders");
    let header = orders.lines().next().expect("a header");
    workspace.write("data/orders.csv", format!("{header}\r\n"));
    workspace.edit("pipeline.yaml", "party_role: customer", "party_role: prospect");
    workspace.append("pipeline.yaml", format!("retention:\n{rules}"));
    workspace
}

fn due(workspace: &Workspace) -> (i32, Value) {
    let ended = workspace.run(&["retention", "--format", "json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    (ended.code, report)
}

#[test]
fn prospects_are_kept_three_years_from_their_last_contact_and_customers_ten() {
    // What they typed in May 2024 is their last contact; the other sources have no clock.
    let workspace = prospects("  prospects: P1Y\n");
    workspace.land_and_publish();
    let (code, report) = due(&workspace);
    assert_eq!((code, report["due"].as_array().expect("a list").len()), (3, PEOPLE), "{report}");
    let person = &report["due"][0];
    assert_eq!(
        (&person["relation"], &person["last_contact"], &person["kept_until"]),
        (&json!("prospect"), &json!("2024-05-01"), &json!("2025-05-01"))
    );
    assert!(
        workspace.audited("open").iter().all(|(it, _)| it["purpose"] != "data_subject_rights"),
        "nothing is opened"
    );
    workspace.edit("pipeline.yaml", "  prospects: P1Y\n", NOBODY.replace("contacts", "  contacts").as_str());
    let (code, report) = due(&workspace);
    assert_eq!((code, &report["due"]), (0, &json!([])), "three years are not over");

    let customers = silos();
    customers.append("pipeline.yaml", "retention: { prospects: P1D }\n");
    customers.land_and_publish();
    let (code, report) = due(&customers);
    assert_eq!((code, &report["due"]), (0, &json!([])), "{report}");
}

#[test]
fn a_rented_list_ends_on_its_day_and_alarms_where_people_stand_elsewhere_too() {
    let workspace = prospects("  until: { club: 2025-12-31 }\n");
    workspace.land_and_publish();
    let (code, report) = due(&workspace);
    assert_eq!((code, &report["due"]), (3, &json!([])), "{report}");
    let club = report["sources"].as_array().expect("a list").iter().find(|it| it["source"] == "club");
    assert_eq!(club.expect("listed")["overdue"], PEOPLE);
    workspace.edit("pipeline.yaml", "  until: { club: 2025-12-31 }\n", "  prospects: 3Y\n");
    assert_eq!(code_of(&workspace, &["retention"]), (2, "retention-not-a-period".to_owned()));
}

#[test]
fn the_job_opens_one_erasure_for_each_however_often_it_runs() {
    let workspace = prospects("  prospects: P1Y\n");
    workspace.land_and_publish();
    erased(&workspace, &profile_of(&workspace, "shop", "S5"));
    let opened = workspace.json_lines(&["retention", "--open"]);
    assert_eq!(opened.len(), PEOPLE - 1);
    assert!(opened.iter().all(|erasure| erasure["status"] == "open"), "nobody is erased without approval");
    assert!(workspace.json_lines(&["retention", "--open"]).is_empty());
    assert_eq!(due(&workspace).1["due"].as_array().expect("a list").len(), PEOPLE - 1, "until it is done");
}

#[test]
fn the_record_of_processing_tells_what_runs() {
    let workspace = silos();
    workspace.land_and_publish();
    let record = workspace.json(&["report", "ropa"]);
    assert_eq!((&record["controller"], &record["persons"]), (&json!("boutique"), &json!(PEOPLE)));
    let purposes = record["purposes"].as_array().expect("purposes");
    let marketing = purposes.iter().find(|purpose| purpose["purpose"] == "marketing").expect("declared");
    assert_eq!(
        (&marketing["basis"], &marketing["roles"]),
        (&json!("legitimate_interests"), &json!(["marketer"]))
    );
    assert_eq!(marketing["sources"], json!(["club", "shop", "web"]));
    let fields = marketing["fields"].as_array().expect("fields");
    assert!(
        fields.contains(&json!("email")) && !fields.contains(&json!("notes")),
        "only what a source delivers"
    );
    assert!(workspace.run(&["report", "ropa"]).stdout.contains("legitimate_interests"));
}

#[test]
fn whom_a_breach_concerns_is_whoever_was_opened() {
    let workspace = silos();
    workspace.land_and_publish();
    let nothing = workspace.json(&["report", "breach", "--from", "2030-01-01"]);
    assert_eq!((&nothing["openings"], &nothing["persons"]), (&json!(0), &json!(0)));
    let all = workspace.json(&["report", "breach", "--from", "2020-01-01"]);
    assert_eq!(all["persons"], PEOPLE, "a run opens everyone: {all}");
    let page =
        workspace.state("SELECT MIN(page) FROM key_pages WHERE owner LIKE 'landing/shop/%'").to_string();
    let shop = workspace.json(&["report", "breach", "--keys", &page]);
    assert_eq!((&shop["persons"], &shop["records"]), (&json!(PEOPLE), &json!(PEOPLE)));
    let profile = json!(profile_of(&workspace, "shop", "S3"));
    assert!(shop["ids"].as_array().expect("ids").contains(&profile));
    let denied = ["report", "breach", "--role", "agent", "--purpose", "customer_care"];
    assert_eq!(code_of(&workspace, &denied), (4, "request-denied".to_owned()));
}
