//! What can be typed.
//!
//! Help texts are not here but in the message files, under `help-<command>-<argument>`:
//! see [`crate::help`], which puts them in.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use vermeil_engine::Stage;
use vermeil_model::{Bits, Probability};

use crate::language::Language;

mod accountability;
mod audit;
mod consent;
mod erase;
mod files;
mod recipients;
mod request;
mod service;

pub use accountability::*;
pub use audit::*;
pub use consent::*;
pub use erase::*;
pub use files::*;
pub use recipients::*;
pub use request::*;
pub use service::*;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "vermeil", version)]
pub struct Arguments {
    #[command(flatten)]
    pub global: GlobalArguments,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub struct GlobalArguments {
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Language>,
    #[arg(short, long, global = true, default_value = ".", value_name = "DIR|FILE")]
    pub pipeline: PathBuf,
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
}

/// How progress and errors are written to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(DemoArguments),
    Init(InitArguments),
    Check,
    #[command(subcommand)]
    Policy(PolicyCommand),
    Plan(PlanArguments),
    Run(RunArguments),
    Status,
    Query(QueryArguments),
    Export(ExportArguments),
    Exports,
    Explain(ExplainArguments),
    Find(FindArguments),
    Resolve(ResolveArguments),
    Review(ReviewArguments),
    Merge(PairArguments),
    Split(SplitArguments),
    NeverLink(PairArguments),
    Undo(UndoArguments),
    Decisions,
    Rectify(RectifyArguments),
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    #[command(subcommand)]
    Audit(AuditCommand),
    Dedupe(DedupeArguments),
    CompareNames(CompareNamesArguments),
    Synth(SynthArguments),
    Evaluate(EvaluateArguments),
    LeakScan(LeakScanArguments),
    #[command(subcommand)]
    Consent(ConsentCommand),
    #[command(subcommand)]
    Erase(EraseCommand),
    #[command(subcommand)]
    Request(RequestCommand),
    #[command(subcommand)]
    Recipients(RecipientsCommand),
    Retention(RetentionArguments),
    #[command(subcommand)]
    Report(ReportCommand),
    Prove(ProveArguments),
    Optimize,
    RestoreDrill(RestoreDrillArguments),
    #[command(subcommand)]
    Keys(KeysCommand),
    #[command(subcommand)]
    Model(ModelCommand),
    #[command(subcommand)]
    Token(TokenCommand),
    Serve(ServeArguments),
    Completions(CompletionsArguments),
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    #[arg(long, default_value = "vermeil-demo", value_name = "DIR")]
    pub dir: PathBuf,
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub people: u32,
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct RestoreDrillArguments {
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    #[arg(long, value_name = "DIR")]
    pub lake: PathBuf,
}

#[derive(Debug, Args)]
pub struct InitArguments {
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub examples: u32,
    #[arg(id = "refresh-model", long)]
    pub refresh_model: bool,
}

#[derive(Debug, Args)]
pub struct RunArguments {
    #[arg(long, value_name = "STAGE", default_value = Stage::Publish.as_str(), value_parser = stage_parser())]
    pub until: Stage,
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// Who reads, and why.
#[derive(Debug, Args)]
pub struct ReaderArguments {
    #[arg(long, default_value = "analyst", value_name = "ROLE")]
    pub role: String,
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: Option<String>,
}

#[derive(Debug, Args)]
pub struct QueryArguments {
    /// Read from standard input where absent or `-`: a statement may name a person,
    /// and command lines stand in process lists and shell histories.
    #[arg(value_name = "SQL")]
    pub sql: Option<String>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(value_name = "A")]
    pub left: String,
    #[arg(value_name = "B")]
    pub right: Option<String>,
    #[arg(long, value_name = "FILE", requires = "right")]
    pub svg: Option<PathBuf>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct ReviewArguments {
    #[arg(long)]
    pub list: bool,
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "limit", "reason"])]
    pub answers: Option<PathBuf>,
    #[arg(long, value_name = "TEXT", conflicts_with = "list")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

/// Two profiles, or the records or profiles that two ids stand for.
#[derive(Debug, Args)]
pub struct PairArguments {
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(value_name = "A")]
    pub left: String,
    #[arg(value_name = "B")]
    pub right: String,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct SplitArguments {
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    #[arg(value_name = "RECORD", required = true)]
    pub records: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct UndoArguments {
    #[arg(value_name = "DECISION", value_parser = clap::value_parser!(i64).range(1..))]
    pub decision: i64,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// The value is read from standard input: it names a person.
#[derive(Debug, Args)]
pub struct FindArguments {
    #[arg(value_name = "FIELD")]
    pub field: String,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

/// The value is read from standard input: it names a person.
#[derive(Debug, Args)]
pub struct RectifyArguments {
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(value_name = "ID")]
    pub id: String,
    #[arg(value_name = "FIELD")]
    pub field: String,
    #[arg(long)]
    pub withdraw: bool,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

/// Queries are read from standard input: they name people.
#[derive(Debug, Args)]
pub struct ResolveArguments {
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[arg(id = "at-least", long, value_name = "P|BITS", value_parser = least, allow_hyphen_values = true)]
    pub at_least: Option<Bits>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    Show,
}

#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    Ls,
    Show(QuarantineShowArguments),
    Replay,
}

#[derive(Debug, Args)]
pub struct QuarantineShowArguments {
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    Show,
    Refresh(RefreshArguments),
}

#[derive(Debug, Args)]
pub struct RefreshArguments {
    #[arg(id = "dry-run", long)]
    pub dry_run: bool,
    #[arg(id = "with-decisions", long)]
    pub with_decisions: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    Status,
    Rotate,
    Rewrap(RewrapArguments),
    DestroyGeneration(DestroyGenerationArguments),
}

#[derive(Debug, Args)]
pub struct RewrapArguments {
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub struct DestroyGenerationArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub generation: u32,
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct LeakScanArguments {
    #[arg(value_name = "DIR", required_unless_present = "write-corpus")]
    pub dir: Option<PathBuf>,
    /// A file, not the command line: that stands in process lists and shell histories.
    #[arg(long, value_name = "FILE", required_unless_present = "write-corpus")]
    pub values: Option<PathBuf>,
    #[arg(id = "write-corpus", long, value_name = "DIR", conflicts_with_all = ["dir", "values"])]
    pub write_corpus: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompletionsArguments {
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// The language that `--lang` asks for, before anything else is understood:
/// help and mistakes are told in it too.
pub fn typed_language(typed: &[OsString]) -> Option<Language> {
    Language::from_str(&typed_value(typed, "--lang")?, false).ok()
}

/// The log format that `--log` asks for, where the command line as a whole is wrong.
pub fn typed_log(typed: &[OsString]) -> LogFormat {
    typed_value(typed, "--log")
        .and_then(|value| LogFormat::from_str(&value, false).ok())
        .unwrap_or(LogFormat::Text)
}

fn typed_value(typed: &[OsString], option: &str) -> Option<String> {
    let mut words = typed.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    while let Some(word) = words.next() {
        if word == option {
            return words.next().map(|value| value.into_owned());
        }
        if let Some(value) = word.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.to_owned());
        }
    }
    None
}

/// A probability above 0 and below 1, or bits of evidence with their unit, such as `3.5bits`.
fn least(text: &str) -> Result<Bits, &'static str> {
    const EXPECTED: &str = "a probability or a number of bits is expected, such as 0.9 or 3.5bits";
    if let Some(bits) = text.strip_suffix("bits") {
        let bits: f64 = bits.trim_end().parse().map_err(|_| EXPECTED)?;
        return bits.is_finite().then_some(Bits(bits)).ok_or(EXPECTED);
    }
    let probability: f64 = text.parse().map_err(|_| EXPECTED)?;
    (probability > 0.0 && probability < 1.0).then(|| Probability(probability).to_bits()).ok_or(EXPECTED)
}

/// A day, or a moment of RFC 3339.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    let day = || NaiveDate::from_str(text).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc()).or_else(|_| day())
}

fn stage_parser() -> impl TypedValueParser<Value = Stage> {
    PossibleValuesParser::new(Stage::ALL.map(Stage::as_str)).map(|name| {
        Stage::ALL
            .into_iter()
            .find(|stage| stage.as_str() == name)
            .expect("the parser lets only names of stages through")
    })
}

#[cfg(test)]
mod tests;
