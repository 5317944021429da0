//! The values that a statement holds: whoever asks about a person writes them into it.
//!
//! They are left out of everything that is told about the statement: of errors by looking for
//! them in the text, of plans by planning a statement that has others in their place.

use std::ops::ControlFlow;

use chrono::NaiveDate;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Statement as SqlStatement, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Stands for a value.
const LEFT_OUT: &str = "…";
/// Numbers with fewer digits are positions, limits and ages; telephone numbers have more.
const TELLING_DIGITS: usize = 5;
/// Shorter texts would be found in every message, wherever it comes from.
const TELLING_BYTES: usize = 3;
/// Words that functions and intervals take, and that name nobody.
const UNITS: [&str; 18] = [
    "century",
    "day",
    "decade",
    "doy",
    "dow",
    "epoch",
    "hour",
    "isodow",
    "isoyear",
    "microsecond",
    "millisecond",
    "minute",
    "month",
    "nanosecond",
    "quarter",
    "second",
    "week",
    "year",
];

/// The values of one statement, longest first.
pub(super) struct Literals(Vec<String>);

impl Literals {
    /// Those of a statement, which need not be a valid one.
    pub(super) fn of(sql: &str) -> Self {
        // What cannot be cut into words is refused with its place alone.
        let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
        Self(Vec::new()).and(tokens.into_iter().filter_map(told_by))
    }

    /// These and more, such as those that a client sends beside its statement.
    pub(super) fn and(mut self, texts: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(texts.into_iter().filter(|text| text.len() >= TELLING_BYTES));
        self.0.sort_unstable_by_key(|text| std::cmp::Reverse(text.len()));
        self.0.dedup();
        self
    }

    /// `message` without them.
    ///
    /// Of two quotes nobody knows which of them belong together, for a value may hold one:
    /// everything between the first and the last is left out.
    pub(super) fn leave_out(&self, message: &str) -> String {
        let without = self.0.iter().fold(message.to_owned(), |message, text| message.replace(text, LEFT_OUT));
        match (without.find('\''), without.rfind('\'')) {
            (Some(first), Some(last)) if first < last => {
                format!("{}'{LEFT_OUT}'{}", &without[..first], &without[last + 1..])
            }
            _ => without,
        }
    }
}

fn told_by(token: Token) -> Option<String> {
    match token {
        Token::Number(digits, _) => (digits.len() >= TELLING_DIGITS).then_some(digits),
        // Between double quotes stands a name; people who mean a value write it so, too.
        Token::Word(word) => {
            let is_name = word.value.chars().all(|letter| letter.is_alphanumeric() || "_.".contains(letter));
            (!is_name).then_some(word.value)
        }
        Token::DollarQuotedString(text) => Some(text.value),
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::TripleSingleQuotedString(text)
        | Token::TripleDoubleQuotedString(text)
        | Token::SingleQuotedByteStringLiteral(text)
        | Token::DoubleQuotedByteStringLiteral(text)
        | Token::SingleQuotedRawStringLiteral(text)
        | Token::DoubleQuotedRawStringLiteral(text)
        | Token::NationalStringLiteral(text)
        | Token::EscapedStringLiteral(text)
        | Token::UnicodeStringLiteral(text)
        | Token::HexStringLiteral(text) => Some(text),
        _ => None,
    }
}

/// Puts other values of their kind into a statement that is to be explained.
pub(super) fn leave_out_of_plan(statement: &mut Statement) {
    let explained = match statement {
        Statement::Explain(explain) => match explain.statement.as_mut() {
            Statement::Statement(explained) => explained,
            _ => return,
        },
        Statement::Statement(statement) => match statement.as_mut() {
            SqlStatement::Explain { statement, .. } => statement,
            _ => return,
        },
        _ => return,
    };
    // The visitor never breaks off.
    let ControlFlow::Continue(()) = explained.visit(&mut LeaveOut);
}

struct LeaveOut;

impl VisitorMut for LeaveOut {
    type Break = std::convert::Infallible;

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Self::Break> {
        match &mut value.value {
            Value::Null | Value::Boolean(_) | Value::Placeholder(_) => {}
            Value::Number(digits, _) => {
                if digits.len() >= TELLING_DIGITS {
                    *digits = format!("1{}", "0".repeat(TELLING_DIGITS - 1));
                }
            }
            text => {
                let stands_in = stand_in(text.to_string().trim_matches('\''));
                *text = Value::SingleQuotedString(stands_in);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Another text that can be read as what this one can be read as, so that the plan is the same.
fn stand_in(text: &str) -> String {
    let is_unit = |word: &str| {
        let word = word.to_ascii_lowercase();
        UNITS.contains(&word.trim_end_matches('s'))
            || (word.len() < TELLING_DIGITS && word.parse::<i32>().is_ok())
    };
    if !text.is_empty() && text.split_whitespace().all(is_unit) {
        return text.to_owned();
    }
    if text.parse::<f64>().is_ok() {
        return "0".to_owned();
    }
    match text.get(..10).map(|start| start.parse::<NaiveDate>()) {
        Some(Ok(_)) if text.len() == 10 => "1970-01-01".to_owned(),
        Some(Ok(_)) => "1970-01-01T00:00:00Z".to_owned(),
        _ => LEFT_OUT.to_owned(),
    }
}
