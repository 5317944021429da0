//! `vermeil check`: validates the pipeline and reaches its sources.

use serde::Serialize;
use vermeil_engine::CheckReport;
use vermeil_model::{Diagnose, Diagnostic};

use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// What stands in the way of a run, and each source.
    #[serde(flatten)]
    pub report: CheckReport,
    /// What stands in nobody's way and may not be meant.
    pub notes: Vec<Diagnostic>,
}

/// Shows what stands in the way of a run, and each source's fields.
pub async fn execute(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let (config, wrong_policies) = session.config_to_check()?;
    let mut report = vermeil_engine::check(&config).await;
    let notes = match &wrong_policies {
        None => {
            let mut notes = config.policy.findings();
            notes.extend(vermeil_engine::purposes_without_basis(&config));
            notes
        }
        Some(errors) => {
            report.problems.extend(errors.iter().filter_map(Diagnose::diagnostic));
            Vec::new()
        }
    };
    let checked = Checked { report, notes };
    output.report(&checked, |checked| render::check::render(&session.catalog, checked))?;
    Ok(if checked.report.problems.is_empty() { Outcome::Done } else { Outcome::Problems })
}
