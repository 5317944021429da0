//! Statements that ask for what is never there.
//!
//! There are no keys, indexes, defaults or triggers, so that whatever is joined with them has no rows. Clients ask
//! for them in PostgreSQL's own words (`_pg_expandarray`, `generate_subscripts`, arrays of columns), most of
//! which need no answer then. A part of a statement is left out only where it certainly has no rows.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Ident, JoinOperator, Query, Select, SelectItem, SetExpr, SetOperator,
    Statement, TableFactor, TableWithJoins, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::tables::{EMPTY, SCHEMA};

/// Functions that make a row of no rows.
const AGGREGATES: [&str; 18] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "bool_and",
    "bool_or",
    "every",
    "bit_and",
    "bit_or",
    "stddev",
    "variance",
    "median",
    "first_value",
];
/// Columns that PostgreSQL keeps as numbers of functions, and the catalogue as their names.
const FUNCTION_COLUMNS: [&str; 7] =
    ["typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout", "typanalyze"];
const SERIES: &str = "generate_series";
/// Such a column where there is no function.
const NO_FUNCTION: &str = "-";
const FUNCTION_LOOKUP: &str = "SELECT oid FROM pg_catalog.pg_proc WHERE proname = '";

/// The statement without what has no rows.
pub(crate) fn statement(mut statement: Statement) -> Statement {
    // Neither visitor breaks off.
    let _: ControlFlow<()> = VisitMut::visit(&mut statement, &mut LeaveOut);
    if let Statement::Query(query) = &mut statement
        && has_no_rows(query, &BTreeSet::new())
    {
        leave_out(query);
    }
    statement
}

struct LeaveOut;

impl VisitorMut for LeaveOut {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        match expression {
            Expr::Subquery(query) => {
                if let Some(name) = function_name(query) {
                    *expression = text(name);
                } else if has_no_rows(query, &BTreeSet::new())
                    && let Some(null) = parsed("NULL::text")
                {
                    *expression = null;
                } else if asks_catalogue(query) && query.limit_clause.is_none() {
                    aggregate(query);
                }
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right }
                if names_function(left) && is_zero(right) =>
            {
                **right = text(NO_FUNCTION.to_owned());
            }
            Expr::Exists { subquery, negated } if has_no_rows(subquery, &BTreeSet::new()) => {
                *expression = Expr::Value(ValueWithSpan::from(Value::Boolean(*negated)));
            }
            Expr::InSubquery { subquery, negated, .. } if has_no_rows(subquery, &BTreeSet::new()) => {
                *expression = Expr::Value(ValueWithSpan::from(Value::Boolean(*negated)));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection.iter_mut().for_each(give_rows);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Derived { subquery, .. } = factor
            && has_no_rows(subquery, &BTreeSet::new())
        {
            leave_out(subquery);
        }
        ControlFlow::Continue(())
    }
}

/// A series among columns is rows in PostgreSQL, and a list elsewhere.
fn give_rows(item: &mut SelectItem) {
    if let SelectItem::UnnamedExpr(Expr::Function(function)) = item
        && let [name] = function.name.0.as_slice()
        && name.as_ident().is_some_and(|name| name.value.eq_ignore_ascii_case(SERIES))
        && let Some(expr) = parsed(&format!("unnest({function})"))
    {
        *item = SelectItem::ExprWithAlias { expr, alias: Ident::new(SERIES) };
    }
}

/// Whether a query certainly has no rows; `known` are names of parts that have none.
fn has_no_rows(query: &Query, known: &BTreeSet<String>) -> bool {
    let mut known = known.clone();
    for part in query.with.iter().flat_map(|with| &with.cte_tables) {
        let name = part.alias.name.value.clone();
        match has_no_rows(&part.query, &known) {
            true => known.insert(name),
            // It may stand before one of the same name.
            false => known.remove(&name),
        };
    }
    body_has_no_rows(&query.body, &known)
}

fn body_has_no_rows(body: &SetExpr, known: &BTreeSet<String>) -> bool {
    match body {
        SetExpr::Select(select) => select_has_no_rows(select, known),
        SetExpr::Query(query) => has_no_rows(query, known),
        SetExpr::SetOperation { op, left, right, .. } => {
            let (left, right) = (body_has_no_rows(left, known), body_has_no_rows(right, known));
            match op {
                SetOperator::Union => left && right,
                SetOperator::Intersect => left || right,
                SetOperator::Except | SetOperator::Minus => left,
            }
        }
        _ => false,
    }
}

fn select_has_no_rows(select: &Select, known: &BTreeSet<String>) -> bool {
    let makes_rows = match &select.group_by {
        GroupByExpr::All(_) => false,
        GroupByExpr::Expressions(by, _) if by.is_empty() => {
            select.having.is_some() || aggregates(&select.projection)
        }
        // `GROUP BY ()` and sets of groupings make a row of no rows, too.
        GroupByExpr::Expressions(by, modifiers) => {
            let total = |by: &Expr| match by {
                Expr::Tuple(of) => of.is_empty(),
                by => matches!(by, Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_)),
            };
            !modifiers.is_empty() || by.iter().any(total)
        }
    };
    let nowhere =
        matches!(&select.selection, Some(Expr::Value(ValueWithSpan { value: Value::Boolean(false), .. })));
    !makes_rows && (nowhere || select.from.iter().any(|tables| join_has_no_rows(tables, known)))
}

fn join_has_no_rows(tables: &TableWithJoins, known: &BTreeSet<String>) -> bool {
    let first = factor_has_no_rows(&tables.relation, known);
    tables.joins.iter().fold(first, |left, join| {
        let right = factor_has_no_rows(&join.relation, known);
        match join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => left || right,
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => left,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            _ => left && right,
        }
    })
}

fn factor_has_no_rows(factor: &TableFactor, known: &BTreeSet<String>) -> bool {
    match factor {
        TableFactor::Table { name, args: None, .. } => {
            let words: Option<Vec<&str>> =
                name.0.iter().map(|part| part.as_ident().map(|word| word.value.as_str())).collect();
            match words.as_deref() {
                Some([name]) => known.contains(*name),
                Some([schema, name]) => *schema == SCHEMA && EMPTY.contains(name),
                _ => false,
            }
        }
        TableFactor::Derived { subquery, .. } => has_no_rows(subquery, known),
        TableFactor::NestedJoin { table_with_joins, alias: None } => {
            join_has_no_rows(table_with_joins, known)
        }
        _ => false,
    }
}

/// Whether a query asks the catalogue alone, and computes nothing of many rows.
fn asks_catalogue(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let of_catalogue = |factor: &TableFactor| match factor {
        TableFactor::Table { name, .. } => {
            name.0.first().and_then(|part| part.as_ident()).is_some_and(|schema| schema.value == SCHEMA)
        }
        _ => false,
    };
    !select.from.is_empty()
        && !aggregates(&select.projection)
        && select.from.iter().all(|tables| of_catalogue(&tables.relation))
}

/// Makes one row of a query for one value: more would be an error, and the planner must see that there are none.
fn aggregate(query: &mut Query) {
    if let SetExpr::Select(select) = query.body.as_mut()
        && let [SelectItem::UnnamedExpr(value)] = select.projection.as_mut_slice()
        && let Some(most) = parsed(&format!("max({value})"))
    {
        *value = most;
    }
}

/// Whether this is a column of `pg_type` with the name of a function.
fn names_function(expression: &Expr) -> bool {
    let name = match expression {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    name.is_some_and(|name| FUNCTION_COLUMNS.contains(&name.value.as_str()))
}

fn is_zero(expression: &Expr) -> bool {
    matches!(expression, Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) if digits == "0")
}

/// Whether an aggregate stands in a projection, but for those of subqueries.
fn aggregates(projection: &[SelectItem]) -> bool {
    struct Look(usize);
    impl Visitor for Look {
        type Break = ();

        fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            match expression {
                Expr::Function(function)
                    if self.0 == 0
                        && function.over.is_none()
                        && function.name.0.last().and_then(|part| part.as_ident()).is_some_and(|name| {
                            AGGREGATES.contains(&name.value.to_ascii_lowercase().as_str())
                        }) =>
                {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    projection.iter().any(|item| item.visit(&mut Look(0)).is_break())
}

/// Puts a query with the same names and no rows in its place, where each column has a name of its own.
fn leave_out(query: &mut Query) {
    let mut body = query.body.as_ref();
    let select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(query) => body = &query.body,
            _ => return,
        }
    };
    let names: Option<Vec<Ident>> = select.projection.iter().map(name_of).collect();
    let Some(names) = names else { return };
    // Names with quotes, for they are written as they came.
    let columns: Vec<String> =
        names.iter().map(|name| format!("NULL::text AS \"{}\"", name.value.replace('"', "\"\""))).collect();
    let sql = format!("SELECT {} WHERE false", columns.join(", "));
    let written = Parser::parse_sql(&PostgreSqlDialect {}, &sql).unwrap_or_default();
    let distinct: BTreeSet<&str> = names.iter().map(|name| name.value.as_str()).collect();
    if distinct.len() == names.len()
        && let Some(Statement::Query(empty)) = written.into_iter().next()
    {
        *query = *empty;
    }
}

fn name_of(item: &SelectItem) -> Option<Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(unquoted(alias.clone())),
        SelectItem::UnnamedExpr(expression) => Some(unquoted(own_name(expression)?)),
        _ => None,
    }
}

/// What PostgreSQL calls a column that is given no name.
fn own_name(expression: &Expr) -> Option<Ident> {
    Some(match expression {
        Expr::Identifier(name) => name.clone(),
        Expr::CompoundIdentifier(names) => names.last()?.clone(),
        Expr::Function(function) => function.name.0.last()?.as_ident()?.clone(),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => own_name(expr)?,
        Expr::Case { .. } => Ident::new("case"),
        _ => Ident::new("?column?"),
    })
}

/// Names without quotes are in small letters.
fn unquoted(mut name: Ident) -> Ident {
    if name.quote_style.is_none() {
        name.value = name.value.to_ascii_lowercase();
    }
    name
}

/// The name in a lookup of a function.
fn function_name(query: &Query) -> Option<String> {
    let written = query.to_string();
    let (name, _) = written.strip_prefix(FUNCTION_LOOKUP)?.split_once('\'')?;
    Some(name.strip_prefix("pg_catalog.").unwrap_or(name).to_owned())
}

fn text(text: String) -> Expr {
    Expr::Value(ValueWithSpan::from(Value::SingleQuotedString(text)))
}

fn parsed(expression: &str) -> Option<Expr> {
    let parser = Parser::new(&PostgreSqlDialect {});
    parser.try_with_sql(expression).ok()?.parse_expr().ok()
}

#[cfg(test)]
mod tests;
