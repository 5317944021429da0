//! SQL through the binary: what each role sees, for its purpose.

use std::sync::OnceLock;

use serde_json::Value;

use crate::common::{Ended, Workspace};

const DEMO: &str = include_str!("../../pipelines/demo/pipeline.yaml");

/// The demo's pipeline over invented customers, run once for all tests.
fn published() -> &'static Workspace {
    static PUBLISHED: OnceLock<Workspace> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let workspace = Workspace::new(DEMO);
        let data = workspace.file("data");
        let data = data.to_str().expect("UTF-8");
        assert_eq!(workspace.run(&["synth", "--people", "120", "--seed", "3", "--out", data]).code, 0);
        workspace.land_and_publish();
        workspace
    })
}

fn as_role(role: &str, purpose: &str, sql: &str) -> Vec<Value> {
    published().json_lines(&["query", sql, "--role", role, "--purpose", purpose])
}

fn as_analyst(sql: &str) -> Vec<Value> {
    published().json_lines(&["query", sql])
}

fn names(row: &Value) -> Vec<&str> {
    row.as_object().expect("a row").keys().map(String::as_str).collect()
}

#[track_caller]
fn check_refused(arguments: &[&str], code: i32, told: &str) {
    let Ended { code: ended, stdout, stderr } = published().run(arguments);
    assert_eq!(ended, code, "{stderr}");
    assert!(stderr.contains(told), "{stderr}");
    assert_eq!(stdout, "");
}

#[test]
fn an_analyst_sees_plain_fields_and_pseudonyms_and_no_personal_column() {
    let rows = as_analyst("SELECT * FROM golden.profiles LIMIT 1");
    let seen = names(&rows[0]);
    assert!(seen.contains(&"profile_id") && seen.contains(&"country"), "{seen:?}");
    for hidden in ["family_name", "email", "birth_date", "credit_rating", "sealed_contact", "key_page"] {
        assert!(!seen.contains(&hidden), "{hidden} is shown");
    }
    let pseudonym = rows[0]["profile_id"].as_str().expect("text");
    assert_eq!(pseudonym.len(), 26, "a pseudonym, not a UUID");
}

#[test]
fn a_purpose_opens_its_classes_and_no_others() {
    let agent = as_role("agent", "customer_care", "SELECT * FROM golden.profiles LIMIT 1");
    assert!(names(&agent[0]).contains(&"birth_date"));
    assert!(!names(&agent[0]).contains(&"credit_rating"));
    let marketer = as_role("marketer", "marketing", "SELECT * FROM golden.profiles LIMIT 1");
    assert!(names(&marketer[0]).contains(&"email"));
    assert!(!names(&marketer[0]).contains(&"birth_date"));
}

#[test]
fn pseudonyms_join_within_a_domain_and_meet_no_one_in_another() {
    let joined = as_analyst(
        "SELECT count(*) AS n FROM golden.members m JOIN golden.profiles p ON m.profile_id = p.profile_id",
    );
    let members = as_analyst("SELECT count(*) AS n FROM golden.members");
    assert_eq!(joined[0]["n"], members[0]["n"]);
    assert_ne!(joined[0]["n"], 0);
    let ids = |rows: &[Value]| -> Vec<String> {
        rows.iter().map(|row| row["profile_id"].as_str().expect("text").to_owned()).collect()
    };
    let sql = "SELECT profile_id FROM golden.profiles";
    let (analyst, engineer) =
        (as_analyst(sql), published().json_lines(&["query", sql, "--role", "data_engineer"]));
    assert_eq!(analyst.len(), engineer.len());
    let analyst = ids(&analyst);
    assert!(ids(&engineer).iter().all(|id| !analyst.contains(id)));
}

#[test]
fn aggregates_count_profiles_and_landing_shows_current_records() {
    let profiles = as_analyst("SELECT count(*) AS n, sum(records) AS records FROM golden.profiles");
    let landed = as_analyst(
        "SELECT (SELECT count(*) FROM landing.erp) + (SELECT count(*) FROM landing.web)
              + (SELECT count(*) FROM landing.crm) AS n",
    );
    assert_eq!(profiles[0]["records"], landed[0]["n"]);
}

#[test]
fn what_is_not_granted_is_refused_with_its_own_exit_code() {
    check_refused(&["query", "SELECT 1", "--role", "nobody"], 4, "nobody");
    check_refused(&["query", "SELECT 1", "--role", "analyst", "--purpose", "marketing"], 4, "marketing");
}

#[test]
fn statements_that_write_or_reach_files_are_refused() {
    for sql in [
        "DROP TABLE golden.profiles",
        "CREATE TABLE x AS SELECT 1",
        "COPY golden.profiles TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE SELECT 1",
    ] {
        let ended = published().run(&["query", sql]);
        assert_eq!(ended.code, 2, "{sql}: {}", ended.stderr);
    }
    // No table function or path reaches a file.
    assert_eq!(published().run(&["query", "SELECT * FROM '/etc/passwd'"]).code, 2);
}
