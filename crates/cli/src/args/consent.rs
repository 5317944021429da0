//! What can be typed after `consent`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vermeil_model::consent::ConsentScope;

use super::ReaderArguments;

#[derive(Debug, Subcommand)]
pub enum ConsentCommand {
    Give(ConsentSayArguments),
    Refuse(ConsentSayArguments),
    Withdraw(ConsentSayArguments),
    Object(ConsentSayArguments),
    Record(ConsentRecordArguments),
    Show(ConsentShowArguments),
    Check(ConsentCheckArguments),
    Receipt(ConsentShowArguments),
    Tcf,
}

/// A kind of contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ContactKind {
    Email,
    Phone,
}

impl From<ContactKind> for ConsentScope {
    fn from(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Email => Self::Email,
            ContactKind::Phone => Self::Phone,
        }
    }
}

/// Whom it is about. A contact point is read from standard input: it names a person.
#[derive(Debug, Args)]
pub struct ConsentSubjectArguments {
    // Kept as text: clap would repeat a malformed value, and someone may type a name here.
    #[arg(value_name = "ID", required_unless_present = "contact", conflicts_with = "contact")]
    pub id: Option<String>,
    #[arg(long, value_enum)]
    pub contact: Option<ContactKind>,
    #[arg(long, value_name = "COUNTRY", requires = "contact")]
    pub country: Option<String>,
}

#[derive(Debug, Args)]
pub struct ConsentSayArguments {
    #[command(flatten)]
    pub subject: ConsentSubjectArguments,
    #[arg(id = "for", long, value_name = "PURPOSE")]
    pub of: String,
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Option<String>,
    #[arg(id = "text-version", long, value_name = "VERSION")]
    pub text_version: Option<String>,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

/// The profiles that may be seen for a purpose, for a recipient.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[arg(long, value_name = "NAME")]
    pub recipient: String,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct ConsentRecordArguments {
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct ConsentShowArguments {
    #[command(flatten)]
    pub subject: ConsentSubjectArguments,
    #[command(flatten)]
    pub reader: ReaderArguments,
}

#[derive(Debug, Args)]
pub struct ConsentCheckArguments {
    #[command(flatten)]
    pub subject: ConsentSubjectArguments,
    #[arg(id = "for", long, value_name = "PURPOSE")]
    pub of: String,
    #[command(flatten)]
    pub reader: ReaderArguments,
}
