//! What can be typed after the commands that work on plain files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use vermeil_model::schema::BlockingRule;

#[derive(Debug, Args)]
pub struct DedupeArguments {
    #[arg(value_name = "FILE")]
    pub file: String,
    #[arg(long, default_value = "clusters.csv", value_name = "FILE")]
    pub out: PathBuf,
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    // The field may be `-`.
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = told_column, allow_hyphen_values = true)]
    pub map: Vec<ToldColumn>,
    #[arg(long, value_name = "RULE")]
    pub block: Vec<BlockingRule>,
    #[arg(long, value_name = "COLUMN")]
    pub exclusive: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[arg(long)]
    pub risk: bool,
    #[arg(id = "save-model", long, value_name = "FILE")]
    pub save_model: Option<PathBuf>,
    // Kept within bounds by the engine, which says what they are.
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
}

#[derive(Debug, Args)]
pub struct CompareNamesArguments {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[arg(long, default_value = "compared.csv", value_name = "FILE")]
    pub out: PathBuf,
    #[arg(long, value_enum, default_value_t = NamedParty::Person)]
    pub kind: NamedParty,
}

/// What names are of, where the file does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NamedParty {
    Person,
    Organisation,
}

/// What a column is told to be.
#[derive(Debug, Clone)]
pub struct ToldColumn {
    pub field: String,
    pub column: String,
}

#[derive(Debug, Args)]
pub struct SynthArguments {
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub people: u32,
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct EvaluateArguments {
    #[arg(long, value_name = "FILE")]
    pub clusters: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    #[arg(long, default_value = "record_id", value_name = "COLUMN")]
    pub id: String,
}

/// `field=column`; what stands behind the first `=` is the column, whatever it holds.
fn told_column(text: &str) -> Result<ToldColumn, &'static str> {
    let (field, column) = text.split_once('=').ok_or("FIELD=COLUMN is expected")?;
    Ok(ToldColumn { field: field.to_owned(), column: column.to_owned() })
}
