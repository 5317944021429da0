//! Which statements are queries.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use crate::error::EngineError;

/// Refuses what is no query, by its first word.
///
/// `EXPLAIN ANALYZE` is refused too: it prints the bounds that operators found
/// while running, and a bound of a sort is a value of the column.
///
/// # Errors
/// [`EngineError::NotAQuery`].
pub(super) fn check_statement(statement: &Statement) -> Result<(), EngineError> {
    match statement {
        Statement::Statement(statement) => check_sql_statement(statement),
        Statement::Explain(explain) if explain.options.analyze => Err(not_a_query("EXPLAIN ANALYZE")),
        Statement::Explain(explain) => check_statement(&explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {
            Err(not_a_query(first_word(&statement.to_string())))
        }
    }
}

/// Refuses a plan that would change anything, wherever in it that stands:
/// `SELECT … INTO` and `WITH … INSERT` start as queries do.
///
/// # Errors
/// [`EngineError::NotAQuery`].
pub(super) fn check_plan(plan: &LogicalPlan) -> Result<(), EngineError> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Ddl(statement) => Some(statement.name().to_owned()),
            LogicalPlan::Dml(statement) => Some(statement.op.to_string()),
            LogicalPlan::Statement(statement) => Some(statement.name().to_owned()),
            LogicalPlan::Copy(_) => Some("COPY".to_owned()),
            LogicalPlan::Analyze(_) => Some("EXPLAIN ANALYZE".to_owned()),
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Ok(TreeNodeRecursion::Stop)
    })
    .map_err(|cause| EngineError::query(&cause))?;
    match refused {
        None => Ok(()),
        Some(statement) => Err(EngineError::NotAQuery { statement }),
    }
}

fn check_sql_statement(statement: &SqlStatement) -> Result<(), EngineError> {
    match statement {
        SqlStatement::Query(_)
        | SqlStatement::ExplainTable { .. }
        | SqlStatement::ShowTables { .. }
        | SqlStatement::ShowColumns { .. }
        | SqlStatement::ShowFunctions { .. }
        | SqlStatement::ShowVariable { .. } => Ok(()),
        SqlStatement::Explain { analyze: true, .. } => Err(not_a_query("EXPLAIN ANALYZE")),
        SqlStatement::Explain { options: Some(options), .. }
            if options.iter().any(|option| option.name.value.eq_ignore_ascii_case("analyze")) =>
        {
            Err(not_a_query("EXPLAIN ANALYZE"))
        }
        SqlStatement::Explain { statement, .. } => check_sql_statement(statement),
        other => Err(not_a_query(first_word(&other.to_string()))),
    }
}

fn not_a_query(statement: &str) -> EngineError {
    EngineError::NotAQuery { statement: statement.to_owned() }
}

fn first_word(statement: &str) -> &str {
    statement.split_whitespace().next().unwrap_or_default()
}
