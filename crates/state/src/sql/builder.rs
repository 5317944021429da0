//! Statements that are put together, such as those with a list of values.

use std::fmt::Display;
use std::marker::PhantomData;

use sqlx::AssertSqlSafe;

use super::{Query, QueryAs, QueryScalar, Value, query};

/// A statement that is put together. Values are only ever bound.
pub(crate) struct QueryBuilder {
    sql: String,
    values: Vec<Value>,
}

impl QueryBuilder {
    pub(crate) fn new(beginning: impl Into<String>) -> Self {
        Self { sql: beginning.into(), values: Vec::new() }
    }

    pub(crate) fn push(&mut self, sql: impl Display) -> &mut Self {
        self.sql.push_str(&sql.to_string());
        self
    }

    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let number = self.values.len();
        self.push(format_args!("${number}"))
    }

    /// A list, with `separator` between its parts.
    pub(crate) fn separated(&mut self, separator: &'static str) -> Separated<'_> {
        Separated { builder: self, separator, is_first: true }
    }

    /// `VALUES (…), (…)`, a row for each item.
    pub(crate) fn push_values<I>(
        &mut self,
        items: impl IntoIterator<Item = I>,
        mut row: impl FnMut(Separated<'_>, I),
    ) -> &mut Self {
        self.push("VALUES ");
        for (position, item) in items.into_iter().enumerate() {
            self.push(if position == 0 { "(" } else { ", (" });
            row(self.separated(", "), item);
            self.push(")");
        }
        self
    }

    pub(crate) fn build(self) -> Query {
        Query { values: self.values, ..query(AssertSqlSafe(self.sql)) }
    }

    pub(crate) fn build_query_as<T>(self) -> QueryAs<T> {
        QueryAs { query: self.build(), rows: PhantomData }
    }

    pub(crate) fn build_query_scalar<T>(self) -> QueryScalar<T> {
        QueryScalar { query: self.build_query_as() }
    }
}

/// A list that is put together.
pub(crate) struct Separated<'b> {
    builder: &'b mut QueryBuilder,
    separator: &'static str,
    is_first: bool,
}

impl Separated<'_> {
    pub(crate) fn push(&mut self, sql: impl Display) -> &mut Self {
        self.separate();
        self.push_unseparated(sql)
    }

    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.separate();
        self.push_bind_unseparated(value)
    }

    pub(crate) fn push_unseparated(&mut self, sql: impl Display) -> &mut Self {
        self.builder.push(sql);
        self
    }

    pub(crate) fn push_bind_unseparated(&mut self, value: impl Into<Value>) -> &mut Self {
        self.builder.push_bind(value);
        self
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.builder.push(self.separator);
        }
    }
}
