//! Statements that others parsed, understood in a session of their own.

use std::sync::Arc;

use datafusion::catalog::SchemaProvider;
use datafusion::error::Result as DataFusionResult;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::fixture::{Fixture, reader};
use super::*;

/// Adds nothing.
struct Plain;

impl SessionExtension for Plain {
    fn schemas(&self, _tables: &VisibleTables) -> Vec<(String, Arc<dyn SchemaProvider>)> {
        Vec::new()
    }

    fn register(&self, _context: &SessionContext) -> DataFusionResult<()> {
        Ok(())
    }
}

fn parsed(sql: &str) -> Statement {
    Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0)
}

async fn session(fixture: &Fixture) -> ReadingSession {
    fixture.engine.reading_session(&reader("officer", Some("audit")), &Plain).await.unwrap()
}

async fn count(fixture: &Fixture, sql: &str, parameters: Vec<ScalarValue>) -> Result<usize, EngineError> {
    let session = session(fixture).await;
    let understood = session.understand(sql, parsed(sql)).await?;
    let mut answer = session.answer(understood, parameters).await?;
    let mut rows = 0;
    while let Some(batch) = answer.next().await {
        rows += batch?.num_rows();
    }
    Ok(rows)
}

#[tokio::test]
async fn understanding_tells_columns_and_opens_nothing() {
    let fixture = Fixture::published().await;
    let session = session(&fixture).await;
    let sql = "SELECT family_name FROM profiles WHERE email = $1 AND records > $2";
    let understood = session.understand(sql, parsed(sql)).await.unwrap();
    assert_eq!(understood.plan().schema().field_names(), ["vermeil.golden.profiles.family_name"]);
    assert_eq!(understood.plan().get_parameter_types().unwrap().len(), 2);
    assert_eq!(fixture.audited().await, Vec::<String>::new());
}

#[tokio::test]
async fn placeholders_take_what_is_given() {
    let fixture = Fixture::published().await;
    let sql = "SELECT family_name FROM profiles WHERE email = $1";
    let given = |email: &str| vec![ScalarValue::from(email)];
    assert_eq!(count(&fixture, sql, given("zoe@quill.example")).await.unwrap(), 1);
    assert_eq!(count(&fixture, sql, given("nobody@quill.example")).await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_parameter_holds_is_told_in_no_error_and_no_plan() {
    let fixture = Fixture::published().await;
    for sql in ["SELECT $1::int FROM profiles", "EXPLAIN SELECT * FROM profiles WHERE email = $1"] {
        let parameters = vec![ScalarValue::from("zoe@quill.example")];
        let error = count(&fixture, sql, parameters).await.expect_err(sql);
        assert!(!error.to_string().contains("zoe@"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_statement_of_another_parser_is_checked_and_explained_like_any() {
    let fixture = Fixture::published().await;
    for sql in
        ["EXPLAIN ANALYZE SELECT 1", "EXPLAIN (ANALYZE) SELECT 1", "SELECT 1 INTO t", "DROP TABLE profiles"]
    {
        let refused = count(&fixture, sql, Vec::new()).await;
        assert!(matches!(refused, Err(EngineError::NotAQuery { .. })), "{sql}");
    }
    let session = session(&fixture).await;
    let sql = "EXPLAIN SELECT * FROM profiles WHERE family_name = 'Lovelace'";
    let understood = session.understand(sql, parsed(sql)).await.unwrap();
    let plan = understood.plan().display_indent().to_string();
    let mut answer = session.answer(understood, Vec::new()).await.unwrap();
    let batch = answer.next().await.unwrap().unwrap();
    let told = format!("{plan} {:?}", batch.column(1));
    assert!(told.contains("family_name") && !told.contains("Lovelace"), "{told}");
}

#[tokio::test]
async fn tables_are_listed_as_the_reader_sees_them() {
    let fixture = Fixture::published().await;
    let view = Arc::new(View::of(&fixture.engine, &reader("agent", Some("marketing"))).await.unwrap());
    let tables = VisibleTables::over(view);
    let names = tables.names();
    assert!(names.contains(&("golden".to_owned(), "profiles".to_owned())), "{names:?}");
    assert!(!names.iter().any(|(schema, _)| schema == "audit"), "{names:?}");
    let columns = tables.columns("golden", "profiles").await.unwrap().unwrap();
    assert!(columns.field_with_name("email").is_ok() && columns.field_with_name("birth_date").is_err());
    assert!(tables.columns("golden", "nothing").await.unwrap().is_none());
}
