//! What can be typed after `token` and `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

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

#[derive(Debug, Args)]
pub struct ServeArguments {
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    #[arg(id = "tls-cert", long, value_name = "FILE", requires = "tls-key")]
    pub tls_cert: Option<PathBuf>,
    #[arg(id = "tls-key", long, value_name = "FILE", requires = "tls-cert")]
    pub tls_key: Option<PathBuf>,
    #[arg(long, conflicts_with = "tls-cert")]
    pub insecure: bool,
}
