//! Many pairs: what cannot reach a weight is not compared to its end.
//!
//! Pairs are asked in batches, one comparison after the other over all of a batch that may still
//! reach the weight. Values lie far apart in memory, and a processor fetches those of many pairs at once,
//! while it would wait for those of a single one.
//!
//! Source of the order of work: Boncz, Zukowski & Nes, "MonetDB/X100: Hyper-Pipelining Query
//! Execution", CIDR 2005.

use std::ops::ControlFlow;

use vermeil_model::Bits;

use super::Scorer;
use super::said::{Reach, Said};
use crate::block::Pair;
use crate::cluster::Link;
use crate::features::RecordIndex;

/// Pairs at once: what is known of them fits the first-level cache of a core.
const BATCH: usize = 512;

/// Pairs that are compared together.
#[derive(Default)]
struct Batch {
    pairs: Vec<Compared>,
    /// Places of the pairs that may still reach the weight.
    running: Vec<u16>,
    /// For each left record its reach after each comparison.
    reaches: Vec<Reach>,
}

struct Compared {
    pair: Pair,
    said: Said,
    /// Where the reaches of its left record begin.
    reach: u32,
}

impl Scorer<'_> {
    /// Calls `found` with each pair whose [`Scorer::weight`] is at least `least`, in the order of
    /// `pairs`, until it breaks. Pairs of one left record are best given one after the other.
    pub fn find_links(
        &self,
        least: Bits,
        mut pairs: impl Iterator<Item = Pair>,
        mut found: impl FnMut(Link) -> ControlFlow<()>,
    ) {
        let most_home = if self.same_home > 0.0 { -self.same_home.log2() } else { f64::INFINITY };
        let mut batch = Batch::default();
        loop {
            self.fill(&mut batch, &mut pairs);
            if batch.pairs.is_empty() {
                return;
            }
            for (place, comparison) in self.order.iter().enumerate() {
                let Batch { pairs, running, reaches } = &mut batch;
                running.retain(|at| {
                    let Compared { pair, said, reach } = &mut pairs[usize::from(*at)];
                    self.ask(*comparison, self.store.row(pair.left), self.store.row(pair.right), said);
                    said.can_reach(least.0, reaches[*reach as usize + place], most_home)
                });
            }
            for at in &batch.running {
                let Compared { pair, said, .. } = &batch.pairs[usize::from(*at)];
                let weight = self.weight_of(said);
                let link = Link { left: pair.left, right: pair.right, weight };
                if weight >= least && found(link).is_break() {
                    return;
                }
            }
        }
    }

    fn fill(&self, batch: &mut Batch, pairs: &mut impl Iterator<Item = Pair>) {
        batch.pairs.clear();
        batch.reaches.clear();
        let (mut left, mut reach) = (None, 0);
        for pair in pairs.take(BATCH) {
            if left != Some(pair.left) {
                left = Some(pair.left);
                reach = batch.reaches.len();
                self.push_reaches(pair.left, &mut batch.reaches);
            }
            batch.pairs.push(Compared { pair, said: Said::new(self.prior), reach: reach as u32 });
        }
        batch.running.clear();
        batch.running.extend(0..batch.pairs.len() as u16);
    }

    /// What a record can still get after each of the comparisons, in the order in which they are asked.
    fn push_reaches(&self, record: RecordIndex, reaches: &mut Vec<Reach>) {
        let (row, begin) = (self.store.row(record), reaches.len());
        reaches.resize(begin + self.order.len(), Reach::default());
        let mut rest = Reach::default();
        for (comparison, reach) in self.order.iter().zip(&mut reaches[begin..]).rev() {
            *reach = rest;
            let codes = self.comparer.columns(*comparison).iter().map(|column| column.of(row));
            rest = rest.with(&self.comparisons[*comparison], codes);
        }
    }
}
