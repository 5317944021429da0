//! `vermeil resolve`: who somebody is, by whatever is known of them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};

use serde::Serialize;
use serde_json::{Value, json};
use vermeil_engine::{Access, Engine, Reader, ResolveQuery, Resolved, Resolver};
use vermeil_model::Plaintext;
use vermeil_model::diagnostic::ErrorKind;

use crate::args::{Format, ResolveArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::resolve;
use crate::session::Session;

/// Answers the questions of standard input, one a line and each at once, so that whoever asks may
/// keep the command running and ask again.
///
/// A line that is no question, or that this role may not ask, is told and passed over.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ResolveArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let reader = session.reader(&arguments.reader);
    let resolver = engine.open_resolver(&reader, &*session.progress).await?;
    let mut desk = Desk { session, arguments, engine: &engine, reader: &reader, resolver };
    let mut questions = io::stdin().lock();
    if io::stdin().is_terminal() {
        session.notice(&session.catalog.text("resolve-ask"));
    }
    let mut outcome = Outcome::Done;
    for number in 1.. {
        let mut line = Vec::new();
        if questions.read_until(b'\n', &mut line).map_err(CliError::Input)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match desk.answer(&line).await {
            Ok(found) => desk.tell(output, number, &found)?,
            Err(failure) => {
                outcome = match (failure.kind(), outcome) {
                    (ErrorKind::Failed, _) => return Err(failure),
                    (ErrorKind::Denied, _) | (_, Outcome::PartlyDenied) => Outcome::PartlyDenied,
                    (ErrorKind::Usage, _) => Outcome::Problems,
                };
                desk.refuse(output, number, &failure)?;
            }
        }
        output.flush()?;
    }
    Ok(outcome)
}

/// Where questions are answered.
struct Desk<'a> {
    session: &'a Session,
    arguments: &'a ResolveArguments,
    engine: &'a Engine,
    reader: &'a Reader,
    resolver: Resolver,
}

/// An answer beside the line that asked for it.
#[derive(Serialize)]
struct Answer<'a> {
    line: u64,
    #[serde(flatten)]
    found: &'a Resolved,
}

impl Desk<'_> {
    async fn answer(&mut self, line: &[u8]) -> Result<Resolved, Failure> {
        let query = ResolveQuery {
            values: values(line)?,
            // Unless told otherwise: whoever the evidence speaks for.
            least: self.arguments.at_least.unwrap_or(self.resolver.prior()),
            limit: self.arguments.limit as usize,
        };
        if !self.engine.is_current(&self.resolver).await? {
            self.session.notice(&self.session.catalog.text("resolve-reopened"));
            self.resolver = self.engine.open_resolver(self.reader, &*self.session.progress).await?;
        }
        Ok(self.engine.resolve(&self.resolver, &query, self.reader).await?)
    }

    fn tell(&self, output: &mut Output, line: u64, found: &Resolved) -> Result<(), CliError> {
        match output.format {
            Format::Json => output.json(&Answer { line, found }),
            Format::Table => {
                let text = resolve::answer(&self.session.catalog, found);
                output.line(&text)
            }
        }
    }

    fn refuse(&self, output: &mut Output, line: u64, failure: &Failure) -> Result<(), CliError> {
        let catalog = &self.session.catalog;
        if output.format == Format::Json {
            let mut object = failure.object(catalog);
            object["line"] = json!(line);
            output.json(&object)?;
        }
        let text = failure.tell(catalog, self.session.log).unwrap_or_default();
        let arguments = [("line", line.into()), ("text", text.into())];
        self.session.notice(&catalog.message("resolve-line", &arguments));
        Ok(())
    }
}

/// What a line says of somebody. Numbers are taken as they are written, and what is null says nothing.
fn values(line: &[u8]) -> Result<BTreeMap<String, Plaintext<String>>, CliError> {
    // What JSON complains of may quote a value.
    let object: BTreeMap<String, Value> =
        serde_json::from_slice(line).map_err(|_| CliError::QueryMalformed)?;
    let text = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::String(text) => Some(Ok((name, Plaintext::new(text)))),
        Value::Number(number) => Some(Ok((name, Plaintext::new(number.to_string())))),
        _ => Some(Err(CliError::QueryMalformed)),
    };
    object.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests;
