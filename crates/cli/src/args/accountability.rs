//! What can be typed after `retention` and `report`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::{OfficerArguments, moment};

#[derive(Debug, Args)]
pub struct RetentionArguments {
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    Ropa,
    Breach(BreachArguments),
}

#[derive(Debug, Args)]
pub struct BreachArguments {
    #[arg(long, value_name = "PAGE")]
    pub keys: Vec<i64>,
    #[arg(long, value_name = "TABLE")]
    pub tables: Vec<String>,
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub from: Option<DateTime<Utc>>,
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub to: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}
