//! What psql lists.

use super::service::Service;

#[track_caller]
fn psql(actor: &str, purpose: &str, command: &str) -> Option<String> {
    let output = Service::shared().psql(actor, purpose)?.args(["-c", command]).output().expect("psql starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command}: {told}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn psql_lists_schemas_tables_and_the_columns_that_the_role_sees() {
    let Some(tables) = psql("agent-p", "customer_care", "\\dt golden.*") else { return };
    assert!(tables.contains("golden|profiles|table"), "{tables}");
    let schemas = psql("agent-p", "customer_care", "\\dn").expect("installed");
    for schema in ["golden", "landing", "resolved"] {
        assert!(schemas.contains(schema), "{schemas}");
    }
    assert!(!schemas.contains("audit"), "the trail is for those who audit: {schemas}");
    assert!(psql("dpo-p", "data_subject_rights", "\\dn").expect("installed").contains("audit"));

    let columns = psql("agent-p", "customer_care", "\\d golden.profiles").expect("installed");
    assert!(columns.contains("birth_date|date|") && columns.contains("created_at|timestamp with time zone|"));
    assert!(!columns.contains("credit_rating") && !columns.contains("sealed"), "{columns}");
    let columns = psql("analyst-p", "", "\\d golden.profiles").expect("installed");
    assert!(!columns.contains("birth_date|") && columns.contains("birth_date_age_band|text|"), "{columns}");
}

#[test]
fn psql_reads_and_copies_rows() {
    let sql = "SELECT count(family_name) > 50 FROM golden.profiles";
    let Some(answer) = psql("agent-q", "customer_care", sql) else { return };
    assert_eq!(answer.trim(), "t");
    let copied = psql(
        "agent-q",
        "customer_care",
        "\\copy (SELECT country, records FROM golden.profiles) TO STDOUT (FORMAT csv, HEADER)",
    );
    let copied = copied.expect("installed");
    assert!(copied.starts_with("country,records\n") && copied.lines().count() > 50, "{copied}");
}

#[test]
fn the_catalogue_knows_no_passwords_and_no_value_of_a_row() {
    for (sql, nothing) in [
        ("SELECT count(*) FROM pg_authid", "0"),
        ("SELECT count(*) FROM pg_catalog.pg_statistic", "0"),
        ("SELECT count(*) FROM pg_settings WHERE setting LIKE '%vermeil\\_%'", "0"),
        (
            "SELECT count(*) FROM pg_attribute WHERE attname LIKE 'sealed%' OR attname IN ('key_page', 'notes')",
            "0",
        ),
        ("SELECT current_setting('vermeil.purpose')", "customer_care"),
        (
            "SELECT has_table_privilege('golden.profiles', 'SELECT'), has_table_privilege('golden.profiles', 'INSERT')",
            "t|f",
        ),
    ] {
        let Some(answer) = psql("agent-r", "customer_care", sql) else { return };
        assert_eq!(answer.trim(), nothing, "{sql}");
    }
    assert_eq!(Service::shared().opened_by("agent-r"), []);
}
