//! What can be typed after `audit`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use vermeil_audit::Month;

use super::{ReaderArguments, moment};

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    Verify(AuditVerifyArguments),
    List(AuditListArguments),
    Key,
    Expire(AuditExpireArguments),
}

#[derive(Debug, Args)]
pub struct AuditVerifyArguments {
    /// Of another machine, say: its key is not in this pipeline's keyring.
    #[arg(value_name = "DIR", requires = "key")]
    pub folder: Option<PathBuf>,
    #[arg(long, value_name = "KEY|FILE")]
    pub key: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub remembered: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct AuditListArguments {
    #[arg(long, value_name = "N")]
    pub page: Option<i64>,
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub since: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct AuditExpireArguments {
    #[arg(long, value_name = "YYYY-MM")]
    pub before: Month,
}
