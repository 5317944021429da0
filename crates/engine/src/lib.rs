//! The stages from landing to golden profiles, over DataFusion and Delta, and
//! SQL under the access policy.
//!
//! [`Engine`] is the door: everything the command line does goes through it.
//! The way of a record through the modules:
//!
//! ```text
//! ingest ─▶ land ─▶ records ─▶ link ─▶ golden ─▶ query
//!            │         ▲                    │
//!            ▼         │ opened in memory   ▼
//!          lake (Delta tables), state (keys, loads, publications), audit
//! ```

mod accountability;
mod audit;
mod blind_index;
mod changes;
mod check;
mod columns;
mod consent;
mod constraints;
mod current;
mod decisions;
mod dedupe;
mod engine;
mod erase;
mod error;
mod explain;
mod export;
mod find;
mod golden;
mod health;
mod jobs;
mod keyring;
mod keys;
mod kit;
mod lake;
mod land;
mod link;
mod match_model;
mod memory;
mod opendsr;
mod optimize;
mod plan;
mod progress;
mod pseudonyms;
mod publication;
mod query;
mod recipients;
mod records;
mod rectify;
mod report;
mod requests;
mod resolve;
mod retention;
mod review;
mod run;
mod self_service;
mod session;
#[cfg(test)]
mod simulation;
mod spill;
mod status;
mod stored;
mod suppress;
mod tokens;

pub use accountability::BreachQuestion;
pub use check::{check, purposes_without_basis};
pub use consent::{Circumstances, ConsentError, ConsentQuestion, ConsentStatement, ConsentSubject};
pub use decisions::Author;
pub use dedupe::{ClusteredRows, DedupeError, DedupeRequest, Deduped, IGNORED, dedupe};
pub use engine::{Access, Engine, EngineConfig, Reader};
pub use erase::{RestoredBackup, Subject, WhichErasures, restore_drill};
pub use error::EngineError;
pub use export::ExportError;
pub use keys::KeyHolder;
pub use match_model::{LEAST_RECORDS, Lessons, ModelError, Refresh, read_model, write_model};
pub use opendsr::{DueCallback, HandedOver, OpenDsrError, OpenDsrStatus, ToldController};
pub use plan::{PlanRequest, PlannedModel};
pub use progress::{KeysMoved, Progress, Silent, Stage};
pub use query::{
    QueryFault, QueryResult, ReadingSession, SessionExtension, SqlFault, Understood, VisibleTables,
};
pub use recipients::{Carried, Courier, Parcel, RecipientError, WhichDeliveries};
pub use rectify::Rectify;
pub use report::*;
pub use requests::{Delivery, Download, DownloadError, NewRequest, Package, RequestChange, Verification};
pub use resolve::{ResolveQuery, Resolver};
pub use review::{Answer, AnswersError, Review};
pub use self_service::{SelfServiceError, SubjectContact, SubjectSession, SubjectView};
pub use tokens::Identity;
pub use vermeil_protect::form_token;
