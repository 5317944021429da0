//! The review queue: the pairs that people should be asked about, and their answers.
//!
//! The queue is made anew from the records as they stand and the decisions in force, and kept
//! nowhere: what is erased is in no queue, and what is decided is not asked again. What makes it
//! is what a run does, so that an answer turns what the next run would do.

mod answers;
mod values;

use std::ops::ControlFlow;
use std::sync::Arc;

use vermeil_model::{Bits, Probability, RecordId};
use vermeil_resolve::cluster::{ClusterSettings, Constraints, Link, cluster_under};
use vermeil_resolve::review::{Doubtful, LEAST_PROBABILITY, doubtful};
use vermeil_resolve::{MatchPlan, Scorer};

pub use self::answers::{Answer, AnswersError};
use crate::constraints::ConstraintBook;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::golden::Former;
use crate::link::{PreparedRecords, StageClock, Weights, blocking};
use crate::progress::{Progress, Stage};
use crate::report::{ComparedField, EvidenceReport, ReviewPair, ReviewQuestion};

/// The pairs of a lake that may be asked about. It holds no value that could be told.
pub struct Review {
    compared: Arc<Compared>,
    /// Where readers see each record.
    former: Former,
}

/// Everything that comparing pairs takes, and the pairs that are not too improbable.
struct Compared {
    records: PreparedRecords,
    plan: MatchPlan,
    weights: Weights,
    threshold: Probability,
    pairs: Vec<Link>,
}

impl Engine {
    /// Whether the reader may see the records of profiles side by side, masked or not.
    ///
    /// # Errors
    /// [`EngineError::Denied`], [`EngineError::ProfilesNotFor`]: not for this role and purpose.
    pub fn check_reviewer(&self, reader: &Reader) -> Result<(), EngineError> {
        self.profile_grant(reader).map(drop)
    }

    /// Compares all current records as a run would, for [`Engine::review_queue`].
    ///
    /// # Errors
    /// [`EngineError::NothingPublished`]: there is nothing to decide on yet; or the lake or the
    /// keys fail.
    pub async fn review(&self, progress: &dyn Progress) -> Result<Review, EngineError> {
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let former = Former::load(self, Some(&publication)).await?;
        let plan = self.match_plan()?;
        let frozen = self.frozen_model(&plan).await?.map(|frozen| frozen.weights);
        let (threshold, settings) = (self.threshold(), self.weight_settings(frozen));
        let mut clock = StageClock { progress, stages: Vec::new() };
        let records = clock.time(Stage::Prepare, self.prepare(&plan, &[])).await?;
        let estimated = blocking(move || {
            let weights = Weights::of(&records.store, &plan, settings)?;
            let count = records.store.len() as u64;
            Ok((Compared { records, plan, weights, threshold, pairs: Vec::new() }, count))
        });
        let mut compared = clock.time(Stage::Estimate, estimated).await?;
        let scored = blocking(move || {
            compared.pairs = compared.score();
            let count = compared.pairs.len() as u64;
            Ok((compared, count))
        });
        let compared = Arc::new(clock.time(Stage::Score, scored).await?);
        Ok(Review { compared, former })
    }

    /// The pairs to ask about, under the decisions in force now: those first that are worth the most.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn review_queue(&self, review: &Review) -> Result<Vec<ReviewPair>, EngineError> {
        let compared = Arc::clone(&review.compared);
        let decisions = self.state.decisions().await?;
        let book = ConstraintBook::new(&compared.records, &self.link_rules()?, &decisions);
        let constraints = book.constraints;
        let doubtful = blocking(move || Ok(compared.doubtful(&constraints))).await?;
        let ids = &review.compared.records.ids;
        let asked = doubtful.into_iter().filter_map(|doubtful| {
            let pair = [doubtful.link.left, doubtful.link.right].map(|record| ids.id(record));
            // What landed since and is not published yet has no profile to decide on.
            let profile = |record: RecordId| Some(review.former.profiles.get(&record)?.profile);
            let profiles = (profile(pair[0])?, profile(pair[1])?);
            Some(ReviewPair::of(&doubtful, pair, profiles))
        });
        Ok(asked.collect())
    }

    /// Two records of the queue side by side: what each comparison says, and the values that the
    /// reader may open. Each opening is written to the audit log.
    ///
    /// # Errors
    /// [`EngineError::Denied`], [`EngineError::ProfilesNotFor`]: not for this role and purpose;
    /// [`EngineError::Unknown`], [`EngineError::Erased`]: one of them is gone; or the lake, the
    /// keys or the audit log fail.
    pub async fn review_question(
        &self,
        review: &Review,
        pair: &ReviewPair,
        reader: &Reader,
    ) -> Result<ReviewQuestion, EngineError> {
        let grant = self.profile_grant(reader)?;
        let compared = &review.compared;
        let unknown = |id: &str| EngineError::Unknown { what: "record", id: id.to_owned() };
        let find = |id: &str| {
            let record: RecordId = id.parse().map_err(|_| unknown(id))?;
            let place = compared.records.ids.find(record).ok_or_else(|| unknown(id))?;
            let source = &self.config.pipeline.sources[compared.records.store.source(place) as usize];
            Ok::<_, EngineError>((record, place, source))
        };
        let ((left, one, left_source), (right, other, right_source)) =
            (find(&pair.left)?, find(&pair.right)?);
        let left_values = self.record_values(left_source, left, &reader.actor, &grant).await?;
        let right_values = self.record_values(right_source, right, &reader.actor, &grant).await?;
        let explanation = compared.scorer().explain(one, other);
        let mut evidence: Vec<EvidenceReport> =
            explanation.evidence.into_iter().map(EvidenceReport::of).collect();
        let mut fields = Vec::new();
        for field in &self.config.golden_schema().fields {
            let at = evidence.iter().position(|evidence| evidence.field == field.name);
            let evidence = at.map(|at| evidence.remove(at));
            let value = |values: &values::RecordValues| values.get(&field.name).cloned();
            let masked = !grant.covers(field.class);
            let compared = ComparedField {
                field: field.name.clone(),
                masked,
                left: value(&left_values),
                right: value(&right_values),
                evidence,
            };
            let told = compared.left.is_some() || compared.right.is_some();
            let agrees = compared.evidence.as_ref().is_some_and(|evidence| evidence.level != "missing");
            fields.extend((told || agrees).then_some(compared));
        }
        let rules = compared.weights.blocks.rules_of(one, other);
        Ok(ReviewQuestion {
            pair: pair.clone(),
            left_source: left_source.id.to_string(),
            right_source: right_source.id.to_string(),
            threshold: compared.threshold.0,
            prior_bits: explanation.prior.0,
            dependence_bits: explanation.dependence.0,
            rules: rules.map(|rule| compared.plan.rules()[rule].rule.to_string()).collect(),
            fields,
        })
    }
}

impl Compared {
    fn scorer(&self) -> Scorer<'_> {
        self.weights.scorer(&self.records.store, &self.plan)
    }

    /// The pairs that may be asked about, and all links.
    fn score(&self) -> Vec<Link> {
        let least = Bits(self.threshold.to_bits().0.min(LEAST_PROBABILITY.to_bits().0));
        let partitions = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let share = |partition| {
            let mut found = Vec::new();
            self.scorer().find_links(least, self.weights.blocks.partition(partition, partitions), |link| {
                found.push(link);
                ControlFlow::Continue(())
            });
            found
        };
        let mut pairs: Vec<Link> = std::thread::scope(|scope| {
            let share = &share;
            let threads: Vec<_> =
                (0..partitions).map(|partition| scope.spawn(move || share(partition))).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("comparing does not panic")).collect()
        });
        pairs.sort_unstable_by_key(|link| (link.left, link.right));
        pairs
    }

    fn doubtful(&self, constraints: &Constraints) -> Vec<Doubtful> {
        let (scorer, settings) = (self.scorer(), ClusterSettings::default());
        let weight = |left, right| scorer.weight(left, right);
        let threshold = self.threshold.to_bits();
        let links: Vec<Link> = self.pairs.iter().filter(|pair| pair.weight >= threshold).copied().collect();
        let clusters = cluster_under(self.records.store.len(), &links, constraints, settings, weight);
        doubtful(&self.pairs, threshold, constraints, &clusters, settings, weight)
    }
}
