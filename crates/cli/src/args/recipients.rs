//! What can be typed after `recipients`.

use clap::{Args, Subcommand};

use super::OfficerArguments;

#[derive(Debug, Subcommand)]
pub enum RecipientsCommand {
    Ls,
    Pending(RecipientsPendingArguments),
    Retry(RecipientsRetryArguments),
    Message(RecipientsMessageArguments),
    Receipt(RecipientsReceiptArguments),
}

#[derive(Debug, Args)]
pub struct RecipientsPendingArguments {
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct RecipientsRetryArguments {
    #[arg(long)]
    pub due: bool,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RecipientsMessageArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(value_name = "RECIPIENT")]
    pub recipient: String,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RecipientsReceiptArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(value_name = "RECIPIENT")]
    pub recipient: String,
    #[arg(long, value_name = "TEXT")]
    pub answer: String,
    #[command(flatten)]
    pub officer: OfficerArguments,
}
