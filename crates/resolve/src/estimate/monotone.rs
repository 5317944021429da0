//! A better agreement never counts less.

use super::em::Evidence;

/// Pools neighbouring levels until m/u rises with the level in every comparison.
///
/// Few pairs, or pairs of a kind that blocking favours, can make "close" seem
/// better evidence than "equal". Levels in the wrong order get the ratio of
/// both together; sums over levels stay 1.
///
/// Source: pool adjacent violators, Barlow et al., "Statistical Inference under
/// Order Restrictions", 1972.
pub(super) fn pool(evidence: &mut Evidence) {
    for (m, u) in evidence.m.iter_mut().zip(&evidence.u) {
        pool_comparison(m, u);
    }
}

fn pool_comparison(m: &mut [f64], u: &[f64]) {
    // Runs of levels that share a ratio: (sum of m, sum of u, levels).
    let mut runs: Vec<(f64, f64, usize)> = Vec::with_capacity(m.len());
    for (m, u) in m.iter().zip(u) {
        let mut run = (*m, *u, 1);
        while let Some(before) = runs.last().copied()
            && before.0 / before.1 > run.0 / run.1
        {
            run = (run.0 + before.0, run.1 + before.1, run.2 + before.2);
            runs.pop();
        }
        runs.push(run);
    }
    let ratios = runs.iter().flat_map(|(m, u, levels)| std::iter::repeat_n(m / u, *levels));
    for ((m, u), ratio) in m.iter_mut().zip(u).zip(ratios) {
        *m = u * ratio;
    }
}

#[cfg(test)]
mod tests;
