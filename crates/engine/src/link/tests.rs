use vermeil_model::Schema;
use vermeil_model::pipeline::Matching;
use vermeil_resolve::estimate::Origin;
use vermeil_resolve::{FeatureStoreBuilder, MatchModel};

use super::*;
use crate::progress::Silent;
use crate::report::{ClusterSize, WeightBin};

/// Records of which many share a first name, a family name or a town.
fn job(model: Option<MatchModel>) -> (MatchPlan, FeatureStore, LinkSettings) {
    let schema = Schema::built_in("customer.v1").expect("it ships");
    let plan = MatchPlan::new(&schema, &Matching::default()).expect("a plan");
    let mut builder = FeatureStoreBuilder::new(&plan);
    for record in 0..600_u32 {
        let person = record / 2;
        let values = [
            ("given_name", ["Anne", "Bruno", "Claire", "Denis", "Emma"][person as usize % 5].to_owned()),
            ("family_name", format!("{}in", ["Bert", "Mart", "Quent", "Val"][person as usize % 4])),
            ("birth_date", format!("19{:02}-{:02}-11", 30 + person % 60, 1 + person % 12)),
            ("city", ["Caen", "Foix", "Brest"][person as usize % 3].to_owned()),
            ("email", format!("{person}@example.org")),
        ];
        let values: Vec<_> = values
            .iter()
            .filter_map(|(name, value)| Some((plan.field_index(name)?, value.as_str())))
            .collect();
        builder.push(RecordId(record.into()), 0, &values);
    }
    let store = builder.finish().expect("distinct records");
    let settings = LinkSettings {
        threshold: Probability(0.5),
        weights: WeightSettings {
            max_block_pairs: 1_000,
            kept: model.map(|model| KeptWeights { model, frequencies: None, made_of: None }),
            decided: Vec::new(),
            tags: None,
        },
        constraints: Constraints::default(),
        before: None,
    };
    (plan, store, settings)
}

#[tokio::test]
async fn links_do_not_depend_on_how_many_partitions_score_them() {
    let (plan, store, settings) = job(None);
    let (job, _) = prepare_job(plan, store, settings).await.expect("a job");
    let context = task_context().expect("a context");
    let mut expected = None;
    for partitions in [1, 2, 3, 8, 61] {
        let ((links, compared), _) = score(&job, partitions, &context).await.expect("links");
        let (clusters, _) = cluster(&job, &links, &context).await.expect("clusters");
        let found = (score::links_of(&links), clusters, compared);
        assert!(found.0.len() >= 300, "{} links", found.0.len());
        assert_eq!(expected.get_or_insert_with(|| found.clone()), &found, "{partitions} partitions");
    }
}

#[tokio::test]
async fn what_estimation_could_not_learn_is_told() {
    let mut clock = StageClock { progress: &Silent, stages: Vec::new() };
    let (plan, store, settings) = job(None);
    let mut model = link(plan, store, settings, &mut clock).await.expect("linked").job.weights.model.clone();
    let codes =
        |model: &MatchModel| -> Vec<String> { doubts(model).into_iter().map(|doubt| doubt.code).collect() };
    assert_eq!(codes(&model), Vec::<String>::new());
    model.comparisons[0].m_origin = Origin::Prior;
    let training = model.training.as_mut().expect("it was estimated");
    training.sessions[0].converged = false;
    training.lambda_converged = false;
    let rule = training.sessions[0].rule.clone();
    assert_eq!(codes(&model), ["match-not-converged", "match-lambda-not-converged", "match-prior-kept"]);
    assert_eq!(doubts(&model)[0].args, [("rules".to_owned(), rule)]);
    // A model that does not tell is taken at its word.
    model.training = None;
    assert_eq!(codes(&model), ["match-prior-kept"]);
}

#[tokio::test]
async fn what_a_report_counts_adds_up() {
    let mut clock = StageClock { progress: &Silent, stages: Vec::new() };
    let (plan, store, settings) = job(None);
    let linked = link(plan, store, settings, &mut clock).await.expect("linked");
    let report = linked.described();
    let sum = |count: fn(&WeightBin) -> u64| report.weights.iter().map(count).sum::<u64>();
    assert_eq!(sum(|bin| bin.links), report.links);
    assert_eq!(report.others_sampled_from, 1.0, "there are few pairs: all are looked at");
    assert_eq!(sum(|bin| bin.links + bin.others), report.candidate_pairs);
    assert_eq!(report.cluster_sizes.iter().map(|size| size.clusters).sum::<u64>(), report.clusters);
    let records = |size: &ClusterSize| size.records * size.clusters;
    assert_eq!(report.cluster_sizes.iter().map(records).sum::<u64>(), report.records);
    let of_rules: u64 = report.rules.iter().map(|rule| rule.pairs).sum();
    assert_eq!(of_rules, linked.job.weights.blocks.pairs_in_groups());
    let below = report.weights.iter().filter(|bin| bin.to_bits <= report.threshold_bits);
    assert_eq!(below.map(|bin| bin.links).sum::<u64>(), 0);
}

#[tokio::test]
async fn a_kept_model_is_taken_as_it_is_or_refused() {
    let mut clock = StageClock { progress: &Silent, stages: Vec::new() };
    let (plan, store, settings) = job(None);
    let estimated = link(plan, store, settings, &mut clock).await.expect("linked");
    let mut kept = estimated.job.weights.model.clone();
    kept.lambda /= 2.0;
    let (plan, store, settings) = job(Some(kept.clone()));
    let linked = link(plan, store, settings, &mut clock).await.expect("linked");
    assert_eq!(linked.job.weights.model, kept);
    kept.comparisons.pop();
    let (plan, store, settings) = job(Some(kept));
    let refused = link(plan, store, settings, &mut clock).await;
    assert!(matches!(refused, Err(EngineError::ModelMismatch(_))));
}
