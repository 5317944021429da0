//! What can go wrong in the engine, with the way out.

use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use deltalake_core::DeltaTableError;
use vermeil_audit::AuditError;
use vermeil_ingest::IngestError;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::policy::Denied;
use vermeil_model::{Diagnose, Diagnostic, SourceId};
use vermeil_state::StateError;

use crate::consent::ConsentError;
use crate::export::ExportError;
use crate::lake::{LocationError, TableName};
use crate::opendsr::OpenDsrError;
use crate::query::{QueryFault, SqlFault};
use crate::report::second;
use crate::requests::DownloadError;
use crate::self_service::SelfServiceError;

/// The engine could not do what was asked.
///
/// Messages carry ids, places and counts, never a personal value: errors of
/// DataFusion that may quote one are reduced to their kind by [`EngineError::query`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum EngineError {
    #[error("source `{source_id}` could not be read")]
    Ingest {
        source_id: SourceId,
        #[source]
        cause: IngestError,
    },
    #[error("the state database failed")]
    State(#[from] StateError),
    #[error("the audit log failed")]
    Audit(#[from] AuditError),
    #[error("role `{role}` may not read the audit log")]
    AuditDenied { role: String },
    #[error(
        "keyring {keyring} is missing, but the lake at {lake} was sealed with it: restore it from its backup"
    )]
    KeyringMissing { keyring: String, lake: String },
    #[error("the lake's location is not usable")]
    Location(#[from] LocationError),
    #[error("there is no lake at {lake} yet: `vermeil run` makes one")]
    NoLake { lake: String },
    #[error("the lake at {lake} cannot be written")]
    LakeUnwritable {
        lake: String,
        #[source]
        cause: object_store::Error,
    },
    #[error("the lake at {lake} cannot be read")]
    LakeUnreadable {
        lake: String,
        #[source]
        cause: object_store::Error,
    },
    #[error("{lake}/vermeil.json is damaged: restore it from a backup")]
    LakeDamaged { lake: String },
    #[error("the lake at {lake} has format {found}, this version knows up to {known}: use a newer vermeil")]
    LakeNewer { lake: String, found: u32, known: u32 },
    #[error("the lake at {lake} was sealed with keyring {keyring}, another than the one given")]
    LakeOfAnotherKeyring { lake: String, keyring: String },
    #[error("the storage of {table} is full")]
    StorageFull {
        table: String,
        #[source]
        cause: Box<DeltaTableError>,
    },
    #[error("table {table} failed")]
    Table {
        table: String,
        #[source]
        cause: Box<DeltaTableError>,
    },
    #[error(
        "another writer raised table {table} to Delta reader version {version}: rewrite it without column mapping and deletion vectors"
    )]
    ReaderVersion { table: String, version: i32 },
    #[error("table {table} holds a sealed value that does not open")]
    DamagedValue { table: String },
    #[error("the environment variable {variable}, which the keyring needs, is not set")]
    SecretMissing { variable: String },
    #[error("the environment variable {variable} holds no key: 32 bytes in base 64 are expected")]
    SecretMalformed { variable: String },
    #[error("could not read the authorities in {file}")]
    AuthorityUnreadable {
        file: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("the keyring cannot be used")]
    Keyring(#[from] vermeil_protect::KeyringError),
    #[error("a key page of the state database does not open")]
    Vault(#[from] vermeil_protect::VaultError),
    #[error("the match settings do not fit the schema")]
    MatchPlan(#[source] vermeil_resolve::plan::PlanError),
    #[error("the match model was made for other comparisons")]
    ModelMismatch(#[source] vermeil_resolve::estimate::ModelMismatch),
    #[error("`{place}` names `{field}`, which is no field of `{schema}` (nearest: `{nearest}`)")]
    UnknownMatchField { place: String, schema: String, field: String, nearest: String },
    #[error(
        "group `{group}` cannot hold `{field}` of schema `{schema}`: no field, in two groups, or core alone"
    )]
    UnfitGroup { group: String, schema: String, field: String },
    #[error("`{place}` names purpose `{purpose}`, which the policy files do not declare ({declared})")]
    UnknownMatchPurpose { place: String, purpose: String, declared: String },
    #[error("profiles are not made for purpose `{purpose}`")]
    ProfilesNotFor { purpose: String },
    #[error("the records cannot be compared")]
    Features(#[source] vermeil_resolve::features::FeatureError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(
        "role `{role}` may not see rows as delivered for purpose `{purpose}`: that takes every personal class"
    )]
    RowDenied { role: String, purpose: String },
    #[error("role `{role}` may not look for `{field}` for purpose `{purpose}`")]
    FindDenied { role: String, purpose: String, field: String },
    #[error("role `{role}` may not set `{field}` right for purpose `{purpose}`")]
    RectifyDenied { role: String, purpose: String, field: String },
    // What was typed is not repeated: people mistype values here.
    #[error("this is no field of schema `{schema}`")]
    NotAField { schema: String },
    #[error("this is no value of field `{field}`")]
    NotAValue { field: String },
    #[error("nothing was set right in this field that could be withdrawn")]
    NothingRectified,
    #[error("role `{role}` may not ask who somebody is by {fields} for purpose `{purpose}`")]
    ResolveDenied { role: String, purpose: String, fields: String },
    // It is not repeated: people mistype values here.
    #[error("a name in the query is no field of `{schema}` (nearest: `{nearest}`)")]
    UnknownQueryField { schema: String, nearest: String },
    // What was asked for is not repeated: people mistype values here.
    #[error("records are not found by this field (but by: {indexed})")]
    NotIndexed { indexed: String },
    #[error("the index does not cover the records of source `{source_id}` yet: `vermeil run` completes it")]
    IndexIncomplete { source_id: SourceId },
    #[error(transparent)]
    Consent(#[from] ConsentError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    SelfService(#[from] SelfServiceError),
    #[error(transparent)]
    OpenDsr(#[from] OpenDsrError),
    #[error("{message}")]
    Sql { message: String, fault: SqlFault },
    #[error("only queries are allowed: `{statement}` is not")]
    NotAQuery { statement: String },
    #[error("the query failed while running: {kind}")]
    Query { kind: QueryFault },
    #[error("a decision is about two: both ids stand for the same records, or no record would stay")]
    NotTwo,
    #[error("record {record} is not in profile {profile}")]
    NotAMember { record: String, profile: String },
    #[error("this contradicts what was decided before: {}", listed(decisions))]
    Contradiction { decisions: Vec<i64> },
    #[error("a match model is kept of {least} records or more, there are {found}")]
    TooFewRecords { found: u64, least: u64 },
    #[error("nothing is published yet: `vermeil run` makes golden profiles")]
    NothingPublished,
    #[error("there is no {what} {id}")]
    Unknown { what: &'static str, id: String },
    #[error("{what} {id} was erased on {}", second(*at))]
    Erased { what: &'static str, id: String, at: DateTime<Utc> },
    /// Erasing takes leave to open every class.
    #[error("role `{role}` may not erase for purpose `{purpose}`")]
    EraseDenied { role: String, purpose: String },
    /// Never known, or erased: who asks is not told which.
    #[error("nobody is found")]
    NobodyFound,
    #[error("the value is that of {people} people: name one by the id of a profile")]
    SeveralPeople { people: usize },
    #[error("erasure {number} was opened by the same account: another one has to approve it")]
    SameAccount { number: i64 },
    #[error("erasure {number} is {status}")]
    ErasureNotDue { number: i64, status: String },
    /// More would be erased than was approved.
    #[error("the person of erasure {number} has records that were not approved")]
    ErasureChanged { number: i64 },
    #[error("erasing them is held by request {number} until {until}")]
    ErasureHeld { number: i64, until: String },
    /// Dealing with requests takes leave to open every class.
    #[error("role `{role}` may not deal with requests for purpose `{purpose}`")]
    RequestDenied { role: String, purpose: String },
    #[error("the request names nobody: a field that records are found by, or `id`, is expected")]
    NoIdentifier,
    #[error("the request to rectify says nothing of what should stand where")]
    NothingToRectify,
    #[error("a request cannot have been received after today")]
    NotReceivedYet,
    #[error("the answer has to go somewhere: name a folder")]
    NoFolder,
    #[error("`{place}` is no period such as `P3Y`")]
    NotAPeriod { place: &'static str },
    #[error("{folder} is there already")]
    FolderTaken { folder: String },
    #[error("could not write {file}")]
    Unwritable {
        file: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("the counts do not add up: {counts}; nothing was lost, but this is a defect")]
    CountsDoNotAddUp { counts: String },
    #[error("a computation failed")]
    DataFusion(#[source] Box<DataFusionError>),
    #[error("a temporary folder for the preview could not be made")]
    Preview(#[source] std::io::Error),
    #[error("the lock file {path} cannot be used")]
    Lock {
        path: String,
        #[source]
        cause: std::io::Error,
    },
}

impl EngineError {
    pub(crate) fn table(name: &TableName, cause: DeltaTableError) -> Self {
        let table = name.to_string();
        let cause = Box::new(cause);
        if is_storage_full(cause.as_ref()) {
            Self::StorageFull { table, cause }
        } else {
            Self::Table { table, cause }
        }
    }

    /// An error of a user's query while it runs. Its text may quote a value
    /// ("cannot cast 'Lovelace' to Int32"), so only its kind is kept.
    pub(crate) fn query(cause: &DataFusionError) -> Self {
        Self::Query { kind: QueryFault::of(cause) }
    }
}

impl From<DataFusionError> for EngineError {
    fn from(cause: DataFusionError) -> Self {
        Self::DataFusion(Box::new(cause))
    }
}

fn listed(numbers: &[i64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Follows the chain of causes down to the operating system.
fn is_storage_full(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull)
    })
}

impl EngineError {
    /// Whether a publication was refused for an erasure that came meanwhile.
    pub(crate) fn is_outdated(&self) -> bool {
        matches!(self, Self::State(StateError::Outdated { .. }))
    }
}

impl Diagnose for EngineError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Ingest { cause, .. } => return cause.diagnostic(),
            Self::State(cause) => return cause.diagnostic(),
            Self::Audit(cause) => return cause.diagnostic(),
            Self::Consent(cause) => return cause.diagnostic(),
            Self::Export(cause) => return cause.diagnostic(),
            Self::Download(cause) => return cause.diagnostic(),
            Self::SelfService(cause) => return cause.diagnostic(),
            Self::OpenDsr(cause) => return cause.diagnostic(),
            Self::AuditDenied { role } => Diagnostic::new("audit-denied").with("role", role),
            Self::Keyring(cause) => return cause.diagnostic(),
            Self::Vault(cause) => return cause.diagnostic(),
            Self::KeyringMissing { keyring, lake } => {
                Diagnostic::new("keyring-missing-for-lake").with("keyring", keyring).with("lake", lake)
            }
            Self::SecretMissing { variable } => {
                Diagnostic::new("keyring-secret-missing").with("variable", variable)
            }
            Self::SecretMalformed { variable } => {
                Diagnostic::new("keyring-secret-malformed").with("variable", variable)
            }
            Self::AuthorityUnreadable { file, cause } => {
                Diagnostic::new("keyring-authority-unreadable").with("file", file).with("reason", cause)
            }
            Self::Location(cause) => match cause {
                LocationError::Folder { folder, .. } => {
                    Diagnostic::new("lake-unwritable").with("lake", folder)
                }
                LocationError::Url { location, .. } => {
                    Diagnostic::new("lake-location-invalid").with("location", location)
                }
            },
            Self::NoLake { lake } => Diagnostic::new("no-lake").with("lake", lake),
            Self::LakeUnwritable { lake, .. } => Diagnostic::new("lake-unwritable").with("lake", lake),
            Self::LakeUnreadable { lake, .. } => Diagnostic::new("lake-unreadable").with("lake", lake),
            Self::LakeDamaged { lake } => Diagnostic::new("lake-damaged").with("lake", lake),
            Self::LakeNewer { lake, found, known } => {
                Diagnostic::new("lake-newer").with("lake", lake).with("found", found).with("known", known)
            }
            Self::LakeOfAnotherKeyring { lake, keyring } => {
                Diagnostic::new("lake-of-another-keyring").with("lake", lake).with("keyring", keyring)
            }
            Self::StorageFull { table, .. } => Diagnostic::new("storage-full").with("table", table),
            Self::ReaderVersion { table, version } => {
                Diagnostic::new("reader-version").with("table", table).with("version", version)
            }
            Self::DamagedValue { table } => Diagnostic::new("damaged-value").with("table", table),
            Self::Denied(Denied::UnknownRole { role, declared }) => {
                Diagnostic::new("unknown-role").with("role", role).with("declared", declared)
            }
            Self::Denied(Denied::NotAReader { role }) => Diagnostic::new("not-a-reader").with("role", role),
            Self::Denied(Denied::PurposeNotGranted { role, purpose, granted }) => {
                Diagnostic::new("purpose-not-granted")
                    .with("role", role)
                    .with("purpose", purpose)
                    .with("granted", granted)
            }
            Self::RowDenied { role, purpose } => {
                Diagnostic::new("row-denied").with("role", role).with("purpose", purpose)
            }
            Self::FindDenied { role, purpose, field } => Diagnostic::new("find-denied")
                .with("role", role)
                .with("purpose", purpose)
                .with("field", field),
            Self::RectifyDenied { role, purpose, field } => Diagnostic::new("rectify-denied")
                .with("role", role)
                .with("purpose", purpose)
                .with("field", field),
            Self::NotAField { schema } => Diagnostic::new("rectify-not-a-field").with("schema", schema),
            Self::NotAValue { field } => Diagnostic::new("rectify-not-a-value").with("field", field),
            Self::NothingRectified => Diagnostic::new("nothing-rectified"),
            Self::ResolveDenied { role, purpose, fields } => Diagnostic::new("resolve-denied")
                .with("role", role)
                .with("purpose", purpose)
                .with("fields", fields),
            Self::UnknownQueryField { schema, nearest } => {
                Diagnostic::new("resolve-unknown-field").with("schema", schema).with("nearest", nearest)
            }
            Self::NotIndexed { indexed } => Diagnostic::new("field-not-indexed").with("indexed", indexed),
            Self::IndexIncomplete { source_id } => {
                Diagnostic::new("index-incomplete").with("source", source_id)
            }
            Self::Sql { message, .. } => Diagnostic::new("sql-invalid").with("message", message),
            Self::NotAQuery { statement } => Diagnostic::new("not-a-query").with("statement", statement),
            Self::Query { kind } => Diagnostic::new("query-failed").with("reason", kind),
            Self::NotTwo => Diagnostic::new("decision-not-two"),
            Self::NotAMember { record, profile } => {
                Diagnostic::new("decision-not-a-member").with("record", record).with("profile", profile)
            }
            Self::Contradiction { decisions } => {
                Diagnostic::new("decision-contradicts").with("decisions", listed(decisions))
            }
            Self::TooFewRecords { found, least } => {
                Diagnostic::new("model-too-few-records").with("found", found).with("least", least)
            }
            Self::NothingPublished => Diagnostic::new("nothing-published"),
            Self::Unknown { what, id } => Diagnostic::new("unknown-id").with("what", what).with("id", id),
            Self::Erased { what, id, at } => {
                Diagnostic::new("value-erased").with("what", what).with("id", id).with("at", second(*at))
            }
            Self::EraseDenied { role, purpose } => {
                Diagnostic::new("erase-denied").with("role", role).with("purpose", purpose)
            }
            Self::NobodyFound => Diagnostic::new("erase-nobody-found"),
            Self::SeveralPeople { people } => Diagnostic::new("erase-several-people").with("people", people),
            Self::SameAccount { number } => Diagnostic::new("erase-same-account").with("number", number),
            Self::ErasureNotDue { number, status } => {
                Diagnostic::new("erase-not-due").with("number", number).with("status", status)
            }
            Self::ErasureChanged { number } => Diagnostic::new("erase-changed").with("number", number),
            Self::ErasureHeld { number, until } => {
                Diagnostic::new("erase-held").with("number", number).with("until", until)
            }
            Self::RequestDenied { role, purpose } => {
                Diagnostic::new("request-denied").with("role", role).with("purpose", purpose)
            }
            Self::NoIdentifier => Diagnostic::new("request-no-identifier"),
            Self::NothingToRectify => Diagnostic::new("request-nothing-to-rectify"),
            Self::NotReceivedYet => Diagnostic::new("request-not-received-yet"),
            Self::NotAPeriod { place } => Diagnostic::new("retention-not-a-period").with("place", place),
            Self::NoFolder => Diagnostic::new("request-no-folder"),
            Self::FolderTaken { folder } => Diagnostic::new("request-folder-taken").with("folder", folder),
            Self::Unwritable { file, .. } => Diagnostic::new("request-unwritable").with("file", file),
            Self::CountsDoNotAddUp { counts } => {
                Diagnostic::new("counts-do-not-add-up").with("counts", counts)
            }
            Self::MatchPlan(cause) => return cause.diagnostic(),
            Self::UnknownMatchPurpose { place, purpose, declared } => {
                Diagnostic::new("match-unknown-purpose")
                    .with("place", place)
                    .with("purpose", purpose)
                    .with("declared", declared)
            }
            Self::ProfilesNotFor { purpose } => {
                Diagnostic::new("profiles-not-for-purpose").with("purpose", purpose)
            }
            Self::UnfitGroup { group, schema, field } => Diagnostic::new("golden-unfit-group")
                .with("group", group)
                .with("schema", schema)
                .with("field", field),
            Self::UnknownMatchField { place, schema, field, nearest } => {
                Diagnostic::new("match-unknown-field")
                    .with("place", place)
                    .with("schema", schema)
                    .with("field", field)
                    .with("nearest", nearest)
            }
            Self::ModelMismatch(_) => Diagnostic::new("match-model-mismatch"),
            Self::Features(_)
            | Self::Table { .. }
            | Self::DataFusion(_)
            | Self::Preview(_)
            | Self::Lock { .. } => return None,
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Ingest { cause, .. } => cause.kind(),
            Self::State(cause) => cause.kind(),
            Self::Audit(cause) => cause.kind(),
            Self::Consent(cause) => cause.kind(),
            Self::Export(cause) => cause.kind(),
            Self::Download(cause) => cause.kind(),
            Self::SelfService(cause) => cause.kind(),
            Self::OpenDsr(cause) => cause.kind(),
            Self::Keyring(cause) => cause.kind(),
            Self::Vault(cause) => cause.kind(),
            Self::Denied(_)
            | Self::RowDenied { .. }
            | Self::FindDenied { .. }
            | Self::RectifyDenied { .. }
            | Self::ResolveDenied { .. }
            | Self::AuditDenied { .. }
            | Self::EraseDenied { .. }
            | Self::RequestDenied { .. }
            | Self::ProfilesNotFor { .. } => ErrorKind::Denied,
            Self::SecretMissing { .. }
            | Self::SecretMalformed { .. }
            | Self::AuthorityUnreadable { .. }
            | Self::Location(_)
            | Self::NoLake { .. }
            | Self::Sql { .. }
            | Self::NotAQuery { .. }
            | Self::NotIndexed { .. }
            | Self::UnknownQueryField { .. }
            | Self::NotTwo
            | Self::NotAMember { .. }
            | Self::Contradiction { .. }
            | Self::NothingPublished
            | Self::TooFewRecords { .. }
            | Self::MatchPlan(_)
            | Self::UnknownMatchField { .. }
            | Self::UnfitGroup { .. }
            | Self::NotAField { .. }
            | Self::NotAValue { .. }
            | Self::NothingRectified
            | Self::UnknownMatchPurpose { .. }
            | Self::ModelMismatch(_)
            | Self::Unknown { .. }
            | Self::NobodyFound
            | Self::SeveralPeople { .. }
            | Self::SameAccount { .. }
            | Self::ErasureNotDue { .. }
            | Self::ErasureChanged { .. }
            | Self::ErasureHeld { .. }
            | Self::NoIdentifier
            | Self::NothingToRectify
            | Self::NotReceivedYet
            | Self::NoFolder
            | Self::NotAPeriod { .. }
            | Self::FolderTaken { .. }
            | Self::Erased { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}
