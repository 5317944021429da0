//! What went wrong, in a form that can be told in any language.
//!
//! A [`Diagnostic`] is a stable code with named arguments. The command line
//! renders it through its message files; a code without a message there fails
//! a test. Arguments may be ids, places and names of columns or files, never
//! personal values.

use serde::{Deserialize, Serialize};

/// A stable code and what fills its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable, kebab-case, such as `too-few-fields`.
    pub code: String,
    /// Named arguments of the message, in the order given.
    pub args: Vec<(String, String)>,
}

impl Diagnostic {
    /// A diagnostic without arguments.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), args: Vec::new() }
    }

    /// Adds a named argument.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }
}

/// How an error drives exit code, retry and masking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's command or configuration is wrong: exit code 2.
    Usage,
    /// The policy refuses: exit code 4.
    Denied,
    /// The world refuses (disk, network, a damaged file): exit code 1.
    Failed,
}

/// An error that knows its message and its kind.
pub trait Diagnose: std::error::Error {
    /// What to tell the user; `None` where the error has no message of its own
    /// and its text is shown.
    fn diagnostic(&self) -> Option<Diagnostic>;

    /// How it drives the exit code.
    fn kind(&self) -> ErrorKind;
}
