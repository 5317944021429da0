//! Pairs of names that people have judged: what `vermeil compare-names` decides about them.
//!
//! The scorer was tuned on half of the pairs, those whose two names, sorted and joined by U+001F, have a
//! SHA-256 that starts with an even byte; the other half was only counted.

use std::{fs, path::Path, process::Command};

use super::{csv, output_of, text_of};
use crate::smoke::TemporaryFolder;

/// Its folder.
pub const NAME: &str = "opensanctions_name_pairs";

/// F1 of the best peer, OpenSanctions' logic-v2 on these pairs, and what is to be reached.
const PEER_PERSON: f64 = 0.742;
const PEER_COMPANY: f64 = 0.856;
const REACH_PERSON: f64 = 0.80;
const REACH_COMPANY: f64 = 0.88;

/// How decisions about names of persons and of organisations came out.
#[derive(Debug, Default, PartialEq)]
pub struct NameFigures {
    person: Decisions,
    company: Decisions,
}

/// Decisions beside the truth.
#[derive(Debug, Default, PartialEq)]
struct Decisions {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Decisions {
    fn add(&mut self, is_match: bool, decided: bool) {
        self.right += u32::from(is_match && decided);
        self.wrong += u32::from(!is_match && decided);
        self.missed += u32::from(is_match && !decided);
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    fn f1(&self) -> f64 {
        2.0 * f64::from(self.right) / f64::from((2 * self.right + self.wrong + self.missed).max(1))
    }
}

impl NameFigures {
    /// What is kept, by name.
    pub fn kept(&self) -> [(&'static str, f64); 6] {
        [
            ("company_f1", self.company.f1()),
            ("company_precision", self.company.precision()),
            ("company_recall", self.company.recall()),
            ("person_f1", self.person.f1()),
            ("person_precision", self.person.precision()),
            ("person_recall", self.person.recall()),
        ]
    }

    /// The lines of a table.
    pub fn rows(&self) -> String {
        let row = |label: &str, decisions: &Decisions, peer: f64, reach: f64| {
            let verdict = if decisions.f1() >= reach { "reached" } else { "NOT REACHED" };
            format!(
                "  {label:<22} {:>9.4} {:>9.4} {:>9.4}  logic-v2: {peer:.3}; to reach {reach:.2}: {verdict}",
                decisions.precision(),
                decisions.recall(),
                decisions.f1()
            )
        };
        let person = row("persons", &self.person, PEER_PERSON, REACH_PERSON);
        let company = row("organisations", &self.company, PEER_COMPANY, REACH_COMPANY);
        format!("{NAME}, decisions about pairs\n{person}\n{company}")
    }
}

/// Lets the program decide, and judges it.
///
/// # Errors
/// A file cannot be read, or the program fails.
pub fn measure(program: &Path, data: &Path) -> Result<NameFigures, String> {
    let folder = TemporaryFolder::create("vermeil-quality")
        .map_err(|cause| format!("no temporary folder: {cause}"))?;
    let (cases, decisions) = (data.join("cases.csv"), folder.0.join("compared.csv"));
    output_of(
        Command::new(program)
            .args(["compare-names", "--format", "json", "--out"])
            .arg(&decisions)
            .arg(&cases),
    )?;
    let decisions =
        fs::read_to_string(&decisions).map_err(|cause| format!("{}: {cause}", decisions.display()))?;
    judge(&text_of(&cases)?, &decisions)
}

/// Decisions beside the truth; names of what is neither person nor organisation are left out.
///
/// # Errors
/// A column is missing, or there are not as many decisions as pairs.
pub fn judge(cases: &str, decisions: &str) -> Result<NameFigures, String> {
    let (cases, decisions) = (csv::rows(cases), csv::rows(decisions));
    let column = |rows: &[Vec<String>], name: &str| {
        let header = rows.first().ok_or_else(|| format!("{NAME}: an empty file"))?;
        header.iter().position(|found| found == name).ok_or_else(|| format!("{NAME}: no column `{name}`"))
    };
    let (schema, truth) = (column(&cases, "schema")?, column(&cases, "is_match")?);
    let decided = column(&decisions, "is_match")?;
    if cases.len() != decisions.len() {
        return Err(format!("{NAME}: {} rows, but {} decisions", cases.len(), decisions.len()));
    }
    let mut figures = NameFigures::default();
    for (case, decision) in cases.iter().zip(&decisions).skip(1) {
        let judged = match case[schema].as_str() {
            "Person" => &mut figures.person,
            "Vessel" => continue,
            _ => &mut figures.company,
        };
        judged.add(case[truth] == "true", decision[decided] == "true");
    }
    Ok(figures)
}
