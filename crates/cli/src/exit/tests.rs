use std::io;

use super::*;
use crate::error::CliError;
use crate::language::Language;

fn failure(error: CliError) -> Failure {
    error.into()
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let failure = failure(CliError::Output(io::ErrorKind::BrokenPipe.into()));
    assert_eq!(failure.exit_code(), ExitCode::SUCCESS);
    assert_eq!(failure.tell(&Catalog::new(Language::English), LogFormat::Text), None);
}

#[test]
fn an_error_is_told_with_its_cause_and_the_way_out() {
    let error = CliError::Unreadable { file: "crm.csv".into(), cause: io::Error::other("no such luck") };
    let told = failure(error).tell(&Catalog::new(Language::English), LogFormat::Text).unwrap();
    assert_eq!(
        told,
        "error: could not read crm.csv\n  cause: no such luck\n  help: check that it exists and that you may read it"
    );
}

/// As the engine wraps what `ingest` reports.
#[derive(Debug, thiserror::Error)]
#[error("source `crm` could not be read")]
struct Wrapped(#[source] IngestError);

impl Diagnose for Wrapped {
    fn diagnostic(&self) -> Option<Diagnostic> {
        self.0.diagnostic()
    }

    fn kind(&self) -> ErrorKind {
        self.0.kind()
    }
}

#[test]
fn a_cause_whose_diagnostic_is_told_is_not_told_again_in_english() {
    let error = Wrapped(IngestError::Missing { path: "crm.csv".to_owned(), nearest: None });
    let told = Failure::from(error).tell(&Catalog::new(Language::French), LogFormat::Text).unwrap();
    assert!(told.starts_with("erreur\u{a0}: il n'y a pas de fichier `crm.csv`\n  que faire"), "{told}");
}

#[test]
fn programs_get_one_object() {
    let told =
        failure(CliError::NotAnId("A")).tell(&Catalog::new(Language::French), LogFormat::Json).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["error"]["code"], "cli-not-an-id");
    assert_eq!(told["error"]["message"], "A n'est pas un identifiant");
}

#[test]
fn the_kind_of_error_is_the_exit_code() {
    assert_eq!(failure(CliError::NotAnId("A")).exit_code(), ExitCode::from(2));
    assert_eq!(failure(CliError::Input(io::ErrorKind::InvalidData.into())).exit_code(), ExitCode::from(1));
}
