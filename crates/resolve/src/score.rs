//! The weight of a pair: the prior, plus the bits of every comparison.

use vermeil_model::Bits;
use vermeil_model::schema::Comparison;

use crate::compare::{Agreement, Comparer, level_set};
use crate::estimate::{MatchModel, ModelMismatch};
use crate::features::{FeatureStore, MISSING, RecordIndex};
use crate::plan::{MatchPlan, PlannedComparison, Tells};

/// Scores pairs of a store. No allocation per pair, but for names that are not
/// ASCII or longer than 64 characters.
pub struct Scorer<'a> {
    comparer: Comparer<'a>,
    comparisons: Vec<Scored>,
    prior: f64,
    /// Odds of two people of one home against strangers.
    same_home: f64,
}

struct Scored {
    tells: Tells,
    field: String,
    comparison: Comparison,
    /// Bits by level.
    bits: Vec<f64>,
    /// What a shared value adds to the bits of "equal", by code.
    frequency_bits: Vec<f32>,
    /// How much of that it adds where two values are alike, not equal.
    of_alike: f64,
}

/// Why a pair has its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What any pair starts from.
    pub prior: Bits,
    /// One entry per comparison, in the order of the plan.
    pub evidence: Vec<Evidence>,
    /// What is taken off because fields that people of one home share said more together
    /// than they may; 0 or less. See [`MatchModel::same_home`].
    pub same_home: Bits,
    /// All of the above together: what [`Scorer::weight`] returns.
    pub weight: Bits,
}

/// What one comparison said.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The canonical field.
    pub field: String,
    /// How its values were compared.
    pub comparison: Comparison,
    /// The level reached; `None` where either record has no value.
    pub level: Option<&'static str>,
    /// `log2(m / u)` of the level; 0 without a level.
    pub bits: Bits,
    /// What the frequency of the shared value adds; rare values add, common ones take.
    pub term_frequency_bits: Bits,
}

impl<'a> Scorer<'a> {
    /// For the records of a store, under the plan it was made for.
    ///
    /// # Errors
    /// [`ModelMismatch`] where the model was made for another plan.
    pub fn new(store: &'a FeatureStore, plan: &MatchPlan, model: &MatchModel) -> Result<Self, ModelMismatch> {
        model.check(plan)?;
        let comparisons = plan
            .comparisons()
            .iter()
            .zip(&model.comparisons)
            .map(|(planned, learnt)| Scored {
                tells: planned.tells,
                field: planned.field.clone(),
                comparison: planned.comparison,
                bits: learnt.levels.iter().map(|level| (level.m / level.u).log2()).collect(),
                frequency_bits: frequency_bits(
                    store,
                    planned,
                    model,
                    learnt.levels[learnt.levels.len() - 1].u,
                ),
                of_alike: model.term_frequency.of_alike,
            })
            .collect();
        Ok(Self {
            comparer: Comparer::new(store, plan),
            comparisons,
            prior: model.prior().0,
            same_home: model.same_home / (1.0 - model.lambda),
        })
    }

    /// The evidence that two records are one person, prior included: the log2 of the
    /// posterior odds. See [`Bits::to_probability`].
    pub fn weight(&self, left: RecordIndex, right: RecordIndex) -> Bits {
        let (mut person, mut home) = (self.prior, 0.0);
        for &index in self.comparer.told() {
            let scored = &self.comparisons[index];
            let (bits, frequency) = scored.bits_of(self.comparer.agreement(index, left, right));
            match scored.tells {
                Tells::Person => person += bits + frequency,
                Tells::Home => home += bits + frequency,
            }
        }
        Bits(person + self.of_home(home))
    }

    /// Where the weight of a pair comes from.
    pub fn explain(&self, left: RecordIndex, right: RecordIndex) -> Explanation {
        let mut home = 0.0;
        let evidence = self.comparisons.iter().enumerate().map(|(index, scored)| {
            let agreement = self.comparer.agreement(index, left, right);
            let (bits, frequency) = scored.bits_of(agreement);
            if scored.tells == Tells::Home {
                home += bits + frequency;
            }
            Evidence {
                field: scored.field.clone(),
                comparison: scored.comparison,
                level: agreement.level.map(|level| level_set(scored.comparison).names[usize::from(level.0)]),
                bits: Bits(bits),
                term_frequency_bits: Bits(frequency),
            }
        });
        Explanation {
            prior: Bits(self.prior),
            evidence: evidence.collect(),
            same_home: Bits(self.of_home(home) - home),
            weight: self.weight(left, right),
        }
    }
}

impl Scorer<'_> {
    /// What the bits of fields that tell homes are worth together: two records may agree
    /// on them by being one person's, or by being from one home.
    fn of_home(&self, bits: f64) -> f64 {
        -((-bits).exp2() + self.same_home).log2()
    }
}

impl Scored {
    /// The bits of a level, and what the frequency of a shared value adds.
    fn bits_of(&self, agreement: Agreement) -> (f64, f64) {
        let bits = agreement.level.map_or(0.0, |level| self.bits[usize::from(level.0)]);
        let frequency = match (agreement.level, agreement.codes) {
            (Some(level), Some((left, right))) if level.0 > 0 => {
                // Two writings of one name are as common as the more common of them.
                let bits =
                    f64::from(self.frequency_bits[left as usize].min(self.frequency_bits[right as usize]));
                if left == right { bits } else { bits * self.of_alike }
            }
            _ => 0.0,
        };
        (bits, frequency)
    }
}

/// `log2(u / f)` for every value, where f is the share of records that carry it.
fn frequency_bits(store: &FeatureStore, planned: &PlannedComparison, model: &MatchModel, u: f64) -> Vec<f32> {
    let mut counts = vec![0_u32; store.dictionary(planned.columns[0]).len()];
    let mut carriers = 0_u32;
    for column in &planned.columns {
        for &code in store.column(*column).iter().filter(|code| **code != MISSING) {
            counts[code as usize] += 1;
            carriers += 1;
        }
    }
    let settings = model.term_frequency;
    let prior = settings.prior_records;
    let bits = |count: u32| {
        let counted = f64::from(count) + prior * u;
        let frequency = (counted / (f64::from(carriers.max(1)) + prior)).max(settings.minimum);
        (settings.strength * (u / frequency).log2()) as f32
    };
    counts.into_iter().map(bits).collect()
}

#[cfg(test)]
mod tests;
