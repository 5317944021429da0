//! What can go wrong in the engine, with the way out.

use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use deltalake_core::DeltaTableError;
use vermeil_audit::AuditError;
use vermeil_ingest::IngestError;
use vermeil_model::SourceId;
use vermeil_model::policy::Denied;
use vermeil_state::StateError;

use crate::consent::ConsentError;
use crate::export::ExportError;
use crate::lake::{LocationError, TableName};
use crate::opendsr::OpenDsrError;
use crate::query::{QueryFault, SqlFault};
use crate::recipients::RecipientError;
use crate::report::second;
use crate::requests::DownloadError;
use crate::self_service::SelfServiceError;

mod diagnose;

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
    #[error("the environment variable {variable}, which holds the URL of the state database, is not set")]
    StateUrlMissing { variable: String },
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
    Recipient(#[from] RecipientError),
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
    #[error("the state database is a backup that lacks erasures")]
    RestoredBackup,
    #[error("{0} of the backup cannot be copied")]
    Backup(String, #[source] std::io::Error),
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

impl EngineError {
    /// Whether a publication was refused for an erasure that came meanwhile.
    pub(crate) fn is_outdated(&self) -> bool {
        matches!(self, Self::State(StateError::Outdated { .. }))
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
