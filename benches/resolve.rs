//! Who somebody is, answered while they wait: the index over the silos of the demo.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Instant;

use anyhow::Context as _;
use vermeil_model::{Pipeline, Policy};
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::features::number_of;
use vermeil_resolve::index::{Candidates, IndexedWeights, Query};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{Blocks, CandidateIndex, Frequencies, MatchPlan, RecordIndex};

use crate::machine::{cores, entry};
use crate::records::{DATA_FOLDER, PIPELINE, Records};
use crate::report::{Meaning, Report};
use crate::score::MAX_BLOCK_PAIRS;

const SEED: u64 = 1;
/// Queries of each kind.
const QUERIES: usize = 5_000;
/// Candidates that are explained.
const EXPLAINED: usize = 10;

/// What is asked with, and what of a record that takes; nothing: everything, with slips.
const KINDS: [(&str, &[&str]); 4] = [
    ("an e-mail address", &["email"]),
    ("a mobile number", &["mobile"]),
    ("names and birth date", &["given_name", "family_name", "birth_date"]),
    ("all, with slips", &[]),
];

/// What a query says.
type Values = Vec<(FieldIndex, String)>;

/// Indexes the records of silos of `people` people, and asks each kind of question `runs` times.
///
/// # Errors
/// The silos cannot be written or read.
pub async fn measure(people: u32, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    eprintln!("indexing the records of {people} people");
    vermeil_synth::generate(&vermeil_synth::Settings::new(people, SEED), &folder.path().join(DATA_FOLDER))?;
    let pipeline = Pipeline::parse("pipeline.yaml", PIPELINE)?;
    let records = Records::read(&pipeline, folder.path()).await?;
    let plan = MatchPlan::new(records.schema(), &pipeline.matching)?;
    let questions = questions(&plan, &records)?;
    let index = index(records, plan, people, report)?;
    let section = format!("resolve {people}");
    for (name, questions) in KINDS.iter().map(|(name, _)| name).zip(questions) {
        let mut milliseconds: Vec<Vec<f64>> = Vec::with_capacity(runs);
        for run in 0..runs {
            eprintln!("asking with {name}, run {} of {runs}", run + 1);
            let mut taken: Vec<f64> = questions.iter().map(|question| ask(&index, question)).collect();
            taken.sort_by(f64::total_cmp);
            milliseconds.push(taken);
        }
        for (share, called) in [(0.5, "p50"), (0.99, "p99"), (1.0, "max")] {
            let measures = format!(
                "{} queries, one after the other: from raw values to the best {EXPLAINED} explained",
                questions.len()
            );
            let at = |taken: &Vec<f64>| taken[((taken.len() - 1) as f64 * share) as usize];
            let meaning = Meaning { name: &format!("{name}, {called}"), unit: "ms", measures: &measures };
            report.add(&section, meaning, &milliseconds.iter().map(at).collect::<Vec<_>>());
        }
    }
    Ok(())
}

fn index(
    records: Records,
    plan: MatchPlan,
    people: u32,
    report: &mut Report,
) -> anyhow::Result<CandidateIndex> {
    let threads = NonZeroUsize::new(cores()).context("a machine has a core")?;
    let grant = Policy::matching();
    let store = records.build(&plan, &grant, threads)?;
    drop(records);
    let count = store.len() as f64;
    let blocks = Blocks::build(&store, &plan, MAX_BLOCK_PAIRS, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    drop(blocks);
    let weights = IndexedWeights {
        limits: model.limits.clone(),
        model,
        frequencies: Frequencies::counted(&store, &plan),
        unseen: Box::new(|_, _| 0),
        max_block_pairs: MAX_BLOCK_PAIRS,
    };
    let started = Instant::now();
    let index = CandidateIndex::build(store, plan, weights)?;
    let seconds = started.elapsed().as_secs_f64();
    let section = format!("resolve {people}");
    let mut add = |name, unit, measures: &str, figure: f64| {
        report.add(&section, Meaning { name, unit, measures }, &[figure]);
    };
    add("records", "records", "in all sources", count);
    add("indexing", "seconds", "the index over records that are opened and a model in force", seconds);
    let mib = index.bytes() as f64 / f64::from(1 << 20);
    add("memory", "MiB", "of the index, beside the values of the records and their frequencies", mib);
    if let Some(mib) = resident_mib() {
        add("memory, all", "MiB", "of the process: values, frequencies, index, what indexing left", mib);
    }
    Ok(index)
}

/// Every so manieth record, as each kind of query would tell it.
fn questions(plan: &MatchPlan, records: &Records) -> anyhow::Result<Vec<Vec<Values>>> {
    let grant = Policy::matching();
    let count = records.rows(plan, &grant).count();
    let asked: Vec<Vec<(FieldIndex, &str)>> =
        records.rows(plan, &grant).step_by(count.div_ceil(QUERIES)).map(|(_, values)| values).collect();
    let of_kind = |(_, fields): &(&str, &[&str])| {
        let fields: Vec<FieldIndex> = fields.iter().filter_map(|field| plan.field_index(field)).collect();
        let told = asked.iter().map(|values| match fields.is_empty() {
            true => values.iter().map(|(field, value)| (*field, with_a_slip(value))).collect(),
            false => {
                let told = values.iter().filter(|(field, _)| fields.contains(field));
                told.map(|(field, value)| (*field, (*value).to_owned())).collect::<Values>()
            }
        });
        let told: Vec<Values> = told.filter(|values| values.len() >= fields.len().max(1)).collect();
        anyhow::ensure!(!told.is_empty(), "no record has all that is asked with");
        Ok(told)
    };
    KINDS.iter().map(of_kind).collect()
}

/// Two neighbours exchanged in the middle of every longer value of an even number of letters.
fn with_a_slip(value: &str) -> String {
    let mut letters: Vec<char> = value.chars().collect();
    let middle = letters.len() / 2;
    if letters.len() > 4 && letters.len().is_multiple_of(2) {
        letters.swap(middle - 1, middle);
    }
    letters.into_iter().collect()
}

/// Milliseconds until the best candidates of a query are weighed and explained.
fn ask(index: &CandidateIndex, values: &[(FieldIndex, String)]) -> f64 {
    let values: Vec<(FieldIndex, &str)> =
        values.iter().map(|(field, value)| (*field, value.as_str())).collect();
    let started = Instant::now();
    let number = number_of(values.iter().map(|(_, value)| *value));
    let candidates = index.candidates(Query { number, values: &values, named: &[] });
    let scorer = index.scorer(&candidates);
    let weighed = candidates.iter().map(|(place, _)| (scorer.weight(Candidates::QUERY, place).0, place));
    let mut weighed: Vec<(f64, RecordIndex)> = weighed.collect();
    weighed.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (_, place) in weighed.iter().take(EXPLAINED) {
        black_box(scorer.explain(Candidates::QUERY, *place));
    }
    started.elapsed().as_secs_f64() * 1e3
}

fn resident_mib() -> Option<f64> {
    let text = entry("/proc/self/status", "VmRSS")?;
    text.strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}
