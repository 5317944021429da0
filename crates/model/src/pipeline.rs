//! The pipeline file: sources, matching, golden rules.
//!
//! Everything a user configures is here, as types that reject unknown keys.
//! `schemas/pipeline.schema.json` describes the same to editors; a test keeps
//! the two together.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use crate::consent::{ConsentScope, Contradiction, LegalBasis};
use crate::ids::SourceId;
use crate::policy::Purpose;
use crate::schema::{BlockingRule, Comparison, Exclusivity, FieldGroup, SurvivorRule};
use crate::yaml;

mod error;
mod former_roles;
mod keyring;
mod opendsr;
mod recipients;
mod requests;
mod retention;
mod service;
mod state;

pub use error::PipelineError;
pub use keyring::{
    AwsKmsSettings, EnvironmentSettings, KeyPrefix, KeyringSettings, NoKeyPrefix, OpenBaoSettings,
    PassphraseSettings, Pkcs11Settings, ProviderSettings,
};
pub use opendsr::OpenDsrSettings;
pub use service::{OidcSettings, RoleKind, Schedule, ServiceSettings};
pub use state::StateSettings;

pub use recipients::{Network, NoticeRules, RecipientSettings, WebhookSettings};
pub use requests::{NotAnOffset, RequestRules, UtcOffset};
pub use retention::{Day, RetentionRules};

/// A pipeline file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The tenant: part of what every sealed value is bound to.
    pub name: String,
    /// Where the tables lie: a folder or an object-store URL.
    #[serde(default = "default_lake")]
    pub lake: String,
    /// The state database: a file, or a database of a PostgreSQL server.
    #[serde(default)]
    pub state: StateSettings,
    /// The keyring: a file, and who holds the keys that open it.
    #[serde(default)]
    pub keyring: KeyringSettings,
    /// The audit log: a folder; `audit` beside the state database, or the keyring where that is at a
    /// server, unless set.
    #[serde(default)]
    pub audit: Option<String>,
    /// The schema of sources that name none: a shipped one or a file.
    #[serde(default = "default_schema")]
    pub schema: String,
    /// The silos, in no particular order.
    pub sources: Vec<Source>,
    /// What to do with rows that break their contract.
    #[serde(default)]
    pub quarantine: QuarantineLimit,
    /// How accounts of one person are found.
    #[serde(default, rename = "match")]
    pub matching: Matching,
    /// Which values survive into golden profiles.
    #[serde(default)]
    pub golden: Golden,
    /// What a query may take of the machine.
    #[serde(default)]
    pub query: QueryLimits,
    /// Purpose → why it may be pursued. Under a purpose that is not here nobody reads anything.
    #[serde(default)]
    pub purposes: BTreeMap<Purpose, LegalBasis>,
    /// How what people allowed and refused is read.
    #[serde(default)]
    pub consent: ConsentRules,
    /// How much the service takes.
    #[serde(default)]
    pub service: ServiceSettings,
    /// What the service does on time.
    #[serde(default)]
    pub schedule: Schedule,
    /// Whose word the service takes for who people are.
    #[serde(default)]
    pub oidc: Option<OidcSettings>,
    /// How other controllers hand over what data subjects ask them for.
    #[serde(default)]
    pub opendsr: Option<OpenDsrSettings>,
    /// How requests of data subjects are dealt with.
    #[serde(default)]
    pub requests: RequestRules,
    /// How long people are kept.
    #[serde(default)]
    pub retention: RetentionRules,
    /// Name → how whoever receives profiles is told of erasures and rectifications.
    #[serde(default)]
    pub recipients: BTreeMap<String, RecipientSettings>,
    /// How long recipients have to answer.
    #[serde(default)]
    pub notices: NoticeRules,
}

fn default_lake() -> String {
    "lake".to_owned()
}

fn default_schema() -> String {
    "customer.v1".to_owned()
}

/// One silo.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Also the name of its table, `landing.<id>`.
    pub id: SourceId,
    /// A file, a folder's files by `*` in the last segment, or an object-store URL.
    pub path: String,
    /// How the bytes are read.
    pub format: Format,
    /// Delimited text only: between fields; a comma unless set.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Delimited text only: around fields; `"` unless set.
    #[serde(default)]
    pub quote: Option<char>,
    /// Text formats: an encoding label such as `windows-1252`; UTF-8 unless set.
    #[serde(default)]
    pub encoding: Option<String>,
    /// Text formats: the decimal mark of numbers; a point unless set.
    #[serde(default)]
    pub decimal: Option<char>,
    /// Delimited text without a header line: the names of its columns, in order.
    #[serde(default)]
    pub header: Option<Vec<String>>,
    /// The schema of this source; the pipeline's unless set.
    #[serde(default)]
    pub schema: Option<String>,
    /// The source's columns that identify a row, together.
    pub key: Vec<String>,
    /// The source's column that tells when a row was last changed.
    #[serde(default)]
    pub updated_at: Option<ColumnMapping>,
    /// Events only: whose record the event happened to.
    #[serde(default)]
    pub subject: Option<SubjectReference>,
    /// The source's columns that carry the key of the record that this one was merged into, in
    /// the order of `key`; empty where it was not.
    #[serde(default)]
    pub replaced_by: Option<Vec<String>>,
    /// What may make its records one profile with others; likeness, unless set.
    #[serde(default)]
    pub link: Linking,
    /// Canonical field → the source's column.
    pub columns: BTreeMap<String, ColumnMapping>,
    /// Canonical field → a value that every row of this source gets.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// What a row must fulfil.
    #[serde(default)]
    pub contract: Contract,
    /// People enter their own data here: for the `self_declared` rule.
    #[serde(default)]
    pub self_declared: bool,
    /// What its records say of consent.
    #[serde(default)]
    pub consent: Vec<ConsentMapping>,
}

/// What a field of a source's records says of consent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentMapping {
    /// For what: one of the pipeline's purposes.
    pub purpose: Purpose,
    /// Of which contact points of the record; of its person unless set.
    #[serde(default = "of_the_person")]
    pub contact: ConsentScope,
    /// The canonical field that says it.
    pub field: String,
    /// The values that say yes; `true` unless set.
    #[serde(default = "yes")]
    pub given: Vec<String>,
    /// The values that say no; `false` unless set. Any other value says nothing.
    #[serde(default = "no")]
    pub refused: Vec<String>,
}

fn of_the_person() -> ConsentScope {
    ConsentScope::Record
}

fn yes() -> Vec<String> {
    vec!["true".to_owned()]
}

fn no() -> Vec<String> {
    vec!["false".to_owned()]
}

/// How a source's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One row a line, fields between delimiters, the first line names the columns.
    Delimited,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// Where a canonical field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ColumnMapping {
    /// The source's column as it is.
    Column(String),
    /// The source's column, and how to read it.
    Parsed(ParsedColumn),
}

/// The source's column, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParsedColumn {
    /// The source's column.
    pub column: String,
    /// Dates and timestamps: a chrono pattern such as `%d/%m/%Y`.
    pub format: String,
}

impl ColumnMapping {
    /// The source's column.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(column) => column,
            Self::Parsed(parsed) => &parsed.column,
        }
    }

    /// The pattern of dates and timestamps; `None`: ISO 8601.
    pub fn format(&self) -> Option<&str> {
        match self {
            Self::Column(_) => None,
            Self::Parsed(parsed) => Some(&parsed.format),
        }
    }
}

/// Whose record an event happened to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectReference {
    /// The source that holds the record.
    pub source: SourceId,
    /// The event's columns that carry that record's key, in the order of its key.
    pub key: Vec<String>,
}

/// What may make the records of a source one profile with others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Linking {
    /// Canonical fields of which one must have, but for blanks around it, the very same value:
    /// a login, a signed link. Where any is named, the source's records are never compared.
    pub proof: Vec<String>,
    /// Nothing does, where profiles serve one of these purposes.
    pub never_for: Vec<Purpose>,
}

/// What a row must fulfil, beyond the types of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Contract {
    /// Canonical fields that must not be empty.
    pub required: Vec<String>,
    /// The longest value that is taken, in bytes.
    pub max_field_bytes: usize,
}

impl Default for Contract {
    fn default() -> Self {
        Self { required: Vec::new(), max_field_bytes: 64 * 1024 }
    }
}

/// What to do with rows that break their contract.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuarantineLimit {
    /// The share of rows, in [0, 1], beyond which a run ends with exit code 3.
    pub limit: f64,
}

impl Default for QuarantineLimit {
    fn default() -> Self {
        Self { limit: 0.05 }
    }
}

/// How accounts of one person are found.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matching {
    /// Instead of the schema's blocking rules.
    pub blocking: Option<Vec<BlockingRule>>,
    /// Canonical field → comparison, instead of the schema's; `null` leaves the field out.
    pub comparisons: BTreeMap<String, Option<Comparison>>,
    /// Canonical field → of what a profile has one value, instead of the schema's; `null` lifts it.
    pub exclusive: BTreeMap<String, Option<Exclusivity>>,
    /// What profiles are used for, and may be read for; every declared purpose unless set.
    pub purposes: Option<Vec<Purpose>>,
    /// The probability, in (0, 1), from which a pair is linked; 0.5 unless set.
    pub threshold: Option<f64>,
    /// Pairs within a block above this many are not compared but reported; 1,000,000 unless set.
    pub max_block_pairs: Option<u64>,
}

/// Which values survive into golden profiles.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Golden {
    /// For fields without a rule of their own; `most_recent` unless set.
    pub default: Option<SurvivorRule>,
    /// Canonical field → rule, instead of the schema's, and apart from any group of the schema.
    pub fields: BTreeMap<String, SurvivorRule>,
    /// Name → fields whose values survive together, instead of the schema's group of that name;
    /// `null` lifts it.
    pub groups: BTreeMap<String, Option<FieldGroup>>,
    /// Sources from the most to the least trusted; unlisted ones come last.
    pub source_priority: Vec<SourceId>,
}

/// How what people allowed and refused is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentRules {
    /// Which word counts where different ones were said of the records of one profile.
    pub contradiction: Contradiction,
}

/// What one query may take of the machine. One that needs more memory puts aside
/// what it can, sealed, in temporary files; one that needs more than both fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryLimits {
    /// Memory for sorting, grouping and joining, in MiB.
    pub memory_mib: NonZeroU32,
    /// Temporary files, in MiB. They lie beside the state database, or the keyring where that is at a server.
    pub temporary_mib: u32,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { memory_mib: NonZeroU32::MIN.saturating_add(1023), temporary_mib: 20 * 1024 }
    }
}

impl Pipeline {
    /// Parses a pipeline file.
    ///
    /// # Errors
    /// [`PipelineError`] names the file, the line and, for a misspelt key, the nearest valid one.
    pub fn parse(file: &str, text: &str) -> Result<Pipeline, PipelineError> {
        let pipeline: Pipeline =
            yaml::parse(file, text).map_err(|error| match former_roles::policies(text) {
                Some(policies) => PipelineError::RolesMoved { file: file.to_owned(), policies },
                None => error.into(),
            })?;
        pipeline.validate(file)?;
        Ok(pipeline)
    }

    /// The source of that id.
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// The name of the schema of one of this pipeline's sources.
    pub fn schema_of<'a>(&'a self, source: &'a Source) -> &'a str {
        source.schema.as_deref().unwrap_or(&self.schema)
    }

    /// The environment variables whose values are needed to open what the pipeline names.
    pub fn variables(&self) -> Vec<&str> {
        let webhooks = self.recipients.values().filter_map(|recipient| recipient.webhook.as_ref());
        let shared = webhooks.map(|webhook| webhook.secret_variable.as_str());
        let keys = self.keyring.provider.variables().into_iter();
        keys.chain(self.state.variable()).chain(shared).collect()
    }

    /// The folder of the audit log.
    pub fn audit_folder(&self) -> String {
        let file = self.state.file().unwrap_or(&self.keyring.path);
        let beside_state = || match file.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/audit"),
            None => "audit".to_owned(),
        };
        self.audit.clone().unwrap_or_else(beside_state)
    }

    fn validate(&self, file: &str) -> Result<(), PipelineError> {
        let file = || file.to_owned();
        for (position, source) in self.sources.iter().enumerate() {
            let source_id = || source.id.clone();
            if self.sources[..position].iter().any(|other| other.id == source.id) {
                return Err(PipelineError::DuplicateSource { file: file(), source_id: source_id() });
            }
            if source.key.is_empty() {
                return Err(PipelineError::NoKey { file: file(), source_id: source_id() });
            }
            if source.replaced_by.as_ref().is_some_and(|columns| columns.len() != source.key.len()) {
                return Err(PipelineError::ReplacedByMismatch { file: file(), source_id: source_id() });
            }
            if let Some(subject) = &source.subject
                && self.source(&subject.source).is_none()
            {
                return Err(PipelineError::UnknownSource {
                    file: file(),
                    place: format!("sources.{}.subject", source.id),
                    source_id: subject.source.clone(),
                });
            }
        }
        if let Some(unknown) = self.golden.source_priority.iter().find(|id| self.source(id).is_none()) {
            return Err(PipelineError::UnknownSource {
                file: file(),
                place: "golden.source_priority".to_owned(),
                source_id: unknown.clone(),
            });
        }
        // Written so that NaN is refused too.
        if let Some(value) = self.matching.threshold
            && !(0.0 < value && value < 1.0)
        {
            return Err(PipelineError::OutOfRange {
                file: file(),
                place: "match.threshold".to_owned(),
                value,
                range: "(0, 1)",
            });
        }
        let value = self.quarantine.limit;
        if !(0.0..=1.0).contains(&value) {
            return Err(PipelineError::OutOfRange {
                file: file(),
                place: "quarantine.limit".to_owned(),
                value,
                range: "[0, 1]",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
