//! What commands answer: plain numbers and ids, ready for a table or for JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use vermeil_audit::Opening;
use vermeil_model::{Diagnostic, ProfileId, RecordId};
use vermeil_resolve::MatchModel;

mod accountability;
mod blocks;
mod changes;
mod consent;
mod decisions;
mod dedupe;
mod erase;
mod explain;
mod export;
mod keys;
mod matching;
mod recipients;
mod requests;
mod resolve;
mod retention;
mod review;
mod tokens;

pub use accountability::*;
pub use blocks::*;
pub use changes::*;
pub use consent::*;
pub use decisions::*;
pub use dedupe::*;
pub use erase::*;
pub use explain::*;
pub use export::*;
pub use keys::*;
pub use matching::*;
pub use recipients::*;
pub use requests::*;
pub use resolve::*;
pub use retention::*;
pub use review::*;
pub use tokens::*;

/// A moment to the second, RFC 3339, UTC.
pub(crate) fn second(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a run did. `records_in = records_landed + unchanged + duplicates + quarantined + suppressed`
/// holds over records and events together; a run checks it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Rows read from all sources.
    pub records_in: u64,
    /// Rows landed: new records and new versions of known ones.
    pub records_landed: u64,
    /// Rows whose record is known with the same content.
    pub unchanged: u64,
    /// Rows that stand more than once in one load.
    pub duplicates: u64,
    /// Rows that broke their contract.
    pub quarantined: u64,
    /// Rows barred by the suppression list.
    pub suppressed: u64,
    /// Records whose pairs were compared, where those of the others were known; none: all.
    #[serde(default)]
    pub touched_records: Option<u64>,
    /// Pairs compared.
    pub candidate_pairs: u64,
    /// Pairs linked.
    pub links: u64,
    /// The number of the match model in force; none: too few records to keep one.
    #[serde(default)]
    pub model: Option<i64>,
    /// Whether the run estimated its model.
    #[serde(default)]
    pub model_estimated: bool,
    /// Golden profiles after the run.
    pub profiles: u64,
    /// Profiles that came together.
    pub merges: u64,
    /// Profiles that came apart.
    pub splits: u64,
    /// Whether there was nothing to resolve and publish anew.
    pub up_to_date: bool,
    /// Wall-clock time of it all.
    pub seconds: f64,
    /// Each stage, in order.
    pub stages: Vec<StageReport>,
    /// Each source, in the order of the pipeline.
    pub sources: Vec<SourceReport>,
    /// Blocks too large to compare.
    pub oversized_blocks: Vec<OversizedBlockReport>,
    /// Joins that evidence asked for and something else forbade.
    #[serde(default)]
    pub kept_apart: Vec<KeptApartReport>,
    /// What should have been followed and could not.
    #[serde(default)]
    pub conflicts: Vec<ConflictReport>,
    /// Whether more rows were quarantined than the pipeline tolerates.
    pub quarantine_limit_exceeded: bool,
    /// What speaks against trusting the profiles.
    #[serde(default)]
    pub warnings: Vec<Diagnostic>,
    /// How the records of the profiles were matched, by this run or, where it is up to date, by
    /// the one that published them.
    #[serde(default)]
    pub matching: Option<MatchReport>,
}

/// The match model that runs go by.
#[derive(Debug, Clone, Serialize)]
pub struct KeptModelReport {
    /// Counts up with every refresh.
    pub number: i64,
    /// How many records it was estimated from.
    pub records: u64,
    /// When, RFC 3339, UTC.
    pub made_at: String,
    /// Whether it fits what schema and pipeline compare now. If not, the next run estimates another.
    pub in_force: bool,
    /// What it says; none where another version of this program wrote it.
    pub model: Option<MatchModel>,
}

/// What a new match model changes, or would.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RefreshReport {
    /// Its number; none where it was only tried.
    pub kept: Option<i64>,
    /// How many records it was estimated from.
    pub records: u64,
    /// How many pairs that people decided about it was estimated from too.
    pub decided_pairs: u64,
    /// Golden profiles under it.
    pub profiles: u64,
    /// Profiles that come together.
    pub merges: u64,
    /// Profiles that come apart.
    pub splits: u64,
    /// Some that come together.
    pub merge_examples: Vec<ChangeExample>,
    /// Some that come apart.
    pub split_examples: Vec<ChangeExample>,
}

/// A record that holds the value that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRecord {
    /// The record's id or pseudonym.
    pub record_id: String,
    /// That of its profile, once it is published.
    pub profile_id: Option<String>,
    /// The source it came from, once it is published.
    pub source: Option<String>,
}

/// One stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// Such as `land`.
    pub name: String,
    /// Wall-clock time.
    pub seconds: f64,
    /// Rows, records, pairs or profiles, whichever the stage makes.
    pub rows: u64,
}

/// What became of one source's rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The source.
    pub source: String,
    /// Rows read.
    pub records_in: u64,
    /// Rows landed.
    pub records_landed: u64,
    /// Rows known with the same content.
    pub unchanged: u64,
    /// Rows that stand more than once in this load.
    pub duplicates: u64,
    /// Rows that broke their contract, by code.
    pub quarantined: BTreeMap<String, u64>,
    /// Rows barred by the suppression list.
    pub suppressed: u64,
    /// Of the landed rows those of new records that share a contact point with someone erased.
    #[serde(default)]
    pub flagged: u64,
}

/// What `run` would read and change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlanReport {
    /// Each source.
    pub reads: Vec<PlannedRead>,
    /// Columns that would be added to landing tables.
    pub schema_changes: Vec<SchemaChange>,
    /// Published profiles that would come together.
    pub merges: u64,
    /// Published profiles that would come apart.
    pub splits: u64,
    /// Profiles after the run.
    pub profiles: u64,
    /// Some that would come together.
    pub merge_examples: Vec<ChangeExample>,
    /// Some that would come apart.
    pub split_examples: Vec<ChangeExample>,
}

/// What `run` would read from one source.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlannedRead {
    /// The source.
    pub source: String,
    /// Files found.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows of records not yet known.
    pub new: u64,
    /// Rows that would become a new version.
    pub changed: u64,
    /// Rows known with the same content.
    pub unchanged: u64,
    /// Rows that stand more than once.
    pub duplicates: u64,
    /// Rows that break their contract.
    pub quarantined: u64,
    /// Rows barred by the suppression list.
    pub suppressed: u64,
}

/// A column that a landing table lacks.
#[derive(Debug, Clone, Serialize)]
pub struct SchemaChange {
    /// Such as `landing.erp`.
    pub table: String,
    /// The new column.
    pub column: String,
    /// Its type.
    pub data_type: String,
}

/// The state of a pipeline.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StatusReport {
    /// The last runs, newest first.
    pub runs: Vec<RunStatus>,
    /// Each source.
    pub sources: Vec<SourceStatus>,
    /// Quarantined rows not yet replayed, by source and code.
    pub quarantine: Vec<QuarantineCount>,
    /// Golden profiles published.
    pub profiles: u64,
    /// Number of the publication readers see; none before the first.
    pub publication: Option<i64>,
    /// The last openings of personal fields, newest first.
    pub openings: Vec<OpeningStatus>,
    /// Where the tables lie.
    pub lake: String,
    /// What the operating system does for the keys in this program's memory.
    pub process: ProcessStatus,
}

/// What the operating system does for the keys in this program's memory.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProcessStatus {
    /// What becomes of memory in a crash: `off`, `left-to-program` or `on`.
    pub core_dumps: String,
    /// How much of the keys stays out of the swap space: `whole`, `partial` or `refused`.
    pub memory_lock: String,
    /// The limit in bytes, where it is `partial`.
    pub memory_lock_limit: Option<u64>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct RunStatus {
    /// Number of the run.
    pub run: i64,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC; none while running or when interrupted.
    pub ended_at: Option<String>,
    /// `running`, `done`, `failed` or `interrupted`.
    pub outcome: String,
    /// What it did, where it ended.
    pub report: Option<RunReport>,
}

/// One source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceStatus {
    /// The source.
    pub source: String,
    /// Records or events known.
    pub records: u64,
    /// Versions of them landed.
    pub versions: u64,
    /// Number of the last load; none before the first.
    pub last_load: Option<i64>,
    /// When it was committed, RFC 3339, UTC.
    pub last_load_at: Option<String>,
    /// Seconds since then.
    pub lag_seconds: Option<f64>,
}

/// Quarantined rows of one source and code.
#[derive(Debug, Clone, Serialize)]
pub struct QuarantineCount {
    /// The source.
    pub source: String,
    /// Such as `too-few-fields`.
    pub code: String,
    /// How many.
    pub rows: u64,
}

/// One opening of personal fields, as the audit log tells it.
#[derive(Debug, Clone, Serialize)]
pub struct OpeningStatus {
    /// The number of its entry.
    pub entry: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// RFC 3339, UTC; none while under way or when cut short.
    pub ended_at: Option<String>,
    /// Who.
    pub actor: String,
    /// Whose leave.
    pub role: String,
    /// What for.
    pub purpose: String,
    /// What was done, such as `query`.
    pub action: String,
    /// Which table.
    pub table: String,
    /// Which classes.
    pub classes: String,
    /// `done`, `refused` or `failed`; none where it did not end.
    pub status: Option<String>,
    /// How many records were opened; none where it did not end.
    pub rows: Option<u64>,
    /// How many pages of keys were read; none where it did not end.
    pub key_pages: Option<u64>,
    /// Which pages: ranges that include both ends. See [`vermeil_audit::PageRanges`].
    pub pages: Vec<(i64, i64)>,
    /// Whom it was about, where that was one person or a few: tags that die with their keys.
    pub subjects: Vec<String>,
}

impl OpeningStatus {
    pub(crate) fn of(opening: Opening) -> Self {
        let Opening { number, at, intent, outcome } = opening;
        let classes: Vec<&str> = intent.classes.iter().map(|class| class.as_str()).collect();
        let (ended_at, outcome) = outcome.unzip();
        let outcome = outcome.as_ref();
        Self {
            entry: number,
            at: at.to_rfc3339(),
            ended_at: ended_at.map(|at| at.to_rfc3339()),
            actor: intent.actor,
            role: intent.role.to_string(),
            purpose: intent.purpose.to_string(),
            action: intent.action,
            table: intent.table,
            classes: classes.join(","),
            status: outcome.map(|outcome| outcome.status.as_str().to_owned()),
            rows: outcome.map(|outcome| outcome.rows),
            key_pages: outcome.map(|outcome| outcome.key_pages),
            pages: outcome.map_or_else(Vec::new, |outcome| outcome.pages.ranges().to_vec()),
            subjects: outcome.map_or_else(Vec::new, |outcome| {
                outcome.subjects.iter().map(|tag| tag.to_string()).collect()
            }),
        }
    }
}

/// One quarantined row.
#[derive(Debug, Clone, Serialize)]
pub struct QuarantineEntry {
    /// Names the row.
    pub id: String,
    /// The source.
    pub source: String,
    /// What is wrong, and what to do about it.
    pub diagnostic: Diagnostic,
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// RFC 3339, UTC.
    pub first_seen: String,
    /// RFC 3339, UTC; none while it waits.
    pub replayed_at: Option<String>,
}

/// What a replay did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayReport {
    /// Rows tried.
    pub tried: u64,
    /// Rows that now landed, or were found landed already.
    pub landed: u64,
    /// Rows that still break their contract.
    pub still_quarantined: u64,
}

/// An account of a source and the profile it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAccount {
    /// The source.
    pub source: String,
    /// The parts of its key there, joined by U+001F. It names a person: do not show it.
    pub key: String,
    /// The record.
    pub record: RecordId,
    /// The profile.
    pub profile: ProfileId,
}

/// What `check` found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckReport {
    /// What stands in the way of a run.
    pub problems: Vec<Diagnostic>,
    /// Each source.
    pub sources: Vec<CheckedSource>,
}

/// A source as `check` sees it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckedSource {
    /// The source.
    pub source: String,
    /// Its schema, such as `customer.v1`.
    pub schema: String,
    /// The files found.
    pub files: Vec<String>,
    /// Each mapped field.
    pub fields: Vec<CheckedField>,
    /// Columns of the source that nothing maps.
    pub unmapped: Vec<String>,
    /// Rows among those looked at that a run would quarantine.
    pub rejected_rows: Vec<RejectedRow>,
}

/// A row that a run would quarantine.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedRow {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// What is wrong with it, and what to do about it.
    pub diagnostic: Diagnostic,
}

/// A mapped field.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedField {
    /// The canonical field.
    pub field: String,
    /// The source's column, or `= value` for a constant.
    pub column: String,
    /// How values are typed.
    pub data_type: String,
    /// How values are protected.
    pub class: String,
    /// Whether the contract demands a value.
    pub required: bool,
}

/// What `optimize` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OptimizeReport {
    /// Each table.
    pub tables: Vec<OptimizedTable>,
}

/// One table after `optimize`.
#[derive(Debug, Clone, Serialize)]
pub struct OptimizedTable {
    /// Such as `landing.erp`.
    pub table: String,
    /// Data files before.
    pub files_before: u64,
    /// Data files after.
    pub files_after: u64,
    /// Files deleted from storage: merged, replaced or orphaned.
    pub files_deleted: u64,
}
