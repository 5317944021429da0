//! Blocking rules: which pairs are worth comparing, as schema and pipeline files write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Pairs that agree on all keys of a rule are compared. Written `field` or
/// `field:transform`, joined by ` + `: `family_name:phonetic + birth_date`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockingRule {
    /// Never empty.
    pub keys: Vec<BlockingKey>,
}

/// One key of a blocking rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockingKey {
    /// The canonical field.
    pub field: String,
    /// What of its normalised value must agree.
    pub transform: KeyTransform,
}

/// What of a normalised value a blocking key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyTransform {
    /// All of it.
    Whole,
    /// A phonetic code of its first word (Soundex, made for French and English alike).
    Phonetic,
    /// The first letter.
    Initial,
    /// The first four letters.
    Prefix4,
    /// The year of a date.
    Year,
    /// Month and day of a date.
    MonthDay,
    /// The part of an e-mail address before `@`.
    LocalPart,
    /// The words of the value in alphabetical order: swapped parts agree.
    SortedWords,
    /// A phonetic code of any one word: each of the first four gives a key of its own.
    AnyWord,
}

impl KeyTransform {
    /// Every transform with its name in pipeline files.
    pub const ALL: [(&'static str, KeyTransform); 9] = [
        ("whole", Self::Whole),
        ("phonetic", Self::Phonetic),
        ("initial", Self::Initial),
        ("prefix4", Self::Prefix4),
        ("year", Self::Year),
        ("month_day", Self::MonthDay),
        ("local_part", Self::LocalPart),
        ("sorted_words", Self::SortedWords),
        ("any_word", Self::AnyWord),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, transform)| *transform == self).map_or("whole", |(name, _)| name)
    }
}

/// A blocking rule is not written `field[:transform] + …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockingRuleError {
    /// A rule or one of its keys is empty.
    #[error("a blocking rule needs at least one field, written `field` or `field:transform`")]
    Empty,
    /// No such transform.
    #[error(
        "unknown transform `{0}` (known: whole, phonetic, initial, prefix4, year, month_day, local_part, sorted_words, any_word)"
    )]
    UnknownTransform(String),
}

impl FromStr for BlockingRule {
    type Err = BlockingRuleError;

    fn from_str(text: &str) -> Result<Self, BlockingRuleError> {
        let keys = text
            .split('+')
            .map(|key| {
                let (field, transform) = key.split_once(':').unwrap_or((key, "whole"));
                let (field, transform) = (field.trim(), transform.trim());
                if field.is_empty() {
                    return Err(BlockingRuleError::Empty);
                }
                let transform = KeyTransform::ALL
                    .into_iter()
                    .find(|(name, _)| *name == transform)
                    .map(|(_, known)| known)
                    .ok_or_else(|| BlockingRuleError::UnknownTransform(transform.to_owned()))?;
                Ok(BlockingKey { field: field.to_owned(), transform })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }
}

impl TryFrom<String> for BlockingRule {
    type Error = BlockingRuleError;

    fn try_from(text: String) -> Result<Self, BlockingRuleError> {
        text.parse()
    }
}

impl From<BlockingRule> for String {
    fn from(rule: BlockingRule) -> String {
        rule.to_string()
    }
}

impl fmt::Display for BlockingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, key) in self.keys.iter().enumerate() {
            let joint = if position == 0 { "" } else { " + " };
            write!(f, "{joint}{}", key.field)?;
            if key.transform != KeyTransform::Whole {
                write!(f, ":{}", key.transform.name())?;
            }
        }
        Ok(())
    }
}
