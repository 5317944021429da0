//! What can be typed after `token` and `serve`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    Create(TokenCreateArguments),
    Ls,
    Revoke(TokenRevokeArguments),
}

#[derive(Debug, Args)]
pub struct TokenCreateArguments {
    #[arg(long, value_name = "ACTOR", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub actor: String,
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    #[arg(id = "expires-in", long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub expires_in: Option<u32>,
}

#[derive(Debug, Args)]
pub struct TokenRevokeArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
}
