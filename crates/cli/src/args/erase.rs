//! What can be typed after `erase` and `prove`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum EraseCommand {
    Open(EraseOpenArguments),
    Approve(EraseNumberArguments),
    Cancel(EraseNumberArguments),
    Run(EraseRunArguments),
    Status(EraseStatusArguments),
    Certificate(EraseCertificateArguments),
    Flagged(OfficerArguments),
}

/// Who erases, and why: whoever may open every class.
#[derive(Debug, Args)]
pub struct OfficerArguments {
    #[arg(long, default_value = "dpo", value_name = "ROLE")]
    pub role: String,
    #[arg(long, default_value = "data_subject_rights", value_name = "PURPOSE")]
    pub purpose: String,
}

/// The value of a field is read from standard input: it names a person.
#[derive(Debug, Args)]
pub struct EraseOpenArguments {
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(value_name = "ID", required_unless_present = "field", conflicts_with = "field")]
    pub ids: Vec<String>,
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    #[arg(id = "dry-run", long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct EraseNumberArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct EraseRunArguments {
    #[arg(value_name = "N", required_unless_present = "all", conflicts_with = "all", value_parser = clap::value_parser!(i64).range(1..))]
    pub numbers: Vec<i64>,
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct EraseStatusArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: Option<i64>,
}

#[derive(Debug, Args)]
pub struct EraseCertificateArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
}

#[derive(Debug, Args)]
pub struct ProveArguments {
    #[arg(long, value_name = "FILE", required_unless_present = "package", conflicts_with = "package")]
    pub certificate: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub package: Option<PathBuf>,
    #[arg(id = "public-key", long, value_name = "KEY|FILE")]
    pub public_key: Option<String>,
}
