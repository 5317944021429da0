//! Canonical schemas: what a customer or an event is made of, as data.
//!
//! A schema file lists fields; each field says how it is typed, how it is
//! protected (class), what it may be used for, how long it is kept, how it is
//! normalised and compared for matching, and which of several values survives
//! into the golden profile. See `schemas/customer.v1.yaml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::yaml::{self, YamlError};

mod blocking;
mod generalisation;
mod group;

pub use blocking::{BlockingKey, BlockingRule, BlockingRuleError, KeyTransform};
pub use generalisation::Generalisation;
pub use group::FieldGroup;

/// The schemas that ship with the product: name → text.
const BUILT_IN: [(&str, &str); 2] = [
    ("customer.v1", include_str!("../../../schemas/customer.v1.yaml")),
    ("event.v1", include_str!("../../../schemas/event.v1.yaml")),
];

/// A canonical schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Such as `customer`.
    pub name: String,
    /// Such as 1.
    pub version: u32,
    /// Whether a row is an account or something that happened to one.
    pub kind: SchemaKind,
    /// What the schema is for, for people.
    #[serde(default)]
    pub description: String,
    /// In the order they are shown.
    pub fields: Vec<Field>,
    /// Fields whose values survive together, by the name of what they are together.
    #[serde(default)]
    pub groups: BTreeMap<String, FieldGroup>,
    /// Pairs that agree on every key of any one rule are compared.
    #[serde(default)]
    pub blocking: Vec<BlockingRule>,
}

/// What a row of a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaKind {
    /// One account of one source.
    Record,
    /// Something that happened to a record.
    Event,
}

/// One field of a schema.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The canonical name, such as `family_name`.
    pub name: String,
    /// How values are typed.
    #[serde(rename = "type")]
    pub data_type: FieldType,
    /// How values are protected.
    pub class: FieldClass,
    /// What the field means, for people.
    #[serde(default)]
    pub description: String,
    /// What it may be used for.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// How long it is kept after the relation ends, as an ISO 8601 duration such as `P3Y`.
    #[serde(default)]
    pub retention: Option<String>,
    /// How values are brought to one form before they are compared.
    #[serde(default)]
    pub normaliser: Normaliser,
    /// How two values are compared; `None`: the field is no evidence.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// Which value survives into the golden profile unless the pipeline says otherwise.
    #[serde(default)]
    pub golden: Option<SurvivorRule>,
    /// Of what a profile has one value at most: records with different ones never share a
    /// profile, whatever else they have in common. `None`: of nothing.
    #[serde(default)]
    pub exclusive: Option<Exclusivity>,
    /// What of a profile's value those see who may not see the value; `None`: nothing.
    #[serde(default)]
    pub generalise: Option<Generalisation>,
}

/// The types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// UTF-8 text.
    Text,
    /// A signed 64-bit integer.
    Integer,
    /// A decimal number, kept as a 64-bit float.
    Decimal,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// A moment, RFC 3339, microseconds, UTC.
    Timestamp,
    /// `true` or `false`.
    Boolean,
}

/// How a field is protected. Everything but `Plain` is personal and sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// Says who someone is: names, account and registration numbers.
    Identifier,
    /// Reaches someone: e-mail, phone, postal address.
    Contact,
    /// Describes someone: birth date, gender, birth place.
    Demographic,
    /// What the law or the house protects most: free text, bank details, health.
    Sensitive,
    /// Not personal by itself; stored as a column in the clear.
    Plain,
}

impl FieldClass {
    /// Every class, in the order of people's concern.
    pub const ALL: [FieldClass; 5] =
        [Self::Plain, Self::Identifier, Self::Contact, Self::Demographic, Self::Sensitive];

    /// The classes that are sealed, in the order of their columns.
    pub const PERSONAL: [FieldClass; 4] =
        [Self::Identifier, Self::Contact, Self::Demographic, Self::Sensitive];

    /// Whether fields of this class are sealed.
    pub fn is_personal(self) -> bool {
        self != Self::Plain
    }

    /// The class as schema files and column names write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Contact => "contact",
            Self::Demographic => "demographic",
            Self::Sensitive => "sensitive",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for FieldClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How values are brought to one form before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normaliser {
    /// Trimmed, case and accents folded, punctuation to spaces.
    #[default]
    Text,
    /// As text, and titles dropped, particles kept.
    PersonName,
    /// As text, and legal forms dropped.
    OrganisationName,
    /// To E.164 where French or English numbering tells how.
    Phone,
    /// Trimmed, lower case, `+tag` of the local part dropped.
    Email,
    /// To `YYYY-MM-DD`.
    Date,
    /// Letters and digits only, upper case.
    PostalCode,
    /// As text, with the usual abbreviations of ways written out.
    Street,
    /// Letters and digits only, upper case: registration and account numbers.
    Identifier,
    /// `m` or `f` where French or English words or letters say so.
    Gender,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Equal or not.
    Exact,
    /// Equal, near by Jaro-Winkler at two thresholds, or else; term frequencies count.
    Name,
    /// Equal, one name in other words, alike, near, loosely alike, or else; term frequencies count, and
    /// rare words count more.
    Organisation,
    /// Equal, one part or one keystroke apart, same year, or else.
    Date,
    /// Equal, same local part, near, or else; term frequencies count.
    Email,
    /// Equal, one digit apart, or else; term frequencies count.
    Phone,
    /// Equal, near by Jaro-Winkler at two thresholds, or else.
    Text,
    /// Equal, same first two characters, or else.
    PostalCode,
    /// Equal, one keystroke apart, or else; term frequencies count.
    Identifier,
}

/// Of what a profile has one value at most. What is no such value, a placeholder or a slip of
/// the pen where it can be told, keeps nothing apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusivity {
    /// Of the normalised value, where it has a digit: account and card numbers.
    Value,
    /// Of the SIREN, the first nine digits of a French registration number: the SIRETs of one
    /// organisation's establishments share it.
    Siren,
}

/// Which of several values of a field survives into the golden profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurvivorRule {
    /// The value observed last, by the source's own clock.
    MostRecent,
    /// The value most records carry.
    MostFrequent,
    /// The value of the source that stands first in the pipeline's list.
    SourcePriority,
    /// A value from a source where people enter their own data.
    SelfDeclared,
    /// The longest value: the least truncated.
    Longest,
}

impl SurvivorRule {
    /// The rule as pipeline files and provenance write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MostRecent => "most_recent",
            Self::MostFrequent => "most_frequent",
            Self::SourcePriority => "source_priority",
            Self::SelfDeclared => "self_declared",
            Self::Longest => "longest",
        }
    }
}

/// A schema file is malformed or contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not readable as a schema.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Two fields share a name.
    #[error("{file}: field `{field}` is defined twice")]
    DuplicateField {
        /// The schema file.
        file: String,
        /// The field's name.
        field: String,
    },
    /// A field's name would clash with a column the lake adds.
    #[error("{file}: field `{field}` has a name that the lake reserves")]
    ReservedField {
        /// The schema file.
        file: String,
        /// The field's name.
        field: String,
    },
    /// A personal field without a purpose: the law wants one.
    #[error("{file}: personal field `{field}` declares no purpose")]
    NoPurpose {
        /// The schema file.
        file: String,
        /// The field's name.
        field: String,
    },
    /// A generalisation that the field's values do not allow.
    #[error("{file}: field `{field}` cannot be generalised to `{to}`: it is plain, or of another kind")]
    UnfitGeneralisation {
        /// The schema file.
        file: String,
        /// The field's name.
        field: String,
        /// The suffix of the column.
        to: &'static str,
    },
    /// A group names a field that does not exist, or that is in another group, or a core that is
    /// not in it.
    #[error("{file}: group `{group}` cannot hold `{field}`: it is no field, in two groups, or core alone")]
    UnfitGroup {
        /// The schema file.
        file: String,
        /// The group's name.
        group: String,
        /// The field.
        field: String,
    },
    /// A blocking rule names a field that does not exist.
    #[error("{file}: blocking rule `{rule}` names `{field}`, which is no field")]
    UnknownBlockingField {
        /// The schema file.
        file: String,
        /// The rule as written.
        rule: String,
        /// The unknown field.
        field: String,
    },
}

/// Columns that landing and golden tables add beside a schema's own fields.
pub const RESERVED_COLUMNS: [&str; 17] = [
    "record_id",
    "profile_id",
    "record_tag",
    "content_tag",
    "subject_tag",
    "version",
    "load",
    "landed_at",
    "observed_at",
    "key_page",
    "key_slot",
    "sealed_identifier",
    "sealed_contact",
    "sealed_demographic",
    "sealed_sensitive",
    "source",
    "merge_risk",
];

impl Field {
    /// A field of text about which nothing is known: sealed as sensitive, compared with nothing.
    pub fn text(name: String) -> Field {
        Field {
            name,
            data_type: FieldType::Text,
            class: FieldClass::Sensitive,
            description: String::new(),
            purposes: Vec::new(),
            retention: None,
            normaliser: Normaliser::Text,
            comparison: None,
            golden: None,
            exclusive: None,
            generalise: None,
        }
    }
}

impl Schema {
    /// A schema that ships with the product, such as `customer.v1`.
    pub fn built_in(name: &str) -> Option<Schema> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(name, text)| {
            Self::parse(name, text).expect("shipped schemas are valid: a test parses each")
        })
    }

    /// The names of the schemas that ship with the product.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Parses a schema file.
    ///
    /// # Errors
    /// [`SchemaError`] names the file, and the line or field.
    pub fn parse(file: &str, text: &str) -> Result<Schema, SchemaError> {
        let schema: Schema = yaml::parse(file, text)?;
        for (position, field) in schema.fields.iter().enumerate() {
            let (file, name) = (file.to_owned(), field.name.clone());
            if schema.fields[..position].iter().any(|other| other.name == field.name) {
                return Err(SchemaError::DuplicateField { file, field: name });
            }
            if RESERVED_COLUMNS.contains(&name.as_str()) {
                return Err(SchemaError::ReservedField { file, field: name });
            }
            if field.class.is_personal() && field.purposes.is_empty() {
                return Err(SchemaError::NoPurpose { file, field: name });
            }
            if let Some(unfit) = field.generalise.filter(|to| !to.fits(field)) {
                return Err(SchemaError::UnfitGeneralisation { file, field: name, to: unfit.suffix() });
            }
            let column = field.generalised_column();
            if let Some(field) = column.filter(|column| schema.field(column).is_some()) {
                return Err(SchemaError::DuplicateField { file, field });
            }
        }
        if let Some((group, field)) = schema.unfit_group(schema.groups.iter()) {
            let (group, field) = (group.to_owned(), field.to_owned());
            return Err(SchemaError::UnfitGroup { file: file.to_owned(), group, field });
        }
        for rule in &schema.blocking {
            for key in &rule.keys {
                if schema.field(&key.field).is_none() {
                    return Err(SchemaError::UnknownBlockingField {
                        file: file.to_owned(),
                        rule: rule.to_string(),
                        field: key.field.clone(),
                    });
                }
            }
        }
        Ok(schema)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field's name nearest to `given`, for messages.
    pub fn nearest_field(&self, given: &str) -> Option<&str> {
        yaml::nearest(given, self.fields.iter().map(|field| field.name.as_str()))
    }

    /// The fields of one class, in order.
    pub fn of_class(&self, class: FieldClass) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.class == class)
    }

    /// Name and version, such as `customer.v1`.
    pub fn id(&self) -> String {
        format!("{}.v{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests;
