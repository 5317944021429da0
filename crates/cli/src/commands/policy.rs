//! `vermeil policy`: what the policy files come to.

use serde::Serialize;
use vermeil_model::Diagnostic;
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::Matrix;

use crate::args::PolicyCommand;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Who sees what, and what for.
#[derive(Debug, Serialize)]
pub struct PolicyShown {
    /// The declared roles.
    pub roles: Vec<Role>,
    /// The declared purposes.
    pub purposes: Vec<Purpose>,
    /// Every role, purpose and class.
    #[serde(flatten)]
    pub matrix: Matrix,
    /// What may not be meant.
    pub notes: Vec<Diagnostic>,
}

/// Shows every role, purpose and class.
pub fn execute(session: &Session, output: &mut Output, command: &PolicyCommand) -> Result<Outcome, Failure> {
    let PolicyCommand::Show = command;
    let policy = session.config()?.policy;
    let shown = PolicyShown {
        roles: policy.roles().to_vec(),
        purposes: policy.purposes().to_vec(),
        matrix: policy.matrix(),
        notes: policy.findings(),
    };
    output.report(&shown, |shown| render::policy::render(&session.catalog, shown))?;
    Ok(Outcome::Done)
}
