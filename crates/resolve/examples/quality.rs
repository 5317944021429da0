//! Development harness: `quality FOLDER...` dedupes `input.csv` of each and compares with `truth.csv`.
#![allow(clippy::unwrap_used, missing_docs)]
use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use vermeil_model::pipeline::Matching;
use vermeil_model::{Probability, RecordId, Schema};
use vermeil_resolve::cluster::{ClusterSettings, Link, cluster};
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::infer::{ColumnSample, infer};
use vermeil_resolve::measure::measure;
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{Blocks, FeatureStoreBuilder, MatchPlan, RecordIndex, Scorer};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for folder in arguments.iter().filter(|a| !a.starts_with('-')) {
        run(Path::new(folder), &arguments);
    }
}

fn run(folder: &Path, arguments: &[String]) {
    let started = Instant::now();
    let verbose = arguments.iter().any(|a| a == "-v");
    let mut reader = csv::Reader::from_path(folder.join("input.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
    let key = headers.iter().position(|h| h == "record_id").unwrap();
    let samples: Vec<ColumnSample> = headers
        .iter()
        .enumerate()
        .map(|(i, name)| ColumnSample { name, values: rows.iter().take(20_000).map(|r| &r[i]).collect() })
        .collect();
    let canonical = Schema::built_in("customer.v1").unwrap();
    let mapping = infer(&samples, &canonical, &[], Some("record_id"));
    if verbose {
        for c in &mapping.columns {
            println!("  {:20} {:?} -> {:?} ({:?})", c.column, c.meaning, c.field, c.because);
        }
    }
    let plan = MatchPlan::new(&mapping.schema, &Matching::default()).unwrap();
    if verbose {
        for c in plan.comparisons() {
            println!("  cmp {} {:?} {:?}", c.field, c.comparison, c.tells);
        }
    }
    let mut builder = FeatureStoreBuilder::new(&plan);
    for row in &rows {
        let values: Vec<(FieldIndex, std::borrow::Cow<str>)> = mapping
            .fields
            .iter()
            .filter_map(|f| Some((plan.field_index(&f.field)?, f.value(|c| &row[c])?)))
            .collect();
        let values: Vec<(FieldIndex, &str)> = values.iter().map(|(f, v)| (*f, v.as_ref())).collect();
        let source = mapping.source.map_or(0, |s| row[s].bytes().map(u32::from).sum());
        builder.push(RecordId(row[key].parse().unwrap()), source, &values);
    }
    let store = builder.finish().unwrap();
    let blocks = Blocks::build(&store, &plan, 1_000_000);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let scorer = Scorer::new(&store, &plan, &model).unwrap();
    let prepared = started.elapsed().as_secs_f64();

    let truth: HashMap<u128, String> = {
        let mut reader = csv::Reader::from_path(folder.join("truth.csv")).unwrap();
        reader.records().map(|r| r.unwrap()).map(|r| (r[0].parse().unwrap(), r[1].to_owned())).collect()
    };
    let same = |l: RecordIndex, r: RecordIndex| truth[&store.record_id(l).0] == truth[&store.record_id(r).0];
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    for e in truth.values() {
        *sizes.entry(e).or_default() += 1;
    }
    let true_pairs: u64 = sizes.values().map(|n| n * (n - 1) / 2).sum();

    let threshold = arguments.iter().find_map(|a| a.strip_prefix("-t=")).map_or(0.5, |t| t.parse().unwrap());
    let bits = Probability(threshold).to_bits();
    let scoring = Instant::now();
    let (mut candidates, mut found) = (0_u64, 0_u64);
    let mut scored: Vec<(f64, bool)> = Vec::new();
    let mut links = Vec::new();
    let mut linked_true = 0_u64;
    let mut missed: Vec<(RecordIndex, RecordIndex, f64)> = Vec::new();
    let mut wrong: Vec<(RecordIndex, RecordIndex, f64)> = Vec::new();
    for pair in blocks.pairs() {
        candidates += 1;
        let weight = scorer.weight(pair.left, pair.right);
        let is = same(pair.left, pair.right);
        found += u64::from(is);
        if weight.0 > -10.0 {
            scored.push((weight.0, is));
        }
        if weight >= bits {
            linked_true += u64::from(is);
            links.push(Link { left: pair.left, right: pair.right, weight });
            if !is {
                wrong.push((pair.left, pair.right, weight.0));
            }
        } else if is {
            missed.push((pair.left, pair.right, weight.0));
        }
    }
    let _ = scoring;
    let scoring = Instant::now();
    let quick =
        blocks.pairs().filter(|pair| scorer.weight_from(bits, pair.left, pair.right).is_some()).count();
    let seconds = scoring.elapsed().as_secs_f64();
    assert_eq!(quick, links.len());
    let number = |name: &str, default: f64| {
        arguments.iter().find_map(|a| a.strip_prefix(name)).map_or(default, |t| t.parse().unwrap())
    };
    let settings = ClusterSettings {
        asked_pairs: number("-ask=", 64.0) as usize,
        most_for: vermeil_model::Bits(number("-mp=", 12.0)),
        most_against: vermeil_model::Bits(number("-mn=", 12.0)),
        least_mean: vermeil_model::Bits(number("-lm=", -3.0)),
    };
    let clustering = Instant::now();
    let clusters = cluster(store.len(), &links, settings, |l, r| scorer.weight(l, r));
    let clustered = clustering.elapsed().as_secs_f64();
    let found_clusters: Vec<(u128, RecordIndex)> = (0..store.len() as u32)
        .map(RecordIndex)
        .map(|record| (store.record_id(record).0, clusters.first_of(record)))
        .collect();
    let truth_list: Vec<(u128, String)> = truth.iter().map(|(k, v)| (*k, v.clone())).collect();
    let m = measure(&found_clusters, &truth_list);
    println!(
        "{}: {} records, {candidates} pairs ({:.1}/record), blocking recall {:.4}; links {} edge P {:.4} R {:.4}; true pairs {true_pairs}",
        folder.file_name().unwrap().display(),
        store.len(),
        candidates as f64 / store.len() as f64,
        found as f64 / true_pairs as f64,
        links.len(),
        linked_true as f64 / links.len().max(1) as f64,
        linked_true as f64 / true_pairs as f64,
    );
    println!(
        "  pairwise P {:.4} R {:.4} F1 {:.4} · B3 P {:.4} R {:.4} F1 {:.4} · {} clusters, largest {}, refused {} · prepare {prepared:.1} s, score {seconds:.1} s ({:.2} M/s), cluster {clustered:.1} s",
        m.pairwise.precision,
        m.pairwise.recall,
        m.pairwise.f1,
        m.b_cubed.precision,
        m.b_cubed.recall,
        m.b_cubed.f1,
        clusters.count(),
        clusters.largest(),
        clusters.refused().len(),
        candidates as f64 / seconds / 1e6,
    );
    if verbose {
        println!(
            "  lambda {:.3e} prior {:.1} same_home {:.3e}",
            model.lambda,
            model.prior().0,
            model.same_home
        );
        for c in &model.comparisons {
            let levels: Vec<String> = c
                .levels
                .iter()
                .map(|l| format!("{} {:.4}/{:.2e} {:+.1}", l.name, l.m, l.u, (l.m / l.u).log2()))
                .collect();
            println!("  {}: {}", c.field, levels.join(" | "));
        }
        // Calibration of edges by weight.
        let mut bins: std::collections::BTreeMap<i64, (u64, u64)> = Default::default();
        for (w, is) in &scored {
            let b = bins.entry((w / 2.0).floor() as i64 * 2).or_default();
            b.0 += 1;
            b.1 += u64::from(*is);
        }
        for (b, (n, t)) in bins {
            println!("    {b:>4} bits: {n:>8} pairs, {:.3} true", t as f64 / n as f64);
        }
    }
    let show = |kind: &str, pairs: &[(RecordIndex, RecordIndex, f64)]| {
        let by_key: HashMap<u128, &csv::StringRecord> =
            rows.iter().map(|r| (r[key].parse().unwrap(), r)).collect();
        let step = (pairs.len() / 25).max(1);
        for (l, r, w) in pairs.iter().step_by(step) {
            println!(
                "  {kind} {w:.1}\n     {:?}\n     {:?}",
                by_key[&store.record_id(*l).0].iter().collect::<Vec<_>>(),
                by_key[&store.record_id(*r).0].iter().collect::<Vec<_>>()
            );
        }
    };
    if arguments.iter().any(|a| a == "-missed") {
        show("missed", &missed);
    }
    if arguments.iter().any(|a| a == "-wrong") {
        show("wrong", &wrong);
    }
    if arguments.iter().any(|a| a == "-split") {
        // true pairs not found by blocking at all
        let mut by_entity: HashMap<&str, Vec<u128>> = HashMap::new();
        for (k, v) in &truth {
            by_entity.entry(v).or_default().push(*k);
        }
        let mut lost = Vec::new();
        for members in by_entity.values() {
            for (i, l) in members.iter().enumerate() {
                for r in &members[i + 1..] {
                    let (l, r) = (store.find(RecordId(*l)).unwrap(), store.find(RecordId(*r)).unwrap());
                    if blocks.rules_of(l, r).next().is_none() {
                        lost.push((l, r, scorer.weight(l.min(r), l.max(r)).0));
                    }
                }
            }
        }
        lost.sort_by_key(|(l, r, _)| (*l, *r));
        let high = lost.iter().filter(|(_, _, w)| *w > bits.0).count();
        println!("  not blocked: {}, of which above threshold {high}", lost.len());
        show("unblocked", &lost);
    }
}
