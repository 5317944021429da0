//! What people allow and refuse.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_model::Plaintext;
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;

use super::Asking;
use crate::answers::{ConsentAnswer, ConsentEntry};
use crate::problem::Problem;

/// Whom a statement is about. It has no `Debug`.
pub enum ConsentSubject {
    /// One contact point.
    Contact {
        /// E-mail or phone.
        scope: ConsentScope,
        /// The address or number.
        value: Plaintext<String>,
        /// The country that a number without one is of.
        country: Option<String>,
    },
    /// The person of a record or profile.
    Id(String),
}

/// What somebody said. It has no `Debug`.
pub struct ConsentStatement {
    /// Whom it is about.
    pub subject: ConsentSubject,
    /// For what; none with what is of every purpose.
    pub purpose: Option<Purpose>,
    /// What was said.
    pub status: ConsentStatus,
    /// When it happened; now unless set.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Such as `web` or `phone`.
    pub channel: Option<String>,
    /// Which version of the text was shown.
    pub text_version: Option<String>,
    /// What proves it.
    pub proof: Option<Plaintext<String>>,
}

/// A question whether somebody may be reached. It has no `Debug`.
pub struct ConsentQuestion {
    /// Whom.
    pub subject: ConsentSubject,
    /// For what.
    pub purpose: Purpose,
}

/// What people allow and refuse.
#[async_trait]
pub trait Consents: Send + Sync {
    /// Takes statements down, all or none; they hold before this returns. The number of the first.
    async fn record(&self, asking: &Asking, statements: Vec<ConsentStatement>) -> Result<i64, Problem>;

    /// What was said of somebody, in the order in which it was taken down.
    async fn of(&self, asking: &Asking, subject: ConsentSubject) -> Result<Vec<ConsentEntry>, Problem>;

    /// Whether each may be reached, as of this moment.
    async fn check(
        &self,
        asking: &Asking,
        questions: Vec<ConsentQuestion>,
    ) -> Result<Vec<ConsentAnswer>, Problem>;
}
