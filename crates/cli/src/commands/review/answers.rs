//! Answers from a CSV file: `left,right,verdict,reason`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use vermeil_engine::{Access, Answer, AnswersError};
use vermeil_model::decision::{Reason, Verdict};
use vermeil_model::{Diagnose, RecordId};

use crate::args::Format;
use crate::commands::evaluate::unreadable;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::decisions;
use crate::session::Session;

const COLUMNS: [&str; 4] = ["left", "right", "verdict", "reason"];
/// The verdicts as files write them, whatever the user's language.
const VERDICTS: [(&str, Verdict); 2] = [("same", Verdict::Together), ("different", Verdict::Apart)];

/// Takes all answers of a file, or none; of standard input where it is `-`.
pub async fn execute(session: &Session, output: &mut Output, file: &Path) -> Result<Outcome, Failure> {
    let (answers, lines): (Vec<Answer>, Vec<u64>) = read(file)?.into_iter().unzip();
    let engine = session.engine(Access::MustExist).await?;
    let refused = |number: usize, reason: String| {
        Failure::from(CliError::AnswerRefused { file: file.to_owned(), line: lines[number], reason })
    };
    let catalog = &session.catalog;
    let taken = engine.answer(&session.environment.actor, &answers).await.map_err(|error| match error {
        AnswersError::Refused { number, cause } => {
            let told = cause.diagnostic().map(|diagnostic| catalog.tell(&diagnostic).headline);
            refused(number, told.unwrap_or_else(|| cause.to_string()))
        }
        AnswersError::Contradiction { number, others } => {
            let lines: Vec<String> = others.iter().map(|other| lines[*other].to_string()).collect();
            refused(
                number,
                catalog.message("review-contradicts-lines", &[("lines", lines.join(", ").into())]),
            )
        }
        AnswersError::Failed(cause) => cause.into(),
    })?;
    match output.format {
        Format::Json => taken.iter().try_for_each(|decision| output.json(decision))?,
        Format::Table if taken.is_empty() => output.line(&catalog.text("decisions-none"))?,
        Format::Table => {
            taken.iter().try_for_each(|decision| output.line(&decisions::one(catalog, decision)))?;
        }
    }
    Ok(Outcome::Done)
}

/// Every answer with the line on which it stands.
fn read(file: &Path) -> Result<Vec<(Answer, u64)>, CliError> {
    let malformed = |error: csv::Error| unreadable(file, error);
    let source: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => {
            let cause = |cause| CliError::Unreadable { file: file.to_owned(), cause };
            Box::new(File::open(file).map_err(cause)?)
        }
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let header = reader.headers().map_err(malformed)?.clone();
    let mut columns = [0; COLUMNS.len()];
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        let missing = || CliError::ColumnMissing { file: file.to_owned(), wanted: name.to_owned() };
        *column = header.iter().position(|own| own == name).ok_or_else(missing)?;
    }
    let mut answers = Vec::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(malformed)? {
        let line = row.position().map_or(0, csv::Position::line);
        let invalid = |column: &'static str| CliError::AnswerInvalid { file: file.to_owned(), line, column };
        let [left, right, verdict, reason] = columns.map(|column| &row[column]);
        let id = |text: &str, column| RecordId::from_str(text).map(|id| id.0).map_err(|_| invalid(column));
        let known = VERDICTS.iter().find(|(name, _)| *name == verdict);
        let answer = Answer {
            left: id(left, COLUMNS[0])?,
            right: id(right, COLUMNS[1])?,
            verdict: known.ok_or_else(|| invalid(COLUMNS[2]))?.1,
            reason: Reason::from_str(reason).map_err(|_| invalid(COLUMNS[3]))?,
        };
        answers.push((answer, line));
    }
    Ok(answers)
}
