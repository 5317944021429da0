//! What a statement's placeholders take, and what a client sends for them.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::DataType;
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use arrow_pg::datatypes::{PG_OID_ALIAS_KEY, into_pg_type, pg_type_for_alias_kind};
use datafusion::common::ParamValues;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::error::{PgWireError, PgWireResult};

use crate::fault;

/// One placeholder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// What the statement takes; `None` where it takes anything.
    data_type: Option<DataType>,
    /// How it goes over the wire.
    pub(crate) wire: Type,
}

/// The placeholders of a plan in their order, `$1` first.
///
/// # Errors
/// They are not numbered, or some number between is not there.
pub(crate) fn of(plan: &LogicalPlan) -> PgWireResult<Vec<Parameter>> {
    let unreadable = || fault::error(fault::SYNTAX, "parameters are written $1, $2 and so on");
    let inferred = plan.get_parameter_types().map_err(|_| unreadable())?;
    let said = said(plan);
    let mut numbered = BTreeMap::new();
    for (name, data_type) in inferred {
        let number: usize = name.trim_start_matches('$').parse().map_err(|_| unreadable())?;
        let said = said.get(&name);
        let data_type = data_type.or_else(|| said.and_then(|said| said.data_type.clone()));
        let wire = match said.and_then(|said| said.wire.clone()) {
            Some(wire) => wire,
            None => data_type.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type)?,
        };
        numbered.insert(number, Parameter { data_type, wire });
    }
    let most = numbered.keys().next_back().copied().unwrap_or(0);
    // A number that the statement passes over takes anything, as in PostgreSQL.
    let anything = Parameter { data_type: None, wire: Type::UNKNOWN };
    if numbered.contains_key(&0) || most > usize::from(u16::MAX) {
        return Err(unreadable());
    }
    Ok((1..=most).map(|number| numbered.remove(&number).unwrap_or_else(|| anything.clone())).collect())
}

/// The values that a client bound to `parameters`.
///
/// # Errors
/// There are others than the statement takes, or one is not written as its type is.
pub(crate) fn bound<S: Clone>(
    portal: &Portal<S>,
    parameters: &[Parameter],
) -> PgWireResult<Vec<ScalarValue>> {
    if portal.parameter_len() != parameters.len() {
        return Err(fault::error(
            fault::PROTOCOL_VIOLATION,
            "the statement takes other parameters than are bound",
        ));
    }
    let inferred: Vec<Option<&DataType>> =
        parameters.iter().map(|parameter| parameter.data_type.as_ref()).collect();
    let wires: Vec<Option<&Type>> = parameters.iter().map(|parameter| Some(&parameter.wire)).collect();
    // What the library says of a value may quote it.
    let values = deserialize_parameters_with_server_types(portal, &inferred, &wires)
        .map_err(|_: PgWireError| fault::parameter())?;
    match values {
        ParamValues::List(values) => Ok(values.into_iter().map(|value| value.value).collect()),
        ParamValues::Map(_) => Err(fault::parameter()),
    }
}

/// What a statement says of a placeholder beside what is inferred.
#[derive(Default)]
struct Said {
    data_type: Option<DataType>,
    wire: Option<Type>,
}

/// Types that placeholders are cast to, and columns with object identifiers that they are compared with.
fn said(plan: &LogicalPlan) -> HashMap<String, Said> {
    let mut said: HashMap<String, Said> = HashMap::new();
    let mut look = |expression: &Expr| {
        let (placeholder, cast) = match expression {
            Expr::Placeholder(placeholder) => (placeholder, None),
            Expr::Cast(cast) => match cast.expr.as_ref() {
                Expr::Placeholder(placeholder) => (placeholder, Some(cast.field.data_type().clone())),
                _ => return,
            },
            _ => return,
        };
        let said = said.entry(placeholder.id.clone()).or_default();
        said.data_type = said.data_type.take().or(cast);
        let alias = placeholder.field.as_ref().filter(|field| field.data_type() == &DataType::Int32);
        let alias = alias.and_then(|field| pg_type_for_alias_kind(field.metadata().get(PG_OID_ALIAS_KEY)?));
        said.wire = said.wire.take().or(alias);
    };
    // Neither visitor breaks off.
    let _ = plan.apply_with_subqueries(|node| {
        for expression in node.expressions() {
            let _ = expression.apply(|expression| {
                look(expression);
                Ok(TreeNodeRecursion::Continue)
            });
        }
        Ok(TreeNodeRecursion::Continue)
    });
    said
}
