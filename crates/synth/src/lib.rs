//! Synthetic customers with known truth, in the shapes of three silos.
//!
//! [`generate`] invents French people and companies, lets an ERP, a web shop and a CRM keep accounts
//! of them with the errors such silos make, and writes down which row is whose. The files: see the
//! modules `erp`, `web`, `crm` and `events`; `truth.csv` has `source,key,person_id`, where ids of
//! persons begin with `P` and those of organisations with `O`. Bad rows are nobody's.
//!
//! The word lists in `data/` belong to this crate alone: a resolver that knew the generator's
//! nicknames or abbreviations would be measured on what it was told.
//!
//! # What makes it hard
//!
//! - Namesakes: family names follow Zipf's law, given names follow generation and fashion.
//! - Households share address, landline, family name, now and then an e-mail address or a mobile;
//!   there are twins, and children named like a parent. Colleagues share a switchboard.
//! - People marry (and are known by either name), move house, change numbers and addresses;
//!   an account shows the day it was last changed, or its postal address the day it was made.
//! - Each silo errs in its own way: [`ErrorRates`] has every rate with its default.
//!
//! # How hard, against data of known truth
//!
//! Over all pairs of accounts of one person: the share whose values differ, among pairs that have
//! both; in brackets the share of all pairs in which one is missing. Case, accents and punctuation
//! are no difference. `historical_50k` is the set of historical figures with simulated errors of
//! moj-analytical-services/splink_datasets (303,961 pairs); here 6,000 people with seed 1.
//!
//! | field | historical_50k | default rates | rates `scaled(3.5)` |
//! |---|---|---|---|
//! | given name | 0.569 (0.002) | 0.393 (0) | 0.820 (0) |
//! | family name | 0.286 (0.158) | 0.292 (0) | 0.691 (0) |
//! | birth date | 0.491 (0.413) | 0.204 (0.609) | 0.544 (0.609) |
//! | postal code | 0.406 (0.416) | 0.188 (0.295) | 0.308 (0.263) |
//! | gender | 0.084 (0.406) | 0.042 (0.733) | 0.040 (0.718) |
//! | occupation | 0.141 (0.671) | 0 (0.988) | 0 (0.990) |
//! | e-mail | | 0.170 (0.367) | 0.244 (0.377) |
//! | phone | | 0.123 (0.446) | 0.275 (0.448) |
//!
//! By default family names differ as often as there. The rest is easier by default, in this and why:
//!
//! - Family names are never missing here: silos refuse an account without one.
//! - Given names: many differences there are titles (`sir`, `captain`) or another of several given
//!   names, as an encyclopaedia has them. Here they are diminutives, initials, halves of compound
//!   names, second names and slips.
//! - Birth dates: two of five there are a first of January, where only the year is known, and
//!   digits are altered until some dates are none (`1857-12-33`), which here would be quarantined.
//!   Customers know theirs; but more accounts have none, so fewer pairs can lean on it.
//! - Postal codes: the British ones there name a few houses, and are often a neighbour's. A
//!   French one names a town; here people move and clerks mistype.
//! - Gender is a title, which the shop does not ask for. Occupation stands in the CRM alone: as
//!   evidence it is worth next to nothing, and any score that leans on it is wrong.
//! - E-mail and phone exist here only, and where they are equal nothing is stronger.
//!
//! It is harder in this: households share contact points; a person has two accounts or three
//! rather than ten, so there is less to join a cluster by; organisations stand among the people.
//!
//! With `scaled(3.5)` given names, family names and birth dates differ at least as often as there;
//! missing values are not scaled. Tests hold both columns to these figures. No score on this data
//! should be read as a score on that.

use std::io;
use std::path::Path;

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::chance::Chance;
use crate::people::{Person, Population};
use crate::silo::{Rows, Silo, digits_key, truth_row};

pub use rates::{ErrorRates, SiloRates};
pub use truth::{Truth, truth};

mod account;
mod chance;
mod contact;
mod crm;
mod erp;
mod events;
mod people;
mod pools;
mod rates;
mod silo;
mod spoil;
mod truth;
mod web;

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How many persons; one organisation comes with every twenty.
    pub people: u32,
    /// The same seed, people and rates give the same bytes.
    pub seed: u64,
    /// How often each kind of error occurs.
    pub rates: ErrorRates,
}

impl Settings {
    /// So many people, with the default error rates.
    pub fn new(people: u32, seed: u64) -> Self {
        Self { people, seed, rates: ErrorRates::default() }
    }
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Persons with at least one account.
    pub people: u64,
    /// Organisations.
    pub organisations: u64,
    /// Rows of `truth.csv`: accounts that keep their contract, each counted once.
    pub accounts: u64,
    /// `erp.csv`.
    pub erp: SourceSummary,
    /// `web.ndjson`.
    pub web: SourceSummary,
    /// `crm.csv`.
    pub crm: SourceSummary,
    /// `orders.ndjson`.
    pub orders: SourceSummary,
}

/// What one file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceSummary {
    /// Every row, the two below included; header lines are none.
    pub rows: u64,
    /// Rows that repeat another byte for byte.
    pub duplicates: u64,
    /// Rows that break their contract: cut short, an impossible date, or no key.
    pub bad: u64,
}

/// Silos could not be written, or the truth not be read.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The folder could not be made.
    #[error("could not make the folder `{folder}`")]
    Folder {
        /// As the caller named it.
        folder: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// A file could not be written.
    #[error("could not write `{file}`")]
    Write {
        /// Its name within the folder.
        file: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The truth could not be read.
    #[error("could not read `{file}`")]
    Read {
        /// Its name within the folder.
        file: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// A line of the truth has not three fields.
    #[error("{file}:{line}: expected `source,key,person_id`")]
    Truth {
        /// Its name within the folder.
        file: String,
        /// From 1.
        line: u64,
    },
}

impl Diagnose for SynthError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Folder { folder, cause } => {
                Diagnostic::new("synth-folder").with("folder", folder).with("cause", cause)
            }
            Self::Write { file, cause } => {
                Diagnostic::new("synth-write").with("file", file).with("cause", cause)
            }
            Self::Read { file, cause } => {
                Diagnostic::new("synth-truth-read").with("file", file).with("cause", cause)
            }
            Self::Truth { file, line } => {
                Diagnostic::new("synth-truth-malformed").with("file", file).with("line", line)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}

/// Writes `erp.csv`, `web.ndjson`, `crm.csv`, `orders.ndjson` and `truth.csv` into the folder
/// `out`, which is made if it is missing; files of those names are replaced.
///
/// Memory does not grow with the number of people.
///
/// # Errors
/// [`SynthError::Folder`] and [`SynthError::Write`] say what the disk refused.
pub fn generate(settings: &Settings, out: &Path) -> Result<Summary, SynthError> {
    std::fs::create_dir_all(out)
        .map_err(|cause| SynthError::Folder { folder: out.display().to_string(), cause })?;
    let mut silos = Silos::create(settings, out)?;
    let mut population = Population::new(settings.seed);
    let (mut people, mut organisations) = (0u32, 0u32);
    while people < settings.people {
        for person in population.household() {
            if people == settings.people {
                break;
            }
            people += 1;
            silos.add_person(&person, &population)?;
        }
        while organisations < people / 20 {
            organisations += 1;
            silos.add_organisation(&mut population)?;
        }
    }
    silos.finish(people.into(), organisations.into())
}

struct Silos<'a> {
    rates: &'a ErrorRates,
    // Not the population's: other error rates must not change who exists.
    chance: Chance,
    erp: Silo,
    web: Silo,
    crm: Silo,
    orders: Rows,
    events: u64,
    truth: Rows,
}

impl<'a> Silos<'a> {
    fn create(settings: &'a Settings, out: &Path) -> Result<Self, SynthError> {
        let rates = &settings.rates;
        let rows = |name, header| Rows::create(out, name, header);
        Ok(Self {
            rates,
            chance: Chance::new(settings.seed ^ 0x5110_5110_5110_5110),
            erp: Silo::new(
                "erp",
                &rates.erp,
                rows("erp.csv", erp::HEADER)?,
                |position, _| digits_key(position, 10),
                erp::row,
            ),
            web: Silo::new(
                "web",
                &rates.web,
                rows("web.ndjson", "")?,
                |position, _| format!("u{}", digits_key(position, 8)),
                web::row,
            ),
            crm: Silo::new(
                "crm",
                &rates.crm,
                rows("crm.csv", crm::HEADER)?,
                |_, chance| chance.uuid(),
                crm::row,
            ),
            orders: rows("orders.ndjson", "")?,
            events: 0,
            truth: rows(truth::FILE, "source,key,person_id\n")?,
        })
    }

    /// About 1.0 accounts in the ERP, 0.75 in the shop and 0.6 in the CRM; at least one in all.
    fn add_person(&mut self, person: &Person, population: &Population) -> Result<(), SynthError> {
        let chance = &mut self.chance;
        let mut in_erp = chance.position(&[0.15, 0.72, 0.11]);
        // An account at the shop is an e-mail address and a password.
        let in_web = if person.emails.is_empty() { 0 } else { chance.position(&[0.29, 0.59, 0.10]) };
        let in_crm = chance.position(&[0.48, 0.45, 0.06]);
        if in_erp + in_web + in_crm == 0 {
            in_erp = 1;
        }
        for _ in 0..in_erp {
            let (key, account) = self.erp.add(person, &mut self.truth, self.rates, &mut self.chance)?;
            self.add_events(&key, account.created, population)?;
        }
        let chance = &mut self.chance;
        for _ in 0..in_web {
            self.web.add(person, &mut self.truth, self.rates, chance)?;
        }
        for _ in 0..in_crm {
            self.crm.add(person, &mut self.truth, self.rates, chance)?;
        }
        Ok(())
    }

    fn add_organisation(&mut self, population: &mut Population) -> Result<(), SynthError> {
        let organisation = population.organisation();
        for _ in 0..1 + self.chance.position(&[0.8, 0.17]) {
            let key = self.erp.next_key(&mut self.chance);
            let row = erp::organisation_row(&key, &organisation, &self.rates.erp, &mut self.chance);
            self.erp.rows.add(row, self.rates, &mut self.chance)?;
            self.truth.add_once(truth_row("erp", &key, &organisation.id), &mut self.chance)?;
        }
        Ok(())
    }

    fn add_events(
        &mut self,
        account_key: &str,
        since: chrono::NaiveDateTime,
        population: &Population,
    ) -> Result<(), SynthError> {
        events::add_events(
            &mut self.orders,
            &mut self.events,
            (account_key, since),
            (population.pools(), self.rates),
            &mut self.chance,
        )
    }

    fn finish(mut self, people: u64, organisations: u64) -> Result<Summary, SynthError> {
        let chance = &mut self.chance;
        Ok(Summary {
            people,
            organisations,
            accounts: self.truth.finish(chance)?.rows,
            erp: self.erp.rows.finish(chance)?,
            web: self.web.rows.finish(chance)?,
            crm: self.crm.rows.finish(chance)?,
            orders: self.orders.finish(chance)?,
        })
    }
}

#[cfg(test)]
mod tests;
