//! Ways around the policy, and what comes of each.

use super::fixture::{Fixture, reader};
use crate::error::EngineError;

/// What must come of a trick.
#[derive(Debug, Clone, Copy)]
enum Comes {
    /// No query: refused by this word.
    Refused(&'static str),
    /// There is no such thing for this role; the error names it.
    Absent(&'static str),
    /// It fails while it runs, and says of what kind the failure is.
    Fails,
    /// So many rows, none of which holds a value that the role may not see.
    Rows(usize),
}

use Comes::{Absent, Fails, Refused, Rows};

/// Values of the fixture, and what the statements below ask for by value.
const VALUES: [&str; 10] = [
    "Quill",
    "Oake",
    "zoe@",
    "marin@",
    "quill.example",
    "1985-12-31",
    "+33600000000",
    "Lovelace",
    "ada@",
    "0612345678",
];

/// Nothing personal is open to these readers, or the statement could not be answered anyhow.
const CLOSED: &[(&str, Comes)] = &[
    // Columns outside the grant are not there, wherever they are asked for.
    ("SELECT family_name FROM profiles", Absent("family_name")),
    ("SELECT p.email FROM (SELECT * FROM profiles) p", Absent("email")),
    ("WITH p AS (SELECT * FROM profiles) SELECT email FROM p", Absent("email")),
    (
        "WITH RECURSIVE p AS (SELECT email FROM profiles UNION ALL SELECT email FROM p) SELECT * FROM p",
        Absent("email"),
    ),
    ("SELECT (SELECT max(email) FROM profiles)", Absent("email")),
    ("SELECT country FROM profiles UNION SELECT email FROM profiles", Absent("email")),
    ("SELECT country FROM profiles EXCEPT SELECT family_name FROM profiles", Absent("family_name")),
    ("SELECT country FROM profiles ORDER BY family_name", Absent("family_name")),
    ("SELECT count(*) FROM profiles GROUP BY birth_date", Absent("birth_date")),
    ("SELECT count(*) OVER (PARTITION BY birth_date) FROM profiles", Absent("birth_date")),
    ("SELECT count(*) FROM profiles HAVING min(email) = 'ada@lovelace.example'", Absent("email")),
    ("SELECT count(*) FROM profiles p JOIN landing.shop s ON p.email = s.email", Absent("email")),
    (
        "SELECT count(*) FROM profiles p WHERE EXISTS (SELECT 1 FROM landing.shop s WHERE s.email = 'ada@x')",
        Absent("email"),
    ),
    ("SELECT CASE WHEN email LIKE 'ada@%' THEN 1 END FROM profiles", Absent("email")),
    ("SELECT CAST(email AS INT) FROM profiles", Absent("email")),
    ("SELECT * EXCEPT (country), email FROM profiles", Absent("email")),
    // What is asked for by value is not repeated, even where the question is malformed.
    ("SELECT count(*) FROM profiles WHERE email = 'ada@lovelace.example'", Absent("email")),
    ("SELECT count(*) FROM profiles WHERE family_name IN ('Lovelace', 'Quill')", Absent("family_name")),
    ("SELECT count(*) FROM profiles WHERE mobile = 0612345678", Absent("mobile")),
    ("SELECT count(*) FROM profiles WHERE country = \"ada@lovelace.example\"", Absent("…")),
    ("SELECT nothing FROM (SELECT 'Lovelace' FROM profiles)", Absent("nothing")),
    ("SELECT nothing FROM (SELECT $$Lovelace$$, E'ada@', N'Quill')", Absent("Unsupported")),
    ("SELECT count(*) FROM profiles WHERE country = 'Lovelace' ORDER nothing", Absent("ORDER")),
    ("SELECT 'Lovelace' + 'ada@lovelace.example' FROM nothing", Absent("not found")),
    ("SELECT substr('Lovelace', 'ada@x', 'Quill', 4)", Absent("")),
    ("SELECT CAST('Lovelace' AS INT)", Fails),
    ("SELECT CAST(lower('LOVELACE') || 'ada@' AS TIMESTAMP)", Fails),
    // What is stored is not there by its stored name either.
    ("SELECT sealed_identifier FROM profiles", Absent("sealed_identifier")),
    ("SELECT key_page FROM landing.shop", Absent("key_page")),
    ("SELECT record_tag FROM landing.shop", Absent("record_tag")),
    ("SELECT sealed_row FROM landing.quarantine", Absent("sealed_row")),
    ("SELECT * FROM golden.\"profiles\".\"sealed_contact\"", Absent("not found")),
    // What describes tables describes them as they are for this role.
    (
        "SELECT * FROM information_schema.columns WHERE column_name IN ('email', 'family_name', 'key_page')",
        Rows(0),
    ),
    (
        "SELECT * FROM information_schema.columns WHERE column_name LIKE 'sealed%' OR column_name LIKE '%\\_tag'",
        Rows(0),
    ),
    ("SELECT * FROM information_schema.views WHERE definition IS NOT NULL", Rows(0)),
    ("DESCRIBE golden.profiles", Rows(16)),
    ("SHOW COLUMNS FROM golden.profiles", Rows(16)),
    ("SHOW CREATE TABLE golden.profiles", Refused("SHOW")),
    // Plans show operators, and values of the statement to nobody.
    ("EXPLAIN SELECT email FROM profiles", Absent("email")),
    ("EXPLAIN SELECT count(*) FROM profiles WHERE country = 'Lovelace'", Rows(2)),
    (
        "EXPLAIN VERBOSE SELECT country = 'Lovelace', 'ada@' || lower('QUILL') FROM profiles GROUP BY country",
        Rows(30),
    ),
    ("EXPLAIN FORMAT TREE SELECT * FROM profiles WHERE country IN ('Lovelace', 'Quill')", Rows(1)),
    ("EXPLAIN FORMAT PGJSON SELECT * FROM profiles WHERE country LIKE '%Lovelace%'", Rows(1)),
    ("EXPLAIN FORMAT GRAPHVIZ SELECT * FROM profiles WHERE records = 0612345678", Rows(1)),
    ("EXPLAIN SELECT * FROM (VALUES ('Lovelace'), ('Quill')) v JOIN profiles ON column1 = country", Rows(2)),
    ("EXPLAIN SELECT 'Lovelace' AS a, count(*) FROM profiles GROUP BY country = 'Quill'", Rows(2)),
    ("EXPLAIN SELECT * FROM profiles WHERE customer_since < '1985-12-31' LIMIT 3", Rows(2)),
    (
        "EXPLAIN SELECT date_trunc('month', created_at) FROM profiles WHERE created_at > TIMESTAMP '1985-12-31T10:00:00Z' - INTERVAL '2 months'",
        Rows(2),
    ),
    ("EXPLAIN ANALYZE SELECT count(*) FROM profiles", Refused("EXPLAIN ANALYZE")),
    ("EXPLAIN ANALYZE VERBOSE SELECT count(*) FROM profiles", Refused("EXPLAIN ANALYZE")),
    ("EXPLAIN (ANALYZE) SELECT count(*) FROM profiles", Refused("EXPLAIN ANALYZE")),
    ("EXPLAIN DROP TABLE golden.profiles", Refused("DROP")),
    ("EXPLAIN EXPLAIN ANALYZE SELECT 1", Refused("EXPLAIN ANALYZE")),
    // Nothing but queries.
    ("INSERT INTO golden.profiles SELECT * FROM golden.profiles", Refused("INSERT")),
    ("WITH p AS (SELECT 1) INSERT INTO golden.profiles SELECT 'Lovelace' FROM p", Absent("not implemented")),
    ("DELETE FROM golden.profiles", Refused("DELETE")),
    ("UPDATE golden.profiles SET country = 'GB'", Refused("UPDATE")),
    ("DROP TABLE golden.profiles", Refused("DROP")),
    ("CREATE VIEW v AS SELECT * FROM golden.profiles", Refused("CREATE")),
    ("CREATE OR REPLACE VIEW golden.profiles AS SELECT 1", Refused("CREATE")),
    ("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc'", Refused("CREATE")),
    ("CREATE TABLE t AS SELECT 1", Refused("CREATE")),
    ("CREATE FUNCTION f(INT) RETURNS INT RETURN $1", Refused("CREATE")),
    ("SELECT 1 AS one INTO t", Refused("CreateMemoryTable")),
    ("COPY golden.profiles TO 'out.parquet'", Refused("COPY")),
    ("COPY (SELECT 'Lovelace') TO 'out.csv'", Refused("COPY")),
    ("SET datafusion.catalog.information_schema = false", Refused("SET")),
    ("SET datafusion.explain.analyze_level = 'dev'", Refused("SET")),
    ("RESET datafusion.catalog.information_schema", Refused("RESET")),
    ("PREPARE p AS SELECT * FROM profiles WHERE email = 'ada@'", Refused("PREPARE")),
    ("EXECUTE p('Lovelace')", Refused("EXECUTE")),
    ("DEALLOCATE p", Refused("DEALLOCATE")),
    ("BEGIN", Refused("BEGIN")),
    ("USE golden", Refused("USE")),
    ("SELECT 1; SELECT 2", Absent("")),
    ("SELECT FROM WHERE", Absent("")),
    // No path, and no function, reaches a file.
    ("SELECT * FROM '/etc/passwd'", Absent("not found")),
    ("SELECT * FROM \"vermeil.json\"", Absent("not found")),
    ("SELECT * FROM read_parquet('x.parquet')", Absent("")),
    ("SELECT * FROM read_csv('/etc/passwd')", Absent("")),
    ("SELECT pg_read_file('/etc/passwd')", Absent("")),
    ("SELECT load_extension('x')", Absent("")),
    ("SELECT version FROM landing.shop, LATERAL (SELECT email)", Absent("email")),
];

/// The reader may open the column; the failure says nothing of what it holds.
const OPEN: &[(&str, Comes)] = &[
    ("SELECT CAST(family_name AS INT) FROM profiles", Fails),
    ("SELECT CAST(email AS TIMESTAMP) FROM profiles", Fails),
    ("SELECT CAST((SELECT min(family_name) FROM profiles) AS INT)", Fails),
    ("SELECT arrow_cast(family_name, 'Int8') FROM profiles", Fails),
    ("SELECT to_timestamp(family_name) FROM profiles", Fails),
    ("SELECT to_date(family_name, '%Y') FROM profiles", Fails),
    ("SELECT regexp_like('x', family_name || '(') FROM profiles", Fails),
    ("SELECT regexp_replace(family_name, '(', email) FROM profiles", Fails),
    ("SELECT 1 / (length(family_name) - length(family_name)) FROM profiles", Fails),
    ("SELECT CAST(length(family_name) * 100 AS TINYINT) FROM profiles", Fails),
    ("SELECT 9223372036854775807 * length(family_name) FROM profiles", Rows(2)),
    ("SELECT date_trunc(family_name, created_at) FROM profiles", Fails),
    ("SELECT country FROM profiles WHERE family_name = (SELECT family_name FROM profiles)", Fails),
    (
        "SELECT count(*) FROM profiles a JOIN profiles b ON a.profile_id = b.profile_id
         WHERE CAST(a.email AS INT) > 1 OR CAST(a.family_name AS INT) > 1",
        Fails,
    ),
    ("EXPLAIN SELECT * FROM profiles WHERE email = 'ada@lovelace.example'", Rows(2)),
    (
        "EXPLAIN VERBOSE SELECT * FROM profiles WHERE birth_date < '1985-12-31' OR lower(email) = 'ada@'",
        Rows(30),
    ),
    ("EXPLAIN SELECT max(family_name) FROM profiles HAVING max(family_name) > 'Lovelace'", Rows(2)),
    (
        "EXPLAIN SELECT * FROM profiles a JOIN profiles b ON a.email = b.email AND b.mobile = '0612345678'",
        Rows(2),
    ),
];

#[tokio::test]
async fn no_trick_shows_what_the_grant_does_not_cover() {
    let fixture = Fixture::published().await;
    let closed = CLOSED.iter().map(|trick| (reader("analyst", None), trick));
    let open = OPEN.iter().map(|trick| (reader("officer", Some("audit")), trick));
    let mut wrong = Vec::new();
    for (reader, (sql, expected)) in closed.chain(open) {
        let came = fixture.rows(&reader, sql).await;
        let told = match &came {
            Ok(rows) => rows.join("\n"),
            Err(error) => format!("{error} {error:?}"),
        };
        if let Some(value) = VALUES.iter().find(|value| told.contains(**value)) {
            wrong.push(format!("{sql}\n  tells {value}: {told}"));
        }
        let as_expected = match (expected, &came) {
            (Refused(word), Err(EngineError::NotAQuery { statement })) => statement == word,
            (Absent(name), Err(EngineError::Sql { message, .. })) => message.contains(name),
            (Fails, Err(EngineError::Query { .. })) => true,
            // What a plan is made of changes with the optimiser.
            (Rows(rows), Ok(came)) => came.len() == *rows || (*rows >= 30 && came.len() >= 30),
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{sql}\n  expected {expected:?}, came {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_closed_is_opened_by_trying() {
    let fixture = Fixture::published().await;
    for (sql, _) in CLOSED {
        drop(fixture.rows(&reader("analyst", None), sql).await);
    }
    assert_eq!(fixture.audited().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_without_values_is_still_a_plan() {
    let fixture = Fixture::published().await;
    let sql = "EXPLAIN SELECT count(*) FROM profiles WHERE country = 'Lovelace' AND records = 2";
    let plan = fixture.rows(&reader("analyst", None), sql).await.unwrap().join("\n");
    for part in ["FilterExec", "country@", "= …", "= 2", "OpenExec: plain=["] {
        assert!(plan.contains(part), "{part} is not in {plan}");
    }
}

#[tokio::test]
async fn a_statement_that_is_no_plan_keeps_its_values() {
    let fixture = Fixture::published().await;
    fixture.check(&reader("analyst", None), "SELECT 'Lovelace', 0612345678", &["Lovelace|612345678"]).await;
}
