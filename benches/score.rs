//! Matching alone: normalising, blocking, scoring, on the silos and the settings of the demo.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use vermeil_model::{Bits, Grant, Pipeline, Policy, Probability};
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::normalise::{Country, normalise};
use vermeil_resolve::{Blocks, FeatureStore, Frequencies, MatchModel, MatchPlan, Scorer};

use crate::machine::cores;
use crate::records::{DATA_FOLDER, PIPELINE, Records};
use crate::report::{Meaning, Report};

const SECTION: &str = "score";
const SEED: u64 = 1;
/// As a run has it where the pipeline says nothing.
pub const MAX_BLOCK_PAIRS: u64 = 1_000_000;
const NAME: &str = "family_name";
/// Enough for the kernel alone.
const MAX_NAME_PAIRS: usize = 1_000_000;

/// What comparing pairs takes.
struct Job {
    plan: MatchPlan,
    store: FeatureStore,
    blocks: Blocks,
    model: MatchModel,
    least: Bits,
}

/// What the runs took, in seconds.
#[derive(Default)]
struct Seconds {
    normalising: Vec<f64>,
    blocking: Vec<f64>,
    estimating: Vec<f64>,
    pairing: Vec<f64>,
    one_thread: Vec<f64>,
    all_threads: Vec<f64>,
}

/// Scores the candidate pairs of silos of `people` people, `runs` times.
///
/// # Errors
/// The silos cannot be written or read.
pub async fn measure(people: u32, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    vermeil_synth::generate(&vermeil_synth::Settings::new(people, SEED), &folder.path().join(DATA_FOLDER))?;
    let pipeline = Pipeline::parse("pipeline.yaml", PIPELINE)?;
    let grant = Policy::matching();
    let records = Records::read(&pipeline, folder.path()).await?;
    let mut seconds = Seconds::default();
    let mut last = None;
    for run in 0..runs {
        eprintln!("scoring the pairs of {people} people, run {} of {runs}", run + 1);
        let job = prepare(&pipeline, &records, &grant, &mut seconds)?;
        seconds.pairing.push(timed_often(|| job.blocks.pairs().map(black_box).count()).1);
        let (pairs, one) = timed_often(|| score_shares(&job, 1));
        let (same, all) = timed_often(|| score_shares(&job, cores()));
        anyhow::ensure!(pairs == same, "the shares do not make up all pairs");
        seconds.one_thread.push(one);
        seconds.all_threads.push(all);
        last = Some((job, pairs));
    }
    let Some((job, pairs)) = last else { return Ok(()) };
    let names = NamePairs::of(&job, &records, &grant);
    let kernel: Vec<f64> = (0..runs).map(|_| names.nanoseconds_per_pair()).collect();
    report_seconds(&seconds, job.store.len(), pairs, report);
    let measures =
        "strsim::jaro_winkler over the normalised family names of these pairs: one field's bare kernel";
    report.add(SECTION, Meaning { name: "Jaro-Winkler", unit: "ns/pair", measures }, &kernel);
    Ok(())
}

fn report_seconds(seconds: &Seconds, records: usize, pairs: u64, report: &mut Report) {
    let rates = |count: f64, seconds: &[f64]| seconds.iter().map(|taken| count / taken).collect::<Vec<_>>();
    let mut add = |name, unit, measures: &str, runs: &[f64]| {
        report.add(SECTION, Meaning { name, unit, measures }, runs)
    };
    let (of_records, of_pairs) = (records as f64, pairs as f64);
    add(
        "normalising",
        "records/s",
        &format!("{records} records in three shapes, as read, into the feature store; one thread"),
        &rates(of_records, &seconds.normalising),
    );
    add("blocking", "seconds", "grouping the records by every blocking rule; one thread", &seconds.blocking);
    add("estimating", "seconds", "the match model by EM, without labels; one thread", &seconds.estimating);
    add(
        "making pairs",
        "pairs/s",
        &format!("the {pairs} distinct pairs that blocking yields, not scored; one thread"),
        &rates(of_pairs, &seconds.pairing),
    );
    add(
        "scoring, one thread",
        "pairs/s",
        "making and scoring these pairs on every field, as a run does",
        &rates(of_pairs, &seconds.one_thread),
    );
    add(
        "scoring, all threads",
        "pairs/s",
        &format!("the same on {} threads, a share of the pairs each", cores()),
        &rates(of_pairs, &seconds.all_threads),
    );
}

fn prepare(
    pipeline: &Pipeline,
    records: &Records,
    grant: &Grant,
    seconds: &mut Seconds,
) -> anyhow::Result<Job> {
    let plan = MatchPlan::new(records.schema(), &pipeline.matching)?;
    let (store, normalising) = timed(|| records.build(&plan, grant, NonZeroUsize::MIN));
    let store = store?;
    let (blocks, blocking) = timed(|| Blocks::build(&store, &plan, MAX_BLOCK_PAIRS, &[]));
    let (model, estimating) = timed(|| estimate(&store, &plan, &blocks, EstimateSettings::default()));
    Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan))?;
    seconds.normalising.push(normalising);
    seconds.blocking.push(blocking);
    seconds.estimating.push(estimating);
    let threshold = pipeline.matching.threshold.context("the demo sets a threshold")?;
    Ok(Job { plan, store, blocks, model, least: Probability(threshold).to_bits() })
}

/// Makes and scores all candidate pairs on so many threads. Returns how many there are.
fn score_shares(job: &Job, threads: usize) -> u64 {
    thread::scope(|scope| {
        let shares: Vec<_> = (0..threads as u64)
            .map(|share| scope.spawn(move || score_share(job, share, threads as u64)))
            .collect();
        shares.into_iter().map(|share| share.join().expect("scoring does not panic")).sum()
    })
}

fn score_share(job: &Job, share: u64, shares: u64) -> u64 {
    let scorer = Scorer::new(&job.store, &job.plan, &job.model, &Frequencies::counted(&job.store, &job.plan))
        .expect("the model was made for this plan");
    let (mut pairs, mut links) = (0, 0_u64);
    scorer.find_links(job.least, job.blocks.partition(share, shares).inspect(|_| pairs += 1), |_| {
        links += 1;
        ControlFlow::Continue(())
    });
    black_box(links);
    pairs
}

/// The family names of candidate pairs, normalised.
struct NamePairs {
    names: Vec<Option<String>>,
    pairs: Vec<(usize, usize)>,
}

impl NamePairs {
    fn of(job: &Job, records: &Records, grant: &Grant) -> Self {
        let normaliser =
            job.plan.fields().iter().find(|field| field.name == NAME).map(|field| field.normaliser);
        let normal = |raw: Option<&str>| normalise(normaliser?, Country::Unknown, raw?);
        let names: Vec<Option<String>> = records.values(NAME, grant).into_iter().map(normal).collect();
        let places = job.blocks.pairs().map(|pair| (pair.left.0 as usize, pair.right.0 as usize));
        let named = places.filter(|(left, right)| names[*left].is_some() && names[*right].is_some());
        let pairs = named.take(MAX_NAME_PAIRS).collect();
        Self { names, pairs }
    }

    fn nanoseconds_per_pair(&self) -> f64 {
        let name = |record: usize| self.names[record].as_deref().unwrap_or_default();
        let similarity = |(left, right): &(usize, usize)| strsim::jaro_winkler(name(*left), name(*right));
        let (sum, seconds) = timed(|| self.pairs.iter().map(similarity).sum::<f64>());
        black_box(sum);
        seconds * 1e9 / self.pairs.len().max(1) as f64
    }
}

/// What `work` makes, and the seconds it takes on average over half a second: a few milliseconds measured
/// once are mostly noise.
fn timed_often<T>(work: impl Fn() -> T) -> (T, f64) {
    let started = Instant::now();
    let mut times = 0.0;
    loop {
        let made = black_box(work());
        times += 1.0;
        let seconds = started.elapsed().as_secs_f64();
        if seconds >= 0.5 {
            return (made, seconds / times);
        }
    }
}

/// What `work` makes, and the seconds it takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let made = work();
    (made, started.elapsed().as_secs_f64())
}
