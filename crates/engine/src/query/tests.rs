use super::*;

mod fixture;
mod sessions;
#[cfg(target_os = "linux")]
mod spilling;
mod tricks;

use fixture::{Fixture, reader};

/// The columns of `golden.profiles` that are nobody's secret.
const PLAIN: [&str; 14] = [
    "profile_id",
    "records",
    "sources",
    "created_at",
    "updated_at",
    "merge_risk",
    "publication",
    "party_kind",
    "country",
    "language",
    "party_role",
    "marketing_opt_in",
    "customer_since",
    "active",
];

#[tokio::test]
async fn each_role_sees_the_fields_of_its_classes_and_no_others() {
    let fixture = Fixture::published().await;
    let cases = [
        ("analyst", None, [false; 4]),
        ("agent", None, [false; 4]),
        ("agent", Some("customer_care"), [true, true, false, false]),
        ("agent", Some("marketing"), [false, true, false, false]),
        ("officer", Some("audit"), [true; 4]),
        ("officer", Some("statistics"), [false, false, true, false]),
    ];
    for (role, purpose, [identifier, contact, demographic, sensitive]) in cases {
        let schema = fixture
            .engine
            .query("SELECT * FROM profiles", &reader(role, purpose))
            .await
            .unwrap()
            .schema
            .clone();
        let seen: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let case = format!("{role} for {purpose:?}");
        assert!(PLAIN.iter().all(|name| seen.contains(name)), "{case} misses a plain column of {seen:?}");
        for (name, expected) in [
            ("family_name", identifier),
            ("email", contact),
            ("birth_date", demographic),
            ("notes", sensitive),
        ] {
            assert_eq!(seen.contains(&name), expected, "{case}: {name}");
        }
        for (name, opened) in [("postal_code_department", contact), ("birth_date_age_band", demographic)] {
            assert_eq!(seen.contains(&name), !opened, "{case}: {name} stands for what is not opened");
        }
        assert_eq!(seen.contains(&"key_page"), role == "officer", "{case}: where keys lie");
        if [identifier, contact, demographic, sensitive] == [false; 4] {
            assert_eq!(seen.len(), PLAIN.len() + 2, "{case} sees more than plain columns: {seen:?}");
        }
        let internal = ["sealed_", "key_slot", "_tag", "fingerprint", "args", "pseudonym"];
        assert!(
            !seen.iter().any(|name| internal.iter().any(|part| name.contains(part))),
            "{case} sees an internal column of {seen:?}"
        );
    }
}

#[tokio::test]
async fn opened_values_come_as_typed_columns() {
    let fixture = Fixture::published().await;
    fixture
        .check(
            &reader("officer", Some("audit")),
            "SELECT family_name, birth_date, birth_date < DATE '1990-01-01' AS older, email, country
             FROM golden.profiles ORDER BY family_name",
            &["Oake|2001-02-03|false||FR", "Quill|1985-12-31|true|zoe@quill.example|FR"],
        )
        .await;
}

#[tokio::test]
async fn counting_without_any_column_works() {
    let fixture = Fixture::published().await;
    fixture.check(&reader("analyst", None), "SELECT count(*) FROM profiles", &["2"]).await;
    fixture.check(&reader("analyst", None), "SELECT count(*) FROM landing.shop", &["2"]).await;
}

#[tokio::test]
async fn a_destroyed_key_leaves_nulls_and_a_row() {
    let fixture = Fixture::published().await;
    fixture.destroy_key_of_oake().await;
    fixture
        .check(
            &reader("officer", Some("audit")),
            "SELECT family_name, country FROM profiles ORDER BY family_name",
            &["Quill|FR", "|FR"],
        )
        .await;
}

#[tokio::test]
async fn generalised_values_are_shown_where_the_value_is_not_and_die_with_the_key() {
    let fixture = Fixture::published().await;
    let sql = "SELECT records, birth_date_age_band FROM profiles ORDER BY records";
    for (role, purpose) in [("analyst", None), ("agent", Some("marketing")), ("officer", None)] {
        fixture.check(&reader(role, purpose), sql, &["1|35-44", "2|35-44"]).await;
    }
    assert_eq!(fixture.audited().await, Vec::<String>::new(), "nothing is opened for it");
    fixture.destroy_key_of_oake().await;
    fixture.check(&reader("analyst", None), sql, &["1|", "2|35-44"]).await;
}

#[tokio::test]
async fn landing_shows_the_current_version_of_each_record() {
    let fixture = Fixture::published().await;
    // Version 2 landed last, but version 1 was observed after it.
    fixture
        .check(
            &reader("officer", Some("audit")),
            "SELECT family_name, version, email FROM landing.shop ORDER BY family_name",
            &["Oake|2|marin@oake.example", "Quill|1|zoe@quill.example"],
        )
        .await;
}

#[tokio::test]
async fn whoever_may_see_identifiers_sees_ids_and_others_see_pseudonyms_that_join() {
    let fixture = Fixture::published().await;
    let joined = "SELECT count(*) FROM golden.profiles p
        JOIN golden.members m ON m.profile_id = p.profile_id
        JOIN landing.shop s ON s.record_id = m.record_id";
    let ids = "SELECT profile_id FROM profiles ORDER BY country, sources";
    let mut seen = Vec::new();
    for (role, purpose) in [
        ("analyst", None),
        ("agent", Some("marketing")),
        ("officer", Some("statistics")),
        ("officer", Some("audit")),
    ] {
        let reader = reader(role, purpose);
        fixture.check(&reader, joined, &["2"]).await;
        let rows = fixture.rows(&reader, ids).await.unwrap();
        let are_ids = rows.iter().all(|id| id.parse::<vermeil_model::ProfileId>().is_ok());
        assert_eq!(are_ids, purpose == Some("audit"), "{role} for {purpose:?}: {rows:?}");
        seen.extend(rows);
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count, "two domains share a name for a profile");
}

#[tokio::test]
async fn the_information_schema_names_what_the_role_sees() {
    let fixture = Fixture::published().await;
    let sql = "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema <> 'information_schema'";
    let columns = fixture.rows(&reader("agent", Some("marketing")), sql).await.unwrap();
    assert!(columns.contains(&"golden.profiles.email".to_owned()));
    assert!(columns.contains(&"landing.quarantine.code".to_owned()));
    assert!(columns.contains(&"resolved.links.weight_bits".to_owned()));
    for hidden in ["family_name", "birth_date", "notes"] {
        assert!(!columns.iter().any(|column| column.ends_with(hidden)), "{hidden} is named");
    }
    for hidden in ["sealed", "key_page", "_tag", "fingerprint", "args", "pseudonym"] {
        assert!(!columns.iter().any(|column| column.contains(hidden)), "{hidden} is named");
    }
    assert_eq!(fixture.audited().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_error_while_planning_quotes_the_query() {
    let fixture = Fixture::published().await;
    let error =
        fixture.rows(&reader("analyst", None), "SELECT nickname FROM profiles").await.expect_err("unknown");
    assert!(error.to_string().contains("nickname"), "{error}");
}

#[tokio::test]
async fn a_plan_shows_operators_and_opens_nothing() {
    let fixture = Fixture::published().await;
    let sql = "EXPLAIN SELECT family_name FROM profiles WHERE country = 'FR' ORDER BY family_name LIMIT 1";
    let plan = fixture.rows(&reader("officer", Some("audit")), sql).await.unwrap().join("\n");
    assert!(plan.contains("OpenExec: plain=[country], pseudonyms=[], opened=[family_name]"), "{plan}");
    assert!(!plan.contains("Quill") && !plan.contains("Oake"), "{plan}");
    assert_eq!(fixture.audited().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_asked_for_is_neither_opened_nor_audited() {
    let fixture = Fixture::published().await;
    let officer = reader("officer", Some("audit"));
    fixture.check(&officer, "SELECT country FROM profiles WHERE records = 1", &["FR"]).await;
    assert_eq!(fixture.audited().await, Vec::<String>::new());
    fixture.check(&officer, "SELECT email FROM profiles WHERE records = 2", &["zoe@quill.example"]).await;
    assert_eq!(fixture.audited().await, ["golden.profiles contact 2 rows 1 pages done"]);
}

#[tokio::test]
async fn no_more_rows_are_opened_than_are_taken() {
    let fixture = Fixture::published().await;
    let officer = reader("officer", Some("audit"));
    for table in ["golden.profiles", "landing.shop"] {
        let rows = fixture.rows(&officer, &format!("SELECT family_name FROM {table} LIMIT 1")).await.unwrap();
        assert_eq!(rows.len(), 1, "{table}");
    }
    assert_eq!(
        fixture.audited().await,
        ["golden.profiles identifier 1 rows 1 pages done", "landing.shop identifier 1 rows 1 pages done"]
    );
}

#[tokio::test]
async fn tables_and_their_columns_can_be_listed() {
    let fixture = Fixture::published().await;
    let agent = reader("agent", Some("marketing"));
    let tables = fixture.rows(&agent, "SHOW TABLES").await.unwrap();
    assert!(tables.contains(&"vermeil|landing|quarantine|BASE TABLE".to_owned()), "{tables:?}");
    let columns = fixture.rows(&agent, "DESCRIBE golden.profiles").await.unwrap();
    assert!(columns.contains(&"email|Utf8|YES".to_owned()), "{columns:?}");
    assert!(!columns.iter().any(|column| column.starts_with("family_name")), "{columns:?}");
    let plan = fixture.rows(&agent, "EXPLAIN FORMAT TREE SELECT email FROM landing.shop").await.unwrap();
    assert!(plan.join("").contains("OpenExec"), "{plan:?}");
}

#[tokio::test]
async fn one_entry_names_all_that_a_query_opens_of_a_table() {
    let fixture = Fixture::published().await;
    let sql = "SELECT count(a.email), count(b.birth_date), count(s.notes) FROM profiles a
        JOIN profiles b ON a.profile_id = b.profile_id, landing.shop s";
    fixture.check(&reader("officer", Some("audit")), sql, &["2|4|0"]).await;
    assert_eq!(
        fixture.audited().await,
        [
            "golden.profiles contact,demographic 4 rows 1 pages done",
            "landing.shop sensitive 2 rows 1 pages done"
        ]
    );
}

#[tokio::test]
async fn an_answer_that_is_dropped_is_audited_as_cut_short() {
    let fixture = Fixture::published().await;
    let mut result =
        fixture.engine.query("SELECT email FROM profiles", &reader("officer", Some("audit"))).await.unwrap();
    assert!(result.next().await.is_some());
    drop(result);
    for _ in 0..100 {
        if !fixture.audited().await[0].ends_with("under way") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(fixture.audited().await, ["golden.profiles contact 2 rows 1 pages failed"]);
}

#[tokio::test]
async fn a_damaged_value_ends_the_query_and_is_audited() {
    let fixture = Fixture::damaged().await;
    let officer = reader("officer", Some("audit"));
    let error = fixture.rows(&officer, "SELECT email FROM profiles").await.expect_err("a bit was flipped");
    assert!(matches!(&error, EngineError::DamagedValue { table } if table == "golden.profiles"), "{error}");
    assert_eq!(fixture.audited().await, ["golden.profiles contact 0 rows 0 pages failed"]);
    // The other classes are whole.
    fixture.check(&officer, "SELECT count(family_name) FROM profiles", &["2"]).await;
}

#[tokio::test]
async fn before_the_first_publication_every_table_is_there_and_empty() {
    let fixture = Fixture::empty().await;
    let officer = reader("officer", Some("audit"));
    for table in
        ["golden.profiles", "golden.members", "golden.history", "golden.provenance", "resolved.links"]
            .into_iter()
            .chain(["landing.shop", "landing.clicks", "landing.quarantine"])
    {
        fixture.check(&officer, &format!("SELECT count(*) FROM {table}"), &["0"]).await;
    }
    fixture.check(&officer, "SELECT family_name, birth_date FROM profiles", &[]).await;
}

#[tokio::test]
async fn who_may_not_even_read_identifiers_sees_no_pseudonyms() {
    let fixture = Fixture::published().await;
    let counter = reader("counter", None);
    let seen = fixture.rows(&counter, "DESCRIBE golden.profiles").await.unwrap();
    assert!(seen.iter().any(|column| column.starts_with("country|")), "{seen:?}");
    assert!(!seen.iter().any(|column| column.starts_with("profile_id|")), "{seen:?}");
    fixture.check(&counter, "SELECT count(*) FROM golden.members", &["2"]).await;
    let error = fixture.rows(&counter, "SELECT record_id FROM landing.shop").await.expect_err("not read");
    assert!(matches!(error, EngineError::Sql { .. }), "{error}");
}

#[tokio::test]
async fn an_undeclared_role_and_an_ungranted_purpose_are_denied() {
    let fixture = Fixture::empty().await;
    for (role, purpose) in [("root", None), ("analyst", Some("marketing"))] {
        let denied = fixture.rows(&reader(role, purpose), "SELECT 1").await;
        assert!(matches!(denied, Err(EngineError::Denied(_))), "{role}");
    }
}

#[tokio::test]
async fn the_audit_log_is_a_table_to_those_who_audit_and_to_nobody_else() {
    let fixture = Fixture::published().await;
    let agent = reader("agent", Some("marketing"));
    fixture.check(&agent, "SELECT count(email) FROM profiles", &["1"]).await;
    fixture.check(&agent, "SELECT count(email) FROM landing.shop", &["2"]).await;
    let officer = reader("officer", Some("audit"));
    fixture
        .check(
            &officer,
            "SELECT actor, role, purpose, action, table_name, classes, status, rows, key_pages
             FROM audit.openings ORDER BY entry",
            &[
                "tester|agent|marketing|query|golden.profiles|contact|done|2|1",
                "tester|agent|marketing|query|landing.shop|contact|done|2|1",
            ],
        )
        .await;
    for (role, purpose) in [("analyst", None), ("agent", Some("marketing")), ("agent", None)] {
        let reader = reader(role, purpose);
        for sql in
            ["SELECT * FROM audit.openings", "SELECT * FROM audit.key_pages", "SELECT key_page FROM profiles"]
        {
            let refused = fixture.rows(&reader, sql).await;
            assert!(matches!(refused, Err(EngineError::Sql { .. })), "{role}: {sql}");
        }
        let listed = fixture.rows(&reader, "SHOW TABLES").await.unwrap();
        assert!(!listed.iter().any(|table| table.contains("|audit|")), "{role}: {listed:?}");
        let filter = vermeil_audit::OpeningFilter::default();
        let denied = fixture.engine.audit_openings(&reader, filter).await;
        assert!(matches!(denied, Err(EngineError::AuditDenied { .. })), "{role}");
    }
    assert_eq!(fixture.audited().await.len(), 2, "reading the log opens nothing");
}

#[tokio::test]
async fn who_saw_whom_is_one_query() {
    let fixture = Fixture::published().await;
    let agent = reader("agent", Some("customer_care"));
    fixture.check(&agent, "SELECT count(family_name) FROM profiles", &["2"]).await;
    let sql = "SELECT DISTINCT o.actor, o.role, p.profile_id, p.country
        FROM audit.openings o
        JOIN audit.key_pages k ON k.entry = o.entry
        JOIN golden.profiles p ON p.key_page BETWEEN k.first_page AND k.last_page
        WHERE o.table_name = 'golden.profiles' AND p.records = 2";
    let rows = fixture.rows(&reader("officer", Some("audit")), sql).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("tester|agent|"), "{rows:?}");
}

#[tokio::test]
async fn where_the_audit_log_cannot_be_written_nothing_is_opened() {
    let fixture = Fixture::published().await;
    let officer = reader("officer", Some("audit"));
    let folder = fixture.audit_folder();
    // A file where the folder should be: permissions would not stop root.
    std::fs::write(&folder, "").unwrap();
    let refused =
        fixture.rows(&officer, "SELECT email FROM profiles").await.expect_err("no audit, no opening");
    assert!(matches!(refused, EngineError::Audit(_)), "{refused}");
    fixture.check(&officer, "SELECT country FROM profiles WHERE records = 1", &["FR"]).await;
    std::fs::remove_file(&folder).unwrap();
    fixture.check(&officer, "SELECT count(*), count(email) FROM profiles", &["2|1"]).await;
    assert_eq!(fixture.audited().await, ["golden.profiles contact 2 rows 1 pages done"]);
}
