//! How the demo ends: one of the invented customers withdraws consent and is gone from the next export, then
//! asks to be erased. The demo looks for them before and after, in the ways that must find nothing.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;

use arrow::array::AsArray;
use serde::{Deserialize, Serialize};
use vermeil_audit::SignedCertificate;
use vermeil_engine::{
    Access, Circumstances, ConsentStatement, ConsentSubject, Engine, EngineConfig, LookBackReport,
    PublishedAccount, Reader, Subject, WhichErasures,
};
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::decision::Reason;
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{Plaintext, ProfileId};

use crate::error::CliError;
use crate::exit::Failure;
use crate::session::Session;

/// The tables.
pub const LAKE: &str = "lake";
/// Exports, before and after.
pub const EXPORTS: &str = "exports";
/// The lake as it was before the erasure.
pub const BACKUP: &str = "backup";
/// The certificate of the erasure.
pub const CERTIFICATE: &str = "certificate.json";

/// Reads Parquet files without knowing what wrote them.
const FOREIGN_READERS: &str = include_str!("foreign_readers.py");

/// For whom the demo exports.
const RECIPIENT: &str = "mailer";

/// Who approves, beside the account that runs the demo and asks.
const SECOND_ACCOUNT: &str = "second-account";

/// Among how many recipients of mail the demo looks for one of many accounts.
const CANDIDATES: usize = 50;

/// What happened to one customer.
#[derive(Serialize)]
pub struct Ending {
    /// For what was exported.
    pub purpose: String,
    /// For whom.
    pub recipient: String,
    /// Profiles in the export before the withdrawal.
    pub exported_before: u64,
    /// And in the one after it.
    pub exported_after: u64,
    /// Whether the address of whoever withdrew is in the one after it.
    pub is_in_export_after: bool,
    /// The number of the request for erasure.
    pub erasure: i64,
    /// Its status.
    pub status: String,
    /// Records of the erased person.
    pub records: u64,
    /// Recipients that were told, and answered.
    pub recipients_told: u64,
    /// Seconds from beginning the erasure until no sealed value opened any more.
    pub unreadable_after: f64,
    /// Seconds that it took in all.
    pub seconds: f64,
    /// What was found of them while they were there.
    pub before: Found,
    /// What was found after the erasure.
    pub after: Found,
    /// The certificate's file, whose signature holds.
    pub certificate: String,
}

impl Ending {
    /// Whether the withdrawal held and nothing of the erased person is found or opens.
    pub fn is_as_promised(&self) -> bool {
        let Found { foreign, versions, backup } = &self.after;
        let left = [foreign.pyarrow, foreign.duckdb, Some(versions.rows), Some(backup.rows_with_key)];
        let is_gone = left.into_iter().flatten().all(|rows| rows == 0);
        !self.is_in_export_after && self.status == "complete" && is_gone
    }
}

/// What several readers find of one person.
#[derive(Serialize)]
pub struct Found {
    /// Rows in files below the lake, as other programs read them.
    #[serde(flatten)]
    pub foreign: ForeignFound,
    /// In every version of every table.
    pub versions: LookBackReport,
    /// The same in the lake as it was before the erasure, beside the keys of today.
    pub backup: LookBackReport,
}

/// Rows that other programs find; `None` where they are not installed.
#[derive(Default, Serialize, Deserialize)]
pub struct ForeignFound {
    /// pyarrow.
    pub pyarrow: Option<u64>,
    /// DuckDB.
    pub duckdb: Option<u64>,
}

/// One customer, as the demo meets them. Personal: no `Debug`.
struct Customer {
    email: String,
    ids: Vec<u128>,
    records: u64,
    profile: ProfileId,
}

/// Exports, withdraws, exports again, erases, and looks for what is left; `None` where nobody but `spared` may
/// be written to.
pub async fn play(
    session: &Session,
    (engine, config): (&Engine, EngineConfig),
    (accounts, spared): (&[PublishedAccount], Option<ProfileId>),
    folder: &Path,
) -> Result<Option<Ending>, Failure> {
    let actor = session.environment.actor.as_str();
    let marketer = reader(actor, "marketer", "marketing");
    let officer = reader(actor, "dpo", "data_subject_rights");
    let exports = folder.join(EXPORTS);
    fs::create_dir_all(&exports).map_err(|cause| unwritable(&exports, cause))?;

    let exported_before = engine.export(RECIPIENT, &exports.join("before.csv"), &marketer).await?;
    let others: Vec<_> = accounts.iter().filter(|account| Some(account.profile) != spared).collect();
    let Some(customer) = customer(engine, &marketer, &officer, &others).await? else { return Ok(None) };
    let withdrawal = ConsentStatement {
        subject: ConsentSubject::Contact {
            scope: ConsentScope::Email,
            value: Plaintext::new(customer.email.clone()),
            country: None,
        },
        purpose: marketer.purpose.clone(),
        status: ConsentStatus::Withdrawn,
        occurred_at: None,
        expires_at: None,
        circumstances: Circumstances::default(),
    };
    engine.record_consents(&[withdrawal], &marketer).await?;
    let exported_after = engine.export(RECIPIENT, &exports.join("after.csv"), &marketer).await?;
    let is_in_export_after = addresses(engine, &marketer).await?.contains(&customer.email);

    let (lake, backup) = (folder.join(LAKE), folder.join(BACKUP));
    copy(&lake, &backup).map_err(|cause| unwritable(&backup, cause))?;
    // The lake as it was, beside the state database as it is.
    let mut old = config;
    old.pipeline.lake = BACKUP.to_owned();
    let old = Engine::open(old, Access::MustExist).await?;
    let before = found((engine, &old), &lake, &customer.ids, &officer).await?;

    let opened = engine.open_erasures(&[Subject::Id(customer.profile.0)], &officer).await?;
    let number = opened[0].number;
    engine.approve_erasure(number, &Reader { actor: SECOND_ACCOUNT.to_owned(), ..officer.clone() }).await?;
    let which = WhichErasures::Numbered(vec![number]);
    let ran = engine.run_erasures(&which, &officer, &*session.progress).await?;
    // Whoever received them is told: with the last answer the erasure is complete.
    let told = engine.pending_deliveries().await?;
    for delivery in &told {
        let answer = Reason::from_str("deleted on our side")?;
        engine.enter_receipt(delivery.notice, &delivery.recipient, &answer, &officer).await?;
    }
    let after = found((engine, &old), &lake, &customer.ids, &officer).await?;

    let certificate = folder.join(CERTIFICATE);
    let text = engine.erasure_certificate(number).await?;
    SignedCertificate::verify(&text, engine.audit_key())?;
    fs::write(&certificate, text).map_err(|cause| unwritable(&certificate, cause))?;
    Ok(Some(Ending {
        purpose: exported_before.purpose,
        recipient: exported_before.recipient,
        exported_before: exported_before.profiles.unwrap_or_default(),
        exported_after: exported_after.profiles.unwrap_or_default(),
        is_in_export_after,
        erasure: number,
        status: engine.erasure(number).await?.status,
        records: customer.records,
        recipients_told: told.len() as u64,
        unreadable_after: ran.unreadable_after,
        seconds: ran.seconds,
        before,
        after,
        certificate: certificate.display().to_string(),
    }))
}

fn reader(actor: &str, role: &str, purpose: &str) -> Reader {
    Reader {
        actor: actor.to_owned(),
        role: Role(role.to_owned()),
        purpose: Some(Purpose(purpose.to_owned())),
    }
}

/// Of those who may be written to, the one person behind an address who has the most accounts.
async fn customer(
    engine: &Engine,
    marketer: &Reader,
    officer: &Reader,
    accounts: &[&PublishedAccount],
) -> Result<Option<Customer>, Failure> {
    let mut best: Option<Customer> = None;
    for email in addresses(engine, marketer).await?.into_iter().take(CANDIDATES) {
        let found = engine.find("email", &Plaintext::new(email.clone()), officer).await?;
        let Some(profile) = found.first().and_then(|record| record.profile_id.as_deref()) else { continue };
        if found.iter().any(|record| record.profile_id.as_deref() != Some(profile)) {
            continue;
        }
        let Ok(profile) = profile.parse::<ProfileId>() else { continue };
        let own = accounts.iter().filter(|account| account.profile == profile);
        let mut ids: Vec<u128> = own.map(|account| account.record.0).collect();
        let records = ids.len() as u64;
        if best.as_ref().map_or(0, |best| best.records) < records {
            ids.push(profile.0);
            best = Some(Customer { email, ids, records, profile });
        }
    }
    Ok(best)
}

/// The addresses that may be written to, in their order.
async fn addresses(engine: &Engine, marketer: &Reader) -> Result<Vec<String>, Failure> {
    let mut rows = engine.query("SELECT email FROM golden.profiles", marketer).await?;
    let mut addresses = Vec::new();
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        addresses.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    addresses.sort_unstable();
    Ok(addresses)
}

async fn found(
    (engine, old): (&Engine, &Engine),
    lake: &Path,
    ids: &[u128],
    officer: &Reader,
) -> Result<Found, Failure> {
    Ok(Found {
        foreign: foreign(lake, ids),
        versions: engine.look_back(ids, officer).await?,
        backup: old.look_back(ids, officer).await?,
    })
}

/// What pyarrow and DuckDB find, as far as there is a Python that has them.
fn foreign(lake: &Path, ids: &[u128]) -> ForeignFound {
    let mut python = Command::new("python3");
    python.args(["-c", FOREIGN_READERS]).arg(lake).args(ids.iter().map(|id| ProfileId(*id).to_string()));
    let answered = python.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let told = answered.ok().filter(|output| output.status.success());
    told.and_then(|output| serde_json::from_slice(&output.stdout).ok()).unwrap_or_default()
}

/// A copy that shares the files, which are never written to again.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => fs::hard_link(entry.path(), target)?,
        }
    }
    Ok(())
}

fn unwritable(file: &Path, cause: io::Error) -> CliError {
    CliError::Unwritable { file: file.to_owned(), cause }
}
