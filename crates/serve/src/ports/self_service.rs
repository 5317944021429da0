//! What people see and do of their own, without an account.

use std::num::NonZeroU32;

use async_trait::async_trait;
use vermeil_model::Plaintext;
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;
use vermeil_rights::dossier::Dossier;
use vermeil_rights::request::RequestKind;

use super::Asking;
use crate::answers::SubjectLink;
use crate::problem::Problem;

/// What says that somebody is in: the secret of their session. It has no `Debug`.
#[derive(Clone)]
pub struct SessionSecret(pub String);

/// What somebody sees of their own. It has no `Debug`.
pub struct OwnView {
    /// Everything that is kept about them.
    pub dossier: Dossier,
    /// How they can be reached, and what for.
    pub contacts: Vec<OwnContact>,
}

/// A contact point of somebody. It has no `Debug`.
pub struct OwnContact {
    /// E-mail or phone.
    pub scope: ConsentScope,
    /// The address or number.
    pub value: String,
    /// Each purpose that they have a say in, and whether they may be reached for it now.
    pub choices: Vec<(Purpose, bool)>,
}

/// What somebody says of a contact point. It has no `Debug`.
pub struct OwnConsent {
    /// E-mail or phone.
    pub scope: ConsentScope,
    /// The address or number, one of theirs.
    pub value: Plaintext<String>,
    /// What for.
    pub purpose: Purpose,
    /// Given or withdrawn.
    pub status: ConsentStatus,
}

/// What people see and do of their own. All but the first three answer [`crate::ProblemKind::Unauthenticated`] where
/// the session has ended.
#[async_trait]
pub trait SelfService: Send + Sync {
    /// Gives a link for whoever made a request of which it is sure whose it is.
    async fn invite(&self, asking: &Asking, number: i64, hours: NonZeroU32) -> Result<SubjectLink, Problem>;

    /// Uses a link up. `None`: it is none, or not any more.
    async fn enter(&self, link: &str) -> Result<Option<SessionSecret>, Problem>;

    /// Whether somebody is in.
    async fn is_in(&self, session: &SessionSecret) -> Result<bool, Problem>;

    /// What the forms of a session bear, so that no other site can send one.
    fn form_token(&self, session: &SessionSecret) -> String;

    /// Everything of theirs.
    async fn view(&self, session: &SessionSecret) -> Result<OwnView, Problem>;

    /// Sets a value right.
    async fn correct(
        &self,
        session: &SessionSecret,
        field: String,
        value: Plaintext<String>,
    ) -> Result<(), Problem>;

    /// Takes down what they say of a contact point; it holds before this returns.
    async fn consent(&self, session: &SessionSecret, said: OwnConsent) -> Result<(), Problem>;

    /// Opens a request of theirs.
    async fn ask(&self, session: &SessionSecret, kind: RequestKind) -> Result<(), Problem>;

    /// Ends a session.
    async fn leave(&self, session: &SessionSecret) -> Result<(), Problem>;
}
