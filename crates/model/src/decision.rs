//! What people decide about who is who, over what matching finds.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{Diagnose, Diagnostic, ErrorKind};

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 200;

/// So many digits, whatever stands between them, make a phone, account or card number.
const DIGITS_OF_A_NUMBER: usize = 9;

/// What was decided about two groups of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionKind {
    /// All records of both groups are one profile (must-link).
    Merge,
    /// The records of the first group leave the profile that they share with the second
    /// (cannot-link).
    Split,
    /// No record of the one group is ever in one profile with one of the other (cannot-link).
    NeverLink,
}

impl DecisionKind {
    /// Every kind.
    pub const ALL: [DecisionKind; 3] = [Self::Merge, Self::Split, Self::NeverLink];

    /// The kind as the state database, results and the audit log write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Split => "split",
            Self::NeverLink => "never_link",
        }
    }

    /// What it asks of its two groups.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Merge => Verdict::Together,
            Self::Split | Self::NeverLink => Verdict::Apart,
        }
    }
}

impl fmt::Display for DecisionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a decision asks of its two groups of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One profile.
    Together,
    /// Never in one profile.
    Apart,
}

/// Why someone decided, in a line of their own words.
///
/// It is kept in the clear beside the decision, and shown to whoever lists decisions: it
/// names no one. What plainly would, an address or a long number, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// What is given as a reason is none. It is not repeated: it may name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAReason {
    /// Nothing, or more than [`MAX_REASON_CHARS`], or more than a line.
    #[error("the reason must be one line of 1 to {MAX_REASON_CHARS} characters")]
    Length,
    /// It holds an e-mail address, or a number as long as a phone's or an account's.
    #[error("the reason holds what looks like an address or a number of a person")]
    Personal,
}

impl Reason {
    /// The reason as it was given, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = NotAReason;

    fn from_str(text: &str) -> Result<Self, NotAReason> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_REASON_CHARS || text.chars().any(char::is_control) {
            return Err(NotAReason::Length);
        }
        if text.contains('@') || longest_number(text) >= DIGITS_OF_A_NUMBER {
            return Err(NotAReason::Personal);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Diagnose for NotAReason {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Length => Diagnostic::new("decision-reason-length").with("limit", MAX_REASON_CHARS),
            Self::Personal => Diagnostic::new("decision-reason-personal"),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// Digits of the longest run of them that only blanks and punctuation interrupt.
fn longest_number(text: &str) -> usize {
    let mut longest = 0;
    let mut digits = 0;
    for character in text.chars() {
        match character {
            digit if digit.is_numeric() => digits += 1,
            letter if letter.is_alphabetic() => digits = 0,
            _ => {}
        }
        longest = longest.max(digits);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, NotAReason>) {
        let reason = text.parse::<Reason>();
        assert_eq!(reason.as_ref().map(Reason::as_str), expected.as_ref().copied(), "{text:?}");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        check(
            "  same person, seen at the counter on 2024-05-01 ",
            Ok("same person, seen at the counter on 2024-05-01"),
        );
        check("ticket CARE-12345678", Ok("ticket CARE-12345678"));
        check(&"é".repeat(200), Ok(&"é".repeat(200)));
        for wrong in ["", " \t", "two\nlines", &"é".repeat(201)] {
            check(wrong, Err(NotAReason::Length));
        }
    }

    #[test]
    fn a_reason_that_plainly_names_someone_is_refused() {
        for wrong in
            ["is zoe@example.org", "06 12 34 56 78 is hers", "+33 (0)6.12.34.56.78", "card 4970-1000-0000"]
        {
            check(wrong, Err(NotAReason::Personal));
        }
    }
}
