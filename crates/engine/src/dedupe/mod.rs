//! One file, without a pipeline: which of its rows are one person or organisation.
//!
//! Nothing is kept: there is no lake and no keyring, and memory holds what comparing takes
//! (each distinct value once) beside the keys of the rows. The rows are compared by the same
//! operators as those of a lake.
//!
//! Each row is a record of its own, even where two have one key: what the file calls by one
//! name may still be two things, and a report of how often that happens serves better than a
//! guess. A row that cannot be read is counted with the reason, and is in no cluster.

mod error;
mod exclusive;
mod intake;
mod read;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Instant;

use arrow::array::LargeStringArray;
use vermeil_ingest::UnknownFile;
use vermeil_model::diagnostic::Diagnostic;
use vermeil_model::schema::BlockingRule;
use vermeil_model::{Probability, Schema};
use vermeil_resolve::{MatchModel, RecordIndex};

use crate::link::{
    DEFAULT_MAX_BLOCK_PAIRS, DEFAULT_THRESHOLD, KeptWeights, LinkSettings, Linked, StageClock,
    WeightSettings, doubts, link,
};
use crate::progress::{Progress, Stage};
use crate::report::{DedupeReport, MatchReport};

pub use error::DedupeError;
use read::{Names, Rows};

/// The field that `--map` gives a column which is not to be compared.
pub const IGNORED: &str = "-";

/// The evidence in bits that two records agree on a field, from which the field can tell who is who.
const INFORMATIVE_BITS: f64 = 3.0;
/// With fewer informative fields than this the result is not to be trusted.
const FEWEST_INFORMATIVE: usize = 2;
/// A cluster of more records than this, and of a larger share of all than
/// [`LARGEST_PLAUSIBLE_SHARE`], is hardly one person.
const LARGEST_PLAUSIBLE: u64 = 50;
const LARGEST_PLAUSIBLE_SHARE: f64 = 0.01;

/// What to dedupe, and what is told about it.
pub struct DedupeRequest {
    /// A path or an object store's URL.
    pub file: String,
    /// What a relative path is relative to.
    pub base: PathBuf,
    /// Settings of the object store.
    pub storage_options: BTreeMap<String, String>,
    /// The schema whose fields columns are understood as.
    pub schema: Schema,
    /// The column whose values name the rows; `None`: they go by their number.
    pub id: Option<String>,
    /// Column → field, instead of what would be understood; [`IGNORED`] for columns not to be compared.
    pub fields: Vec<(String, String)>,
    /// Rules that find the pairs to compare; none: those that suit the columns.
    pub blocking: Vec<BlockingRule>,
    /// Columns of which a cluster has one value at most: rows with different ones never share one.
    /// Values without a digit, such as `n/a`, keep nothing apart.
    pub exclusive: Vec<String>,
    /// A model that was kept; `None`: one is estimated.
    pub model: Option<MatchModel>,
    /// From which probability two records are linked, in (0, 1); `None`: 0.5.
    pub threshold: Option<f64>,
}

/// What was found.
pub struct Deduped {
    /// Numbers, names of columns, and warnings.
    pub report: DedupeReport,
    /// What was compared by.
    pub model: MatchModel,
    /// Which rows belong together.
    pub rows: ClusteredRows,
    linked: Linked,
}

impl Deduped {
    /// How the rows were matched, for a report on it. Takes a moment: pairs are weighed for it.
    pub fn matching(&self) -> MatchReport {
        MatchReport { warnings: self.report.warnings.clone(), ..self.linked.described() }
    }
}

impl Deduped {
    /// The risk that each row's cluster joins two who are not one, in the order of the rows: see
    /// [`vermeil_resolve::cluster::merge_risks`].
    pub fn risks(&self) -> Vec<f64> {
        let risks = self.linked.risks();
        let mut of_row = vec![0.0; risks.len()];
        for (record, risk) in (0..).map(RecordIndex).zip(risks) {
            of_row[read::row_of(self.linked.job.store.record_id(record))] = risk;
        }
        of_row
    }
}

/// The rows that were read, in the file's order, each with its cluster.
pub struct ClusteredRows {
    /// The keys; `None` where rows go by their number.
    keys: Option<LargeStringArray>,
    /// From 1, in the order of their first rows.
    clusters: Vec<u32>,
}

impl ClusteredRows {
    /// The rows in the file's order: key (or number, from 1, among the rows that were read) and cluster.
    pub fn iter(&self) -> impl Iterator<Item = (String, u32)> {
        let named = |row: usize| match &self.keys {
            Some(keys) => keys.value(row).to_owned(),
            None => (row + 1).to_string(),
        };
        self.clusters.iter().enumerate().map(move |(row, cluster)| (named(row), *cluster))
    }

    /// Rows that say the same as an earlier row and are in another cluster.
    fn copies_apart(&self, contents: &[u64]) -> u64 {
        let mut first: HashMap<u64, u32> = HashMap::with_capacity(contents.len());
        let rows = contents.iter().zip(&self.clusters);
        rows.filter(|(content, cluster)| first.entry(**content).or_insert(**cluster) != *cluster).count()
            as u64
    }

    /// Records by cluster, as many entries as there are clusters.
    fn sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.clusters.iter().max().map_or(0, |last| *last as usize)];
        self.clusters.iter().for_each(|cluster| sizes[*cluster as usize - 1] += 1);
        sizes
    }
}

/// Finds out which rows of a file belong together.
///
/// The result depends on the rows alone, not on their order nor on the number of threads.
///
/// # Errors
/// [`DedupeError`] where the file cannot be read or compared, or what was told about it is wrong.
pub async fn dedupe(request: &DedupeRequest, progress: &dyn Progress) -> Result<Deduped, DedupeError> {
    let started = Instant::now();
    let threshold = request.threshold.unwrap_or(DEFAULT_THRESHOLD);
    // Written so that NaN is refused too.
    if !(0.0 < threshold && threshold < 1.0) {
        return Err(DedupeError::Threshold { value: threshold });
    }
    let file = UnknownFile::open(&request.file, &request.base, &request.storage_options).await?;
    let form = file.form().clone();
    let names = Names::check(request, &form.columns)?;
    let mut clock = StageClock { progress, stages: Vec::new() };
    let rows = clock.time(Stage::Prepare, read::read(file, request, &names, progress)).await?;
    let Rows { mapping, plan, store, keys, contents, rejected, repeated_keys, missing_keys, exclusive } =
        rows;
    let settings = LinkSettings {
        threshold: Probability(threshold),
        weights: WeightSettings {
            max_block_pairs: DEFAULT_MAX_BLOCK_PAIRS,
            kept: request.model.clone().map(|model| KeptWeights { model, frequencies: None, made_of: None }),
            decided: Vec::new(),
            tags: None,
        },
        constraints: exclusive.constraints(&store),
        before: None,
    };
    let linked = link(plan, store, settings, &mut clock).await?;
    let rows = ClusteredRows { clusters: by_row(&linked), keys };
    let sizes = rows.sizes();
    let records = linked.job.store.len() as u64;
    let mut report = DedupeReport {
        records,
        rejected,
        repeated_keys,
        missing_keys,
        copies_apart: rows.copies_apart(&contents),
        columns: mapping.columns,
        candidate_pairs: linked.candidate_pairs,
        pairs_per_record: linked.candidate_pairs as f64 / records as f64,
        oversized_blocks: linked.oversized.clone(),
        links: linked.links.len() as u64,
        kept_apart: exclusive.kept_apart(&linked.kept_apart),
        clusters: sizes.len() as u64,
        largest_cluster: sizes.iter().copied().max().unwrap_or_default(),
        warnings: Vec::new(),
        stages: clock.stages,
        seconds: started.elapsed().as_secs_f64(),
    };
    report.warnings = warnings(&report, &linked.job.weights.model);
    report.warnings.extend(doubts(&linked.job.weights.model));
    Ok(Deduped { report, model: linked.job.weights.model.clone(), rows, linked })
}

/// For each row its cluster, numbered as they first appear.
fn by_row(linked: &Linked) -> Vec<u32> {
    let records = (0..linked.clusters.len() as u32).map(RecordIndex);
    let mut first_of_row = vec![0; linked.clusters.len()];
    for (record, first) in records.zip(&linked.clusters) {
        first_of_row[read::row_of(linked.job.store.record_id(record))] = first.0;
    }
    let mut numbers = vec![0; linked.clusters.len()];
    let mut last = 0;
    for first in &mut first_of_row {
        let number = &mut numbers[*first as usize];
        if *number == 0 {
            last += 1;
            *number = last;
        }
        *first = *number;
    }
    first_of_row
}

/// What speaks against trusting the result.
fn warnings(report: &DedupeReport, model: &MatchModel) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let informative = model.comparisons.iter().filter(|comparison| {
        let best = comparison.levels.last();
        best.is_some_and(|level| (level.m / level.u).log2() >= INFORMATIVE_BITS)
    });
    let fields: Vec<&str> = informative.map(|comparison| comparison.field.as_str()).collect();
    if report.records > 1 && fields.len() < FEWEST_INFORMATIVE {
        warnings.push(match fields.as_slice() {
            [] => Diagnostic::new("dedupe-nothing-informative"),
            fields => Diagnostic::new("dedupe-little-informative").with("fields", fields.join(", ")),
        });
    }
    let share = report.largest_cluster as f64 / report.records as f64;
    if report.largest_cluster > LARGEST_PLAUSIBLE && share > LARGEST_PLAUSIBLE_SHARE {
        let warning = Diagnostic::new("dedupe-large-cluster");
        warnings.push(warning.with("largest", report.largest_cluster).with("records", report.records));
    }
    if report.copies_apart > 0 {
        warnings.push(Diagnostic::new("dedupe-copies-apart").with("rows", report.copies_apart));
    }
    if report.repeated_keys > 0 {
        warnings.push(Diagnostic::new("dedupe-repeated-keys").with("rows", report.repeated_keys));
    }
    if report.missing_keys > 0 {
        warnings.push(Diagnostic::new("dedupe-missing-keys").with("rows", report.missing_keys));
    }
    warnings
}

#[cfg(test)]
mod tests;
