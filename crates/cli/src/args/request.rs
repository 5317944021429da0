//! What can be typed after `request`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use vermeil_rights::request::{Ground, IdentityMethod, RequestKind};

use super::OfficerArguments;
use crate::language::Language;

#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    Open(RequestOpenArguments),
    Verify(RequestVerifyArguments),
    Pause(RequestNumberArguments),
    Resume(RequestNumberArguments),
    Extend(RequestExtendArguments),
    Hold(RequestHoldArguments),
    Release(RequestNumberArguments),
    Refuse(RequestRefuseArguments),
    Cancel(RequestNumberArguments),
    Approve(RequestNumberArguments),
    Run(RequestRunArguments),
    Link(RequestLinkArguments),
    Invite(RequestInviteArguments),
    Lift(RequestLiftArguments),
    Ls(RequestListArguments),
    Show(RequestShowArguments),
    Due,
}

/// Who they say they are is read from standard input: it names a person.
#[derive(Debug, Args)]
pub struct RequestOpenArguments {
    #[arg(value_name = "KIND", value_parser = one_of(RequestKind::ALL, RequestKind::as_str))]
    pub kind: RequestKind,
    #[arg(long, value_name = "DAY")]
    pub received: Option<NaiveDate>,
    #[arg(id = "object-to", long, value_name = "PURPOSE")]
    pub object_to: Vec<String>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestVerifyArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "METHOD", value_parser = one_of(IdentityMethod::ALL, IdentityMethod::as_str))]
    pub method: IdentityMethod,
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestNumberArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestExtendArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestHoldArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "DAY")]
    pub until: NaiveDate,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[arg(long, value_name = "TEXT")]
    pub basis: String,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestRefuseArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "GROUND", value_parser = one_of(Ground::ALL, Ground::as_str))]
    pub ground: Ground,
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestRunArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub letter: Option<Language>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestLinkArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<NonZeroU32>,
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub letter: Option<Language>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestInviteArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<NonZeroU32>,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestLiftArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
    #[arg(long, value_name = "DAY")]
    pub told: NaiveDate,
    #[command(flatten)]
    pub officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub struct RequestListArguments {
    #[arg(long)]
    pub open: bool,
}

#[derive(Debug, Args)]
pub struct RequestShowArguments {
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub number: i64,
}

/// One of the members of an enumeration, by name.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(all.iter().map(|member| name(*member)));
    names.map(move |typed| {
        let known = all.iter().copied().find(|member| name(*member) == typed);
        known.expect("clap takes no other")
    })
}
