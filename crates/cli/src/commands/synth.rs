//! `vermeil synth`: silos of invented customers with known truth.

use serde::Serialize;
use vermeil_synth::{Settings, Summary};

use crate::args::SynthArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Writes the silos.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &SynthArguments,
) -> Result<Outcome, Failure> {
    let settings = Settings::new(arguments.people, arguments.seed);
    let made = SynthReport::from(vermeil_synth::generate(&settings, &arguments.out)?);
    output.report(&made, |made| render::synth::render(&session.catalog, made, &arguments.out))?;
    Ok(Outcome::Done)
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct SynthReport {
    /// Persons with at least one account.
    pub people: u64,
    /// Organisations.
    pub organisations: u64,
    /// Accounts that keep their contract: the rows of the truth.
    pub accounts: u64,
    /// Each file of a silo.
    pub files: Vec<SynthFile>,
}

/// One file of a silo.
#[derive(Debug, Serialize)]
pub struct SynthFile {
    /// Its name.
    pub file: &'static str,
    /// Every row, the two below included.
    pub rows: u64,
    /// Rows that repeat another.
    pub duplicates: u64,
    /// Rows that break their contract.
    pub bad: u64,
}

impl From<Summary> for SynthReport {
    fn from(summary: Summary) -> Self {
        let files = [
            ("erp.csv", summary.erp),
            ("web.ndjson", summary.web),
            ("crm.csv", summary.crm),
            ("orders.ndjson", summary.orders),
        ];
        Self {
            people: summary.people,
            organisations: summary.organisations,
            accounts: summary.accounts,
            files: files
                .map(|(file, silo)| SynthFile {
                    file,
                    rows: silo.rows,
                    duplicates: silo.duplicates,
                    bad: silo.bad,
                })
                .into(),
        }
    }
}
