//! What data subjects ask for.

use async_trait::async_trait;
use chrono::NaiveDate;
use vermeil_model::decision::Reason;
use vermeil_rights::request::{Ground, IdentityMethod, RequestKind};

use super::{Asking, Identifiers};
use crate::answers::SubjectRequest;
use crate::problem::Problem;

/// A request that somebody makes. It has no `Debug`.
pub struct NewRequest {
    /// What they ask for.
    pub kind: RequestKind,
    /// When it was received; today unless given.
    pub received: Option<NaiveDate>,
    /// Who they say they are.
    pub identifiers: Identifiers,
    /// Rectification: field → the value that it should have.
    pub set: Identifiers,
    /// Objection: to what; to every purpose that knows objection unless given.
    pub object_to: Vec<String>,
}

/// What becomes of a request, short of approving it and carrying it out.
pub enum RequestChange {
    /// It is in doubt who asks: the clock stops until they prove it.
    Pause,
    /// What was asked for came.
    Resume,
    /// Two months more.
    Extend(Reason),
    /// An erasure waits, and the person is restricted instead.
    Hold {
        /// What must be kept.
        reason: Reason,
        /// The law that says so.
        basis: Reason,
        /// The hold's last day.
        until: NaiveDate,
    },
    /// The hold ended.
    Release,
    /// It is not followed.
    Refuse {
        /// On what.
        ground: Ground,
        /// Why it is so here.
        reason: Reason,
    },
    /// It was called back.
    Cancel,
    /// A restriction ends.
    Lift {
        /// When the person was told that it would.
        told: NaiveDate,
    },
}

/// What data subjects ask for.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Opens a request. Nobody is looked up: the answer tells nothing of whether they are known.
    async fn open(&self, asking: &Asking, new: NewRequest) -> Result<SubjectRequest, Problem>;

    /// Every request, by number; of those that are `due`, only those whose last day is near or past.
    async fn list(&self, which: WhichRequests) -> Result<Vec<SubjectRequest>, Problem>;

    /// One request.
    async fn get(&self, number: i64) -> Result<SubjectRequest, Problem>;

    /// It is sure who asks; `subject` chooses one of several whom their words name.
    async fn verify(
        &self,
        asking: &Asking,
        number: i64,
        method: IdentityMethod,
        subject: Option<String>,
    ) -> Result<SubjectRequest, Problem>;

    /// Changes a request.
    async fn change(
        &self,
        asking: &Asking,
        number: i64,
        change: RequestChange,
    ) -> Result<SubjectRequest, Problem>;

    /// Approves an erasure that another account opened.
    async fn approve(&self, asking: &Asking, number: i64) -> Result<SubjectRequest, Problem>;

    /// Carries a request out, or goes on with it. `None`: it is under way.
    async fn run(&self, asking: &Asking, number: i64) -> Result<Option<SubjectRequest>, Problem>;
}

/// Which requests are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichRequests {
    /// All.
    All,
    /// Those whose last day is near or past.
    Due,
}
