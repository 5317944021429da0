//! What ports answer, as it is sent. Those that hold personal values have no `Debug`.

mod consents;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use self::consents::{ConsentAnswer, ConsentEntry};

/// A customer who was looked for.
#[derive(Serialize, ToSchema)]
pub struct Customer {
    /// The profile, by its id or a pseudonym; none where its records are not published yet.
    pub profile_id: Option<String>,
    /// The identifiers that were looked for and are theirs.
    pub matched_by: Vec<String>,
    /// Their records that have one of these identifiers.
    pub records: Vec<FoundRecord>,
    /// What the role and purpose show of the profile: field → value.
    #[schema(value_type = Object)]
    pub profile: BTreeMap<String, Value>,
}

/// A record that has an identifier.
#[derive(Serialize, ToSchema)]
pub struct FoundRecord {
    /// Its id, or a pseudonym.
    pub record_id: String,
    /// The source it came from; none where it is not published yet.
    pub source: Option<String>,
}

/// Whom a description may be about.
#[derive(Serialize, ToSchema)]
pub struct Candidates {
    /// The publication whose profiles these are.
    pub publication: i64,
    /// Fields of the description that are not compared.
    pub not_compared: Vec<String>,
    /// Records that it was compared with.
    #[schema(minimum = 0)]
    pub compared: u64,
    /// The likeliest first.
    pub candidates: Vec<Candidate>,
}

/// A profile that a description may be about.
#[derive(Serialize, ToSchema)]
pub struct Candidate {
    /// The profile's id or pseudonym; none where its record is not published yet.
    pub profile_id: Option<String>,
    /// Prior and evidence together, in bits.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// From which probability a run links two records.
    pub threshold: f64,
    /// The records that are alike, the best first.
    pub records: Vec<CandidateRecord>,
}

/// A record that a description may be about.
#[derive(Serialize, ToSchema)]
pub struct CandidateRecord {
    /// Its id or pseudonym.
    pub record_id: String,
    /// The source it came from.
    pub source: String,
    /// Prior and evidence together, in bits.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// The blocking rules that found it, or the identifiers.
    pub found_by: Vec<String>,
}

/// Why a profile is what it is: its records, the rule behind each value, its links, decisions about it. As
/// `vermeil explain --format json` prints it.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct Explanation(pub Value);

/// A request of a data subject: kind, state, days, acts, steps; never who. As `vermeil request show --format json`
/// prints it.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct SubjectRequest(pub Value);

/// A link with which somebody sees, corrects, allows and asks.
#[derive(Serialize, ToSchema)]
pub struct SubjectLink {
    /// The request that says who it is for.
    #[schema(minimum = 1)]
    pub request: i64,
    /// The link; it is told here alone. An address of its own where `service.public_url` is set, a path otherwise.
    pub link: String,
    /// From when on it is worth nothing.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// A link with which the answer of a request is taken away, once.
#[derive(Serialize, ToSchema)]
pub struct DownloadLink {
    /// The request.
    #[schema(minimum = 1)]
    pub request: i64,
    /// The link; it is told here alone. An address of its own where `service.public_url` is set, a path otherwise.
    pub link: String,
    /// From when on it is worth nothing.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// What erasing somebody would take.
#[derive(Serialize, ToSchema)]
pub struct ErasurePlan {
    /// Accounts.
    pub records: u64,
    /// Their versions and events, as far as they can still be opened.
    pub versions: u64,
    /// Events that happened to them.
    pub events: u64,
    /// The profile, and those that had gone into it.
    pub profiles: u64,
    /// Quarantined rows that are theirs.
    pub quarantined: u64,
    /// Keys to destroy.
    pub keys: u64,
    /// Tags that bar them from coming back.
    pub suppression_tags: u64,
    /// Where they stand.
    pub tables: Vec<ErasureTable>,
}

/// A table that holds somebody.
#[derive(Serialize, ToSchema)]
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

/// A request to erase somebody, and how far it has come. It does not tell whom.
#[derive(Serialize, ToSchema)]
pub struct Erasure {
    /// Its number.
    pub number: i64,
    /// `open`, `approved`, `running`, `complete` or `cancelled`.
    pub status: String,
    /// The account that opened it.
    pub opened_by: String,
    /// When.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// The account that approved it.
    pub approved_by: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    pub approved_at: Option<String>,
    /// When it was completed or cancelled.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// What it is about, in counts.
    pub summary: ErasurePlan,
    /// What was begun.
    pub steps: Vec<ErasureStep>,
    /// What the prover found last.
    pub traces: Vec<ErasureTrace>,
}

/// A step of a request.
#[derive(Serialize, ToSchema)]
pub struct ErasureStep {
    /// `suppress`, `destroy-keys`, `rewrite`, `tell` or `prove`.
    pub step: String,
    /// When it was begun last.
    #[schema(format = DateTime)]
    pub begun_at: String,
    /// When it ended; none: it is under way, failed, or was cut off.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// How often it was begun.
    pub attempts: u64,
}

/// Something that is left of somebody, or that could not be opened and may hold anything.
#[derive(Serialize, ToSchema)]
pub struct ErasureTrace {
    /// `lake`, `state` or `audit`.
    pub place: String,
    /// The file or table.
    pub file: String,
    /// The part of the file.
    pub channel: String,
    /// What stands there: `value`, `id`, `key`, or why it could not be opened.
    pub what: String,
}

/// A record that landed although someone erased has one of its contact points.
#[derive(Serialize, ToSchema)]
pub struct FlaggedRecord {
    /// The record.
    pub record_id: String,
    /// Where it is from.
    pub source: String,
    /// When it landed.
    #[schema(format = DateTime)]
    pub flagged_at: String,
}

/// A job that was begun.
#[derive(Serialize, ToSchema)]
pub struct JobRun {
    /// Counts up.
    pub number: i64,
    /// Which job.
    pub job: String,
    /// The tick that it was due at.
    #[schema(format = DateTime)]
    pub due_at: String,
    /// `running`, `done`, `failed` or `interrupted`.
    pub status: String,
    /// Of a failure: its code.
    pub code: Option<String>,
    /// The process that did it.
    pub owner: String,
    /// When it was begun.
    #[schema(format = DateTime)]
    pub begun_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
}
