//! What erasures answer: counts, moments, places; never who.

use serde::{Deserialize, Serialize};
use vermeil_state::{Erasure, Notice, StepEntry};

use super::second;

/// What a request is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureSummary {
    /// Accounts.
    pub records: u64,
    /// Their versions and events, as far as they could still be opened.
    pub versions: u64,
    /// Events that happened to them.
    pub events: u64,
    /// The profile, and those that had gone into it.
    pub profiles: u64,
    /// Quarantined rows that are theirs.
    pub quarantined: u64,
    /// Decisions about their records.
    pub decisions: u64,
    /// Keys to destroy.
    pub keys: u64,
    /// Tags that bar them from coming back.
    pub suppression_tags: u64,
    /// Values that distinguish them, which the prover looks for.
    pub values: u64,
    /// Where they stand.
    pub tables: Vec<ErasureTable>,
    /// What keeps it from being carried out.
    #[serde(default)]
    pub holds: Vec<ErasureHold>,
    /// Who received the person, and will be told.
    #[serde(default)]
    pub recipients: Vec<String>,
}

/// A request that says that someone must be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureHold {
    /// Its number.
    pub request: i64,
    /// The hold's last day.
    pub until: String,
}

/// A table that holds someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureTable {
    /// The table.
    pub table: String,
    /// Rows, as it is now.
    pub rows: u64,
    /// Files that hold such rows, those of older versions included.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Of these, what is read and written again without the rows.
    pub bytes_to_rewrite: u64,
}

/// A request and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErasureReport {
    /// Its number.
    pub number: i64,
    /// `open`, `approved`, `running`, `complete` or `cancelled`.
    pub status: String,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<String>,
    /// When it was completed or cancelled.
    pub ended_at: Option<String>,
    /// What it is about.
    pub summary: ErasureSummary,
    /// What was begun.
    pub steps: Vec<ErasureStepReport>,
    /// What the prover found last.
    pub traces: Vec<TraceReport>,
    /// Who received the person, and whether they know.
    pub recipients: Vec<ErasureRecipient>,
}

/// Whether a recipient knows that it is to erase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasureRecipient {
    /// Who.
    pub recipient: String,
    /// `pending`, `answered` or `unanswered`.
    pub state: String,
    /// Until when an answer is awaited.
    pub due_at: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasureStepReport {
    /// `suppress`, `destroy-keys`, `rewrite`, `tell` or `prove`.
    pub step: String,
    /// When it was begun last.
    pub begun_at: String,
    /// When it ended; none: it is under way, failed, or was cut off.
    pub ended_at: Option<String>,
    /// How often it was begun.
    pub attempts: u64,
}

/// Something that is left of someone, or that could not be opened and may hold anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TraceReport {
    /// `lake`, `state` or `audit`.
    pub place: String,
    /// The file or table.
    pub file: String,
    /// The part of the file.
    pub channel: String,
    /// What stands there: `value`, `id`, `key`, or why it could not be opened.
    pub what: String,
}

/// What carrying out requests did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ErasureRunReport {
    /// The requests.
    pub erasures: Vec<ErasureReport>,
    /// Seconds from the beginning to the moment from which nothing sealed of them opens.
    pub unreadable_after: f64,
    /// Seconds in all.
    pub seconds: f64,
    /// Files that held rows of theirs.
    pub files_holding: u64,
    /// Their size.
    pub bytes_holding: u64,
    /// Bytes written in their place.
    pub bytes_written: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Files that the prover opened.
    pub files_searched: u64,
    /// Bytes that it searched, decoded ones included.
    pub bytes_searched: u64,
    /// Seconds that it took.
    pub proof_seconds: f64,
}

impl ErasureRunReport {
    /// Bytes read and written for each byte of the files that held someone: 1 is one rewrite of them.
    pub fn amplification(&self) -> f64 {
        self.bytes_written as f64 / (self.bytes_holding.max(1) as f64)
    }
}

/// A record that landed although someone erased has one of its contact points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlaggedReport {
    /// The record.
    pub record_id: String,
    /// Where it is from.
    pub source: String,
    /// When it landed.
    pub flagged_at: String,
}

impl ErasureTable {
    pub(crate) fn of(table: &str) -> Self {
        Self { table: table.to_owned(), rows: 0, files: 0, bytes: 0, bytes_to_rewrite: 0 }
    }
}

impl ErasureReport {
    pub(crate) fn of(erasure: Erasure, notices: &[Notice]) -> Self {
        let proof = erasure.steps.iter().find(|step| step.step == vermeil_state::ErasureStep::Prove);
        let traces = proof.and_then(|step| serde_json::from_value(step.detail["traces"].clone()).ok());
        let (approved_by, approved_at) = erasure.approved.unzip();
        Self {
            recipients: recipients(erasure.number, notices),
            number: erasure.number,
            status: erasure.status.as_str().to_owned(),
            opened_by: erasure.opened_by,
            opened_at: second(erasure.opened_at),
            approved_by,
            approved_at: approved_at.map(second),
            ended_at: erasure.ended_at.map(second),
            summary: serde_json::from_value(erasure.summary).unwrap_or_default(),
            traces: traces.unwrap_or_default(),
            steps: erasure.steps.into_iter().map(ErasureStepReport::of).collect(),
        }
    }
}

impl ErasureReport {
    /// Whether it is proven, and waits for recipients only.
    pub fn awaits_recipients(&self) -> bool {
        let is_proven = self.steps.iter().any(|step| step.step == "prove" && step.ended_at.is_some());
        self.status == "running" && is_proven
    }
}

fn recipients(erasure: i64, notices: &[Notice]) -> Vec<ErasureRecipient> {
    let of_this = notices.iter().filter(|notice| notice.erasure == Some(erasure));
    let told = of_this.flat_map(|notice| notice.deliveries.iter().map(move |delivery| (notice, delivery)));
    told.map(|(notice, delivery)| ErasureRecipient {
        recipient: delivery.recipient.clone(),
        state: delivery.state.as_str().to_owned(),
        due_at: second(notice.due_at),
        attempts: delivery.attempts,
    })
    .collect()
}

impl ErasureStepReport {
    fn of(step: StepEntry) -> Self {
        Self {
            step: step.step.as_str().to_owned(),
            begun_at: second(step.begun_at),
            ended_at: step.ended_at.map(second),
            attempts: step.attempts,
        }
    }
}

/// What former versions of the lake's tables still hold of someone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LookBackReport {
    /// Versions of tables that were tried, the latest included.
    pub versions: u64,
    /// Those that can no longer be read.
    pub versions_refused: u64,
    /// Rows that name them, each counted in every version that has it.
    pub rows: u64,
    /// Rows whose key is still there.
    pub rows_with_key: u64,
}

/// What a restored backup tells of people who were erased after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RestoreDrillReport {
    /// Entries of the ledger of erasures.
    pub erasures: u64,
    /// Keyed tags in them.
    pub tags: u64,
    /// Those that the backup lacked.
    pub tags_unknown: u64,
    /// Records of erased people that could be read in the backup as it was restored.
    pub records_before: u64,
    /// Those that could still be read once the ledger was replayed: none, or something is wrong.
    pub records_after: u64,
    /// Rows that still name them, in every version of every table.
    pub rows_after: u64,
    /// Seconds from opening the backup until it would have served.
    pub seconds: f64,
}
