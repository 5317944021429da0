//! Questions on standard error, answers from a terminal, both in the user's language.

use std::io::{BufRead, Write};
use std::str::FromStr;

use vermeil_model::Diagnose;
use vermeil_model::decision::{Reason, Verdict};

use crate::error::CliError;
use crate::language::Catalog;

/// What someone answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Who the two records are.
    Verdict(Verdict),
    /// Not now.
    Skip,
    /// No more.
    Quit,
}

const REPLIES: [(&str, Reply); 4] = [
    ("review-key-same", Reply::Verdict(Verdict::Together)),
    ("review-key-different", Reply::Verdict(Verdict::Apart)),
    ("review-key-skip", Reply::Skip),
    ("review-key-quit", Reply::Quit),
];

/// Someone who is asked.
pub struct Asking<'a, R, W> {
    catalog: &'a Catalog,
    answers: R,
    questions: W,
}

impl<'a, R: BufRead, W: Write> Asking<'a, R, W> {
    pub fn new(catalog: &'a Catalog, answers: R, questions: W) -> Self {
        Self { catalog, answers, questions }
    }

    /// Asks until one of the keys is typed; whoever closes the terminal's input quits.
    pub fn verdict(&mut self) -> Result<Reply, CliError> {
        let keys = REPLIES.map(|(key, reply)| (self.catalog.text(key), reply));
        let question = self.catalog.text("review-prompt");
        loop {
            let Some(typed) = self.ask(&question)? else { return Ok(Reply::Quit) };
            let typed = typed.to_lowercase();
            match keys.iter().find(|(key, _)| *key == typed) {
                Some((_, reply)) => return Ok(*reply),
                None => self.tell(&self.catalog.text("review-not-a-key")),
            }
        }
    }

    /// Asks for a reason until it is one; an empty line takes the usual one. `None`: no more.
    pub fn reason(&mut self) -> Result<Option<Reason>, CliError> {
        let usual = self.catalog.text("review-usual-reason");
        let question = self.catalog.message("review-reason", &[("reason", usual.as_str().into())]);
        loop {
            let Some(typed) = self.ask(&question)? else { return Ok(None) };
            match Reason::from_str(if typed.is_empty() { &usual } else { &typed }) {
                Ok(reason) => return Ok(Some(reason)),
                Err(refused) => {
                    let told = refused.diagnostic().map(|diagnostic| self.catalog.tell(&diagnostic).headline);
                    self.tell(&told.unwrap_or_else(|| refused.to_string()));
                }
            }
        }
    }

    /// The line that is typed, without blanks around it.
    fn ask(&mut self, question: &str) -> Result<Option<String>, CliError> {
        // A closed standard error is no reason to stop; what is typed still decides.
        drop(write!(self.questions, "{question} ").and_then(|()| self.questions.flush()));
        let mut typed = String::new();
        match self.answers.read_line(&mut typed).map_err(CliError::Input)? {
            0 => Ok(None),
            _ => Ok(Some(typed.trim().to_owned())),
        }
    }

    fn tell(&mut self, text: &str) {
        drop(writeln!(self.questions, "{text}"));
    }
}

#[cfg(test)]
mod tests;
