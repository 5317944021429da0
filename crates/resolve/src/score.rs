//! The weight of a pair: the prior, plus the bits of every comparison.

mod many;
mod said;

use vermeil_model::Bits;
use vermeil_model::schema::Comparison;

use crate::compare::{Agreement, Comparer, level_set};
use crate::estimate::{MatchModel, ModelMismatch};
use crate::features::{FeatureStore, RecordIndex};
use crate::frequency::Frequencies;
use crate::plan::{MatchPlan, Tells};

use said::Said;

/// A term that many bits smaller than another is lost in their sum.
const NEGLIGIBLE_BITS: f64 = 40.0;

/// Scores pairs of a store. No allocation per pair, but for names that are not
/// ASCII or longer than 64 characters.
pub struct Scorer<'a> {
    store: &'a FeatureStore,
    comparer: Comparer<'a>,
    comparisons: Vec<Scored>,
    prior: f64,
    /// Odds of two people of one home against strangers.
    same_home: f64,
    /// Bits below which these odds change nothing.
    home_is_unlikely_below: f64,
    /// Comparisons in the order in which pairs are asked: see [`order`].
    order: Vec<usize>,
}

struct Scored {
    tells: Tells,
    /// Whether it compares names of persons.
    is_name: bool,
    field: String,
    comparison: Comparison,
    /// Bits by level.
    bits: Vec<f64>,
    /// The most of them, and 0 where all speak against a pair.
    most_of_level: f64,
    /// The most that any pair can get, frequencies included.
    most: f64,
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
    /// What fields that depend on each other say less, or more, together than each by itself:
    /// those that people of one home share ([`MatchModel::same_home`]), a postal code and its
    /// town ([`Tells::Place`]), a name and a mailbox made of it ([`Tells::Mailbox`]). Mostly
    /// below 0, and above where two such fields speak against the pair and only one counts.
    pub dependence: Bits,
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
    /// For the records of a store, under the plan it was made for, with the frequencies of its values.
    ///
    /// # Errors
    /// [`ModelMismatch`] where the model was made for another plan.
    pub fn new(
        store: &'a FeatureStore,
        plan: &MatchPlan,
        model: &MatchModel,
        frequencies: &Frequencies,
    ) -> Result<Self, ModelMismatch> {
        model.check(plan)?;
        let comparisons: Vec<Scored> = plan
            .comparisons()
            .iter()
            .zip(&model.comparisons)
            .enumerate()
            .map(|(index, (planned, learnt))| {
                let bits: Vec<f64> = learnt.levels.iter().map(|level| (level.m / level.u).log2()).collect();
                let most_of_level = bits.iter().copied().fold(0.0, f64::max);
                let equal = learnt.levels.last().map_or(1.0, |level| level.u);
                let frequency_bits = frequencies.bits(index, model.term_frequency, equal);
                Scored {
                    tells: planned.tells,
                    is_name: planned.is_of_persons_names(),
                    field: planned.field.clone(),
                    comparison: planned.comparison,
                    most_of_level,
                    most: most_of_level + f64::from(frequency_bits.iter().copied().fold(0.0, f32::max)),
                    bits,
                    frequency_bits,
                    of_alike: model.term_frequency.of_alike,
                }
            })
            .collect();
        let comparer = Comparer::new(store, plan);
        let same_home = model.same_home / (1.0 - model.lambda);
        Ok(Self {
            order: order(&comparisons, comparer.told()),
            store,
            comparer,
            comparisons,
            prior: model.prior().0,
            same_home,
            home_is_unlikely_below: -same_home.log2() - NEGLIGIBLE_BITS,
        })
    }

    /// The evidence that two records are one person, prior included: the log2 of the
    /// posterior odds. See [`Bits::to_probability`].
    pub fn weight(&self, left: RecordIndex, right: RecordIndex) -> Bits {
        let (left, right) = (self.store.row(left), self.store.row(right));
        let mut said = Said::new(self.prior);
        for index in &self.order {
            self.ask(*index, left, right, &mut said);
        }
        self.weight_of(&said)
    }

    /// Where the weight of a pair comes from.
    pub fn explain(&self, left: RecordIndex, right: RecordIndex) -> Explanation {
        let evidence: Vec<Evidence> = self
            .comparisons
            .iter()
            .enumerate()
            .map(|(index, scored)| {
                let agreement = self.comparer.agreement(index, left, right);
                let (bits, frequency) = scored.bits_of(agreement);
                Evidence {
                    field: scored.field.clone(),
                    comparison: scored.comparison,
                    level: agreement
                        .level
                        .map(|level| level_set(scored.comparison).names[usize::from(level.0)]),
                    bits: Bits(bits),
                    term_frequency_bits: Bits(frequency),
                }
            })
            .collect();
        let weight = self.weight(left, right);
        let all: f64 = evidence.iter().map(|said| said.bits.0 + said.term_frequency_bits.0).sum();
        Explanation {
            prior: Bits(self.prior),
            evidence,
            dependence: Bits(weight.0 - self.prior - all),
            weight,
        }
    }

    /// Asks one comparison.
    fn ask(&self, index: usize, left: &[u32], right: &[u32], said: &mut Said) {
        let scored = &self.comparisons[index];
        let agreement = self.comparer.agreement_of_rows(index, left, right);
        let (bits, frequency) = scored.bits_of(agreement);
        said.add(scored, agreement, bits + frequency);
    }

    fn weight_of(&self, said: &Said) -> Bits {
        Bits(said.person() + self.of_home(said.home(), said.born_together))
    }

    /// What the bits of fields that tell homes are worth together: two records may agree
    /// on them by being one person's, or by being from one home, where twins are.
    fn of_home(&self, bits: f64, born_together: f64) -> f64 {
        // Far from what a home can say, one of the two terms is lost beside the other.
        if bits + born_together < self.home_is_unlikely_below {
            return bits;
        }
        -((-bits).exp2() + self.same_home * born_together.exp2()).log2()
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

/// The order in which comparisons are asked: first those that tell persons, because what tells
/// homes says so much at most and no more; of these the cheap ones; and of these what says
/// "different" loudest.
fn order(comparisons: &[Scored], told: &[usize]) -> Vec<usize> {
    let mut order = told.to_vec();
    order.sort_by(|one, other| {
        let (one_scored, other_scored) = (&comparisons[*one], &comparisons[*other]);
        let rank = |scored: &Scored| (!scored.tells.is_personal(), !is_quick(scored.comparison));
        let against = |scored: &Scored| scored.bits.iter().copied().fold(f64::INFINITY, f64::min);
        (rank(one_scored).cmp(&rank(other_scored)))
            .then(against(one_scored).total_cmp(&against(other_scored)))
            .then(one.cmp(other))
    });
    order
}

fn is_quick(comparison: Comparison) -> bool {
    matches!(
        comparison,
        Comparison::Exact
            | Comparison::Date
            | Comparison::PostalCode
            | Comparison::Phone
            | Comparison::Identifier
    )
}

#[cfg(test)]
mod tests;
