//! The state database: key pages, blind index, loads, publications, suppression, decisions,
//! match models, erasures, API tokens, jobs, requests of data subjects, links, notices to
//! recipients.
//!
//! What must be true at once, deleted for good, or counted without gaps in its
//! meaning lives here, in SQLite beside the lake or at a PostgreSQL server; what is
//! large and versioned lives in the lake. The only crate that knows SQL.
//!
//! Every statement is prepared with its values bound, so that neither a
//! statement nor an error quotes a value.

mod blind_index;
mod consents;
mod contents;
mod database;
mod decisions;
mod downloads;
mod erasures;
mod error;
mod exports;
mod jobs;
mod key_pages;
mod lake;
mod loads;
mod location;
mod match_models;
mod migrations;
mod notices;
mod opendsr;
mod publications;
mod requests;
mod runs;
mod sql;
mod subjects;
mod suppression;
mod tokens;

pub use blind_index::IndexEntry;
pub use consents::{ConsentEvent, ConsentMark, ConsentState, NewConsent};
pub use contents::{StoredColumn, StoredContents, StoredValues};
pub use database::{HeldLock, StateDatabase};
pub use decisions::{Decision, NewDecision, Undone};
pub use downloads::{NewDownload, TakenDownload};
pub use erasures::{Erasure, ErasureStatus, ErasureStep, Kit, StepEntry};
pub use error::StateError;
pub use exports::Export;
pub use jobs::{JobOutcome, JobRun};
pub use lake::{LAKE_FORMAT, LakeIdentity};
pub use loads::{Cursor, Load, LoadEntry, LoadStatus};
pub use location::{Server, StateLocation};
pub use match_models::KeptModel;
pub use notices::{Delivery, NewNotice, Notice};
pub use opendsr::{DueCallback, KnownOpenDsr, NewOpenDsr, Told};
pub use publications::{Publication, golden_owner};
pub use requests::{KnownRequest, RequestStep, VerifiedSubject};
pub use runs::{Run, RunOutcome};
pub use subjects::NewSubjectLink;
pub use suppression::FlaggedRecord;
pub use tokens::{ApiToken, NewApiToken, TokenBearer};

#[cfg(test)]
mod testing;
