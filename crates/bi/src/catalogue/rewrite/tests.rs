use super::*;

#[track_caller]
fn check(written: &str, becomes: &str) {
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, written).expect("SQL");
    let statements: Vec<String> =
        parsed.into_iter().map(|parsed| super::statement(parsed).to_string()).collect();
    assert_eq!(statements.join("; "), becomes, "{written}");
}

#[track_caller]
fn check_kept(written: &str) {
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, written).expect("SQL");
    let plain: Vec<String> = parsed.iter().map(ToString::to_string).collect();
    check(written, &plain.join("; "));
}

#[test]
fn what_is_joined_with_keys_has_no_rows() {
    for (written, names) in [
        (
            "SELECT a.attname, i.indkey AS KEYS FROM pg_attribute a JOIN pg_catalog.pg_index i ON true",
            "attname,keys",
        ),
        ("SELECT x.\"N\" FROM (SELECT 1 AS n FROM pg_catalog.pg_constraint) x, golden.profiles", "N"),
        ("WITH k AS (SELECT 1 AS n FROM pg_catalog.pg_index) SELECT n FROM k UNION ALL SELECT 2 FROM k", "n"),
        ("SELECT conname FROM pg_catalog.pg_constraint GROUP BY conname HAVING count(*) > 1", "conname"),
    ] {
        let columns: Vec<String> = names.split(',').map(|name| format!("NULL::TEXT AS \"{name}\"")).collect();
        check(written, &format!("SELECT {} WHERE false", columns.join(", ")));
    }
}

#[test]
fn a_part_without_rows_is_left_out_of_what_has_some() {
    check(
        "SELECT a.attname, (SELECT d.adbin FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid) FROM pg_catalog.pg_attribute a",
        "SELECT a.attname, NULL::TEXT FROM pg_catalog.pg_attribute AS a",
    );
    check(
        "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_index) OR x NOT IN (SELECT oid FROM pg_catalog.pg_trigger)",
        "SELECT 1 FROM t WHERE false OR true",
    );
    check(
        "SELECT t.a FROM t LEFT JOIN (SELECT unnest(indkey) AS k FROM pg_catalog.pg_index) i ON i.k = t.a",
        "SELECT t.a FROM t LEFT JOIN (SELECT NULL::TEXT AS \"k\" WHERE false) i ON i.k = t.a",
    );
}

#[test]
fn what_may_have_rows_is_kept() {
    for written in [
        "SELECT count(*) FROM pg_catalog.pg_index",
        "SELECT 1 + max(oid) FROM pg_catalog.pg_trigger",
        "SELECT c.relname FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON true",
        "SELECT i.oid FROM pg_catalog.pg_index AS i FULL JOIN pg_catalog.pg_class AS c ON true",
        "SELECT oid FROM pg_catalog.pg_index UNION SELECT oid FROM pg_catalog.pg_class",
        "SELECT oid FROM pg_catalog.pg_class EXCEPT SELECT oid FROM pg_catalog.pg_index",
        "SELECT 1 FROM golden.pg_index",
        "SELECT 1 FROM pg_index",
        "WITH pg_k AS (SELECT 1 FROM pg_catalog.pg_class) SELECT 1 FROM pg_k",
        "SELECT conname FROM pg_catalog.pg_constraint GROUP BY ()",
    ] {
        check_kept(written);
    }
}

#[test]
fn columns_that_name_functions_are_compared_with_names() {
    check(
        "SELECT typinput = (SELECT oid FROM pg_catalog.pg_proc WHERE proname = 'pg_catalog.array_in') FROM pg_catalog.pg_type",
        "SELECT typinput = 'array_in' FROM pg_catalog.pg_type",
    );
}

#[test]
fn a_series_among_columns_is_rows() {
    check("SELECT generate_series(1, 3)", "SELECT unnest(generate_series(1, 3)) AS generate_series");
    check_kept("SELECT i FROM generate_series(1, 3) AS s (i)");
}

#[test]
fn a_value_of_the_catalogue_is_one_row() {
    check(
        "SELECT 1 FROM t WHERE a OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.r)",
        "SELECT 1 FROM t WHERE a OR (SELECT max(c.relkind = 'c') FROM pg_catalog.pg_class AS c WHERE c.oid = t.r)",
    );
    check(
        "SELECT 1 FROM pg_catalog.pg_type WHERE typreceive != 0 OR typsend <> 0 OR oid = 0",
        "SELECT 1 FROM pg_catalog.pg_type WHERE typreceive <> '-' OR typsend <> '-' OR oid = 0",
    );
}
