//! What errors of the engine tell the user.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::policy::Denied;
use vermeil_model::{Diagnose, Diagnostic};

use super::{EngineError, listed};
use crate::lake::LocationError;
use crate::report::second;

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
            Self::Recipient(cause) => return cause.diagnostic(),
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
            Self::StateUrlMissing { variable } => {
                Diagnostic::new("state-url-missing").with("variable", variable)
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
            Self::RestoredBackup => Diagnostic::new("restored-backup"),
            Self::Backup(place, cause) => {
                Diagnostic::new("restore-drill-copy").with("place", place).with("reason", cause)
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
            Self::Recipient(cause) => cause.kind(),
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
            | Self::StateUrlMissing { .. }
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
            | Self::RestoredBackup
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
