//! How a command ends: exit codes, and errors on standard error.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use serde_json::{Value, json};
use vermeil_audit::AuditError;
use vermeil_ingest::IngestError;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_protect::{KeyringError, ProviderError, VaultError};
use vermeil_resolve::plan::PlanError;
use vermeil_state::StateError;

use crate::args::LogFormat;
use crate::language::Catalog;

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// The configuration has problems, and finding them was the task; or some of what was asked was
    /// no question.
    Problems,
    /// What was to be verified is not as it was signed.
    Unsound,
    /// Done, but more was quarantined than the pipeline tolerates.
    QuarantinedBeyondLimit,
    /// Values were found in the clear, and finding them was the task.
    ValuesFound,
    /// Nothing was found, but not everything could be searched.
    SearchIncomplete,
    /// Something is due since yesterday or longer, and telling it was the task.
    Overdue,
    /// Done, but for some of what was asked, which this role may not.
    PartlyDenied,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Unsound => 1,
            Outcome::Problems => 2,
            Outcome::ValuesFound => 1,
            Outcome::QuarantinedBeyondLimit | Outcome::SearchIncomplete | Outcome::Overdue => 3,
            Outcome::PartlyDenied => 4,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    kind: ErrorKind,
    diagnostic: Option<Diagnostic>,
    /// The error's text and those of its causes, outermost first.
    chain: Vec<String>,
    reader_left: bool,
}

impl<E: Diagnose + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let causes = causes(&error);
        let diagnostic = error.diagnostic();
        let mut chain: Vec<String> = Vec::new();
        // Where an error tells the diagnostic of its cause, the cause's own text would repeat it.
        let told = |cause: &&&(dyn Error + 'static)| diagnostic.is_none() || diagnosed(**cause) != diagnostic;
        let texts = causes[..1].iter().chain(causes[1..].iter().filter(told));
        for text in texts.map(|cause| cause.to_string()) {
            // Some libraries repeat a cause inside the text of its effect.
            if !chain.last().is_some_and(|outer| outer.ends_with(text.as_str())) {
                chain.push(text);
            }
        }
        Self {
            kind: error.kind(),
            diagnostic,
            chain,
            reader_left: causes.iter().any(|cause| {
                cause
                    .downcast_ref::<io::Error>()
                    .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            }),
        }
    }
}

/// An error and its causes, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = vec![error];
    let mut cause = error;
    while let Some(next) = cause.source() {
        causes.push(next);
        cause = next;
    }
    causes
}

/// The diagnostic of a cause that has one of its own.
fn diagnosed(cause: &(dyn Error + 'static)) -> Option<Diagnostic> {
    fn of<E: Diagnose + 'static>(cause: &(dyn Error + 'static)) -> Option<Diagnostic> {
        cause.downcast_ref::<E>()?.diagnostic()
    }
    of::<IngestError>(cause)
        .or_else(|| of::<StateError>(cause))
        .or_else(|| of::<AuditError>(cause))
        .or_else(|| of::<KeyringError>(cause))
        .or_else(|| of::<ProviderError>(cause))
        .or_else(|| of::<VaultError>(cause))
        .or_else(|| of::<PlanError>(cause))
}

impl Failure {
    /// The exit code. Whoever reads our output may stop reading: `vermeil query … | head` is no failure.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            _ if self.reader_left => 0,
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Denied => 4,
        })
    }

    /// What goes to standard error; `None` where there is nobody to tell.
    pub fn tell(&self, catalog: &Catalog, log: LogFormat) -> Option<String> {
        if self.reader_left {
            return None;
        }
        let (headline, causes, help) = self.told(catalog);
        Some(match log {
            LogFormat::Json => self.object(catalog).to_string(),
            LogFormat::Text => {
                let mut text = catalog.message("error-headline", &[("message", headline.into())]);
                for cause in causes {
                    text.push_str("\n  ");
                    text.push_str(&catalog.message("error-cause", &[("cause", cause.into())]));
                }
                if let Some(help) = help {
                    text.push_str("\n  ");
                    text.push_str(&catalog.message("error-help", &[("help", help.into())]));
                }
                text
            }
        })
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What is told, as [`error_object`].
    pub fn object(&self, catalog: &Catalog) -> Value {
        let (headline, causes, help) = self.told(catalog);
        let code = self.diagnostic.as_ref().map_or(self.kind_name(), |diagnostic| &diagnostic.code);
        error_object(code, &headline, &causes, help)
    }

    /// Headline, causes and help.
    fn told(&self, catalog: &Catalog) -> (String, Vec<&str>, Option<String>) {
        let told = self.diagnostic.as_ref().map(|diagnostic| catalog.tell(diagnostic));
        let (headline, help) = match told {
            Some(told) => (told.headline, told.help),
            None => (self.chain[0].clone(), None),
        };
        let causes = self.chain[1..].iter().map(String::as_str);
        let causes = causes.filter(|cause| !headline.contains(cause)).collect();
        (headline, causes, help)
    }

    fn kind_name(&self) -> &'static str {
        match self.kind {
            ErrorKind::Usage => "usage",
            ErrorKind::Denied => "denied",
            ErrorKind::Failed => "failed",
        }
    }
}

/// An error as one JSON object: `{"error":{"code","message","causes","help"}}`.
pub fn error_object(code: &str, message: &str, causes: &[&str], help: Option<String>) -> Value {
    json!({ "error": { "code": code, "message": message, "causes": causes, "help": help } })
}

#[cfg(test)]
mod tests;
