//! What the service asks of whatever stands behind it.

mod consents;
mod downloads;
mod opendsr;
mod requests;
mod self_service;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_model::Plaintext;
use vermeil_model::policy::{Purpose, Role};

use crate::answers::{Candidates, Customer, Erasure, ErasurePlan, Explanation, FlaggedRecord, JobRun};
use crate::problem::{Language, Problem, ProblemKind};
use crate::scheduler::Job;

pub use self::consents::{ConsentQuestion, ConsentStatement, ConsentSubject, Consents};
pub use self::downloads::{Downloads, Parcel};
pub use self::opendsr::{Callback, HandedOver, OpenDsr, OpenDsrStatus, Told};
pub use self::requests::{NewRequest, RequestChange, Requests, WhichRequests};
pub use self::self_service::{OwnConsent, OwnContact, OwnView, SelfService, SessionSecret};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the account, for the audit trail.
    pub actor: String,
    /// The role that it asks in.
    pub role: Role,
}

/// Who asks, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Who.
    pub caller: Caller,
    /// What for; without one, nothing personal is opened.
    pub purpose: Option<Purpose>,
}

/// What somebody is known by: canonical field → value. It has no `Debug`.
pub type Identifiers = BTreeMap<String, Plaintext<String>>;

/// Somebody to be erased. It has no `Debug`.
pub enum Subject {
    /// By the id of a record or profile.
    Id(String),
    /// By a value that they alone have.
    Identifier {
        /// The field.
        field: String,
        /// The value.
        value: Plaintext<String>,
    },
}

/// What is known of somebody who is looked for. It has no `Debug`.
pub struct Description {
    /// Canonical field → value.
    pub values: Identifiers,
    /// Profiles in the answer at most.
    pub limit: usize,
}

/// What the service asks of whatever stands behind it.
#[derive(Clone)]
pub struct Ports {
    /// Who may in.
    pub gate: Arc<dyn Gate>,
    /// Who somebody is.
    pub customers: Arc<dyn Customers>,
    /// Erasing people.
    pub erasures: Arc<dyn Erasures>,
    /// What data subjects ask for.
    pub requests: Arc<dyn Requests>,
    /// Answers that people take away.
    pub downloads: Arc<dyn Downloads>,
    /// What other controllers hand over.
    pub opendsr: Arc<dyn OpenDsr>,
    /// What people see and do of their own.
    pub self_service: Arc<dyn SelfService>,
    /// What people allow and refuse.
    pub consents: Arc<dyn Consents>,
    /// What is done on time.
    pub jobs: Arc<dyn Jobs>,
    /// Whether anything can be answered.
    pub health: Arc<dyn Health>,
    /// How problems are told.
    pub phrases: Arc<dyn Phrases>,
}

/// Who may in.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Who bears an API token; `None`: nobody, or no longer.
    async fn bearer_of(&self, token: &str) -> Result<Option<Caller>, Problem>;

    /// Whether the policy knows a role.
    fn knows_role(&self, role: &Role) -> bool;
}

/// Who somebody is.
#[async_trait]
pub trait Customers: Send + Sync {
    /// The customers who have one of these values, with what the caller may see of them.
    async fn find(&self, asking: &Asking, identifiers: &Identifiers) -> Result<Vec<Customer>, Problem>;

    /// The profiles that a description may be about.
    async fn resolve(&self, asking: &Asking, description: Description) -> Result<Candidates, Problem>;

    /// Why a profile is what it is.
    async fn explain(&self, asking: &Asking, profile: &str) -> Result<Explanation, Problem>;
}

/// Erasing people.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// What erasing each of them would take, without writing anything but the audit log.
    async fn plan(&self, asking: &Asking, subjects: &[Subject]) -> Result<Vec<ErasurePlan>, Problem>;

    /// Opens a request for each.
    async fn open(&self, asking: &Asking, subjects: Vec<Subject>) -> Result<Vec<Erasure>, Problem>;

    /// Every request, by number.
    async fn list(&self) -> Result<Vec<Erasure>, Problem>;

    /// One request.
    async fn get(&self, number: i64) -> Result<Erasure, Problem>;

    /// Approves a request that another account opened.
    async fn approve(&self, asking: &Asking, number: i64) -> Result<Erasure, Problem>;

    /// Calls a request back.
    async fn cancel(&self, asking: &Asking, number: i64) -> Result<Erasure, Problem>;

    /// Carries a request out, or goes on with it. `None`: it is under way; asking for it tells how far.
    async fn run(&self, asking: &Asking, number: i64) -> Result<Option<Erasure>, Problem>;

    /// The signed certificate of a request that is complete, as JSON.
    async fn certificate(&self, number: i64) -> Result<String, Problem>;

    /// Records that landed although someone erased has one of their contact points.
    async fn flagged(&self, asking: &Asking) -> Result<Vec<FlaggedRecord>, Problem>;
}

/// What waits for somebody, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Requests of data subjects that are late.
    pub requests_overdue: u64,
    /// Requests of data subjects that are due soon.
    pub requests_due_soon: u64,
    /// Recipients who have not answered that they know of an erasure or a rectification.
    pub recipients: u64,
}

/// What is done on time.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes a job for a tick; the number of its run. `None`: another instance has it.
    async fn claim(&self, job: Job, due_at: DateTime<Utc>, lease: Duration) -> Result<Option<i64>, Problem>;

    /// Renews a lease. `false`: another instance has taken the job.
    async fn renew(&self, run: i64, lease: Duration) -> Result<bool, Problem>;

    /// Does it.
    async fn perform(&self, job: Job) -> Result<(), Problem>;

    /// Ends a run; `failure` is the code of what went wrong.
    async fn finish(&self, run: i64, failure: Option<String>) -> Result<(), Problem>;

    /// What waits for somebody.
    async fn waiting(&self) -> Result<Waiting, Problem>;

    /// The latest runs, newest first.
    async fn history(&self, limit: u32) -> Result<Vec<JobRun>, Problem>;
}

/// Whether anything can be answered.
#[async_trait]
pub trait Health: Send + Sync {
    /// That the state database and the lake answer.
    async fn ready(&self) -> Result<(), Problem>;
}

/// How problems are told.
pub trait Phrases: Send + Sync {
    /// A kind of problem in a line.
    fn title(&self, kind: ProblemKind, language: Language) -> String;
}
