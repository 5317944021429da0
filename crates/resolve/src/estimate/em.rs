//! Expectation maximisation over counts of patterns.

use super::patterns::PatternCounts;
use super::{Origin, born_together};
use vermeil_model::decision::Verdict;

use super::decided::MOST_DECIDED;
use crate::compare::Pattern;
use crate::plan::Tells;

/// Below this change of every probability, EM has nothing left to learn.
const SETTLED: f64 = 1e-6;
/// Below this change EM has converged. It goes on for a while nevertheless; see [`PATIENCE`].
const CONVERGED: f64 = 1e-4;
/// From this step on, being converged is enough: what hundreds of steps more would change, no
/// weight shows.
const PATIENCE: u32 = 50;
/// Steps at most to find the shares of all pairs.
const SHARES_ITERATIONS: u32 = 200;
/// What is known before any pair was seen weighs as much as this many matches.
const EXPECTED_MATCHES: f64 = 5.0;

/// m and u, per comparison and level.
#[derive(Clone)]
pub(super) struct Evidence {
    pub(super) m: Vec<Vec<f64>>,
    pub(super) u: Vec<Vec<f64>>,
    /// Whom each comparison tells.
    tells: Vec<Tells>,
    /// Which comparisons are of persons' names.
    names: Vec<usize>,
}

/// The pairs of one blocking rule.
pub(super) struct Session<'a> {
    /// Comparisons whose agreement the rule foretells.
    pub(super) foretold: &'a [usize],
    pub(super) pairs: PatternCounts,
    /// Those of its pairs that are not guessed at.
    pub(super) decided: Vec<Decided>,
}

/// A pair that people decided about.
#[derive(Clone, Copy)]
pub(super) struct Decided {
    pub(super) pattern: Pattern,
    pub(super) verdict: Verdict,
    /// As how many pairs it counts.
    pub(super) weight: f64,
}

impl Decided {
    /// What it is known to be. Of two people it is not known whether they share a home.
    fn given(&self, shares: Shares, ratios: Ratios) -> Shares {
        match self.verdict {
            Verdict::Together => Shares { matches: 1.0, same_home: 0.0 },
            Verdict::Apart => {
                let given = shares.given(ratios);
                let apart = given.same_home + given.strangers();
                let same_home = if apart > 0.0 { given.same_home / apart } else { 0.0 };
                Shares { matches: 0.0, same_home }
            }
        }
    }
}

impl Evidence {
    /// What to expect of any field: most pairs of one person agree, most others do not.
    pub(super) fn expected(levels: &[usize], tells: Vec<Tells>, names: Vec<usize>) -> Evidence {
        // The higher of two levels in between is the likelier among matches.
        let rising = |count: usize, equal: f64, different: f64| -> Vec<f64> {
            let between = count.saturating_sub(2);
            let parts = (between * (between + 1) / 2) as f64;
            let rest = 1.0 - equal - different;
            let mut shares = vec![different];
            shares.extend((1..=between).map(|rank| rest * rank as f64 / parts));
            shares.push(1.0 - shares.iter().sum::<f64>());
            shares
        };
        Evidence {
            m: levels.iter().map(|&count| rising(count, 0.85, 0.05)).collect(),
            u: levels.iter().map(|&count| rising(count, 0.85, 0.05).into_iter().rev().collect()).collect(),
            tells,
            names,
        }
    }

    /// What a pattern says, `foretold` comparisons left out.
    pub(super) fn ratios(&self, pattern: Pattern, foretold: &[usize]) -> Ratios {
        let mut ratios = Ratios { person: 1.0, home: 1.0, born_together: 1.0 };
        let are_persons = self.names.iter().any(|name| pattern.level(*name).is_some());
        let (mut place_for, mut place_against) = (1.0_f64, 1.0_f64);
        for (comparison, (m, u)) in self.m.iter().zip(&self.u).enumerate() {
            if let Some(level) = pattern.level(comparison)
                && !foretold.contains(&comparison)
            {
                let ratio = m[level] / u[level];
                match self.tells[comparison] {
                    // Homes that share a mailbox are few enough to be left to the others.
                    Tells::Person | Tells::Mailbox => ratios.person *= ratio,
                    Tells::Birth => {
                        ratios.person *= ratio;
                        ratios.born_together = born_together(ratio);
                    }
                    Tells::Firm if !are_persons => ratios.person *= ratio,
                    Tells::Home | Tells::Firm => ratios.home *= ratio,
                    Tells::Place => {
                        place_for = place_for.max(ratio);
                        place_against = place_against.min(ratio);
                    }
                }
            }
        }
        ratios.home *= place_for * place_against;
        ratios
    }
}

/// What the sessions learnt.
pub(super) struct Learnt {
    pub(super) m: Vec<Vec<f64>>,
    /// Where the m of each comparison comes from.
    pub(super) origins: Vec<Origin>,
    /// How each session ended; `None` where it had no pairs.
    pub(super) ends: Vec<Option<End>>,
}

/// How EM ended.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) iterations: u32,
    pub(super) converged: bool,
}

/// How many times likelier a pattern is among matches than among strangers.
#[derive(Clone, Copy)]
pub(super) struct Ratios {
    /// By the comparisons that tell persons.
    person: f64,
    /// By those that tell homes.
    home: f64,
    /// How many times likelier among people of one home than among strangers.
    born_together: f64,
}

/// What share of pairs is one person, and what share two people of one home; the rest
/// are strangers. People of one home agree on what tells homes as matches do, and on
/// what tells persons as strangers do.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    pub(super) matches: f64,
    pub(super) same_home: f64,
}

impl Shares {
    /// The posterior shares for pairs that show a pattern.
    pub(super) fn given(self, ratios: Ratios) -> Shares {
        let matches = self.matches * ratios.person * ratios.home;
        let same_home = self.same_home * ratios.home * ratios.born_together;
        let all = matches + same_home + self.strangers();
        // Ratios multiply up to a few hundred bits at most, far below the range of f64.
        Shares { matches: matches / all, same_home: same_home / all }
    }

    pub(super) fn strangers(self) -> f64 {
        1.0 - self.matches - self.same_home
    }

    /// Both shares within `least..=most`, and room for strangers.
    fn within(self, least: f64, most: f64) -> Shares {
        let matches = self.matches.clamp(least, most);
        Shares { matches, same_home: self.same_home.clamp(least / 2.0, (1.0 - matches) * (1.0 - least)) }
    }

    fn is_near(self, other: Shares, within: f64) -> bool {
        let near = |one: f64, other: f64| (one / other - 1.0).abs() < within;
        near(self.matches, other.matches) && near(self.same_home, other.same_home)
    }
}

/// m of each comparison: the mean over the sessions that can tell, weighted by
/// the matches that each expects. What no session can tell stays as expected, and what a
/// session says that did not converge is not listened to.
pub(super) fn m_over_sessions(
    sessions: &[Session],
    levels: &[usize],
    evidence: &Evidence,
    iterations: u32,
) -> Learnt {
    let start = &evidence.m;
    let mut sums: Vec<Vec<f64>> = levels.iter().map(|&count| vec![0.0; count]).collect();
    let mut ends = Vec::with_capacity(sessions.len());
    for session in sessions {
        if session.pairs.counts.is_empty() {
            ends.push(None);
            continue;
        }
        let (matched, end) = session.matched_levels(levels, evidence, iterations);
        ends.push(Some(end));
        if !end.converged {
            continue;
        }
        for (comparison, matched) in matched.into_iter().enumerate() {
            if !session.foretold.contains(&comparison) {
                sums[comparison].iter_mut().zip(matched).for_each(|(sum, matched)| *sum += matched);
            }
        }
    }
    let seen = sums.iter().map(|sums| sums.iter().sum::<f64>());
    let origin = |seen: f64| if seen < EXPECTED_MATCHES { Origin::Prior } else { Origin::Estimated };
    let origins = seen.map(origin).collect();
    for (sums, expected) in sums.iter_mut().zip(start) {
        sums.iter_mut().zip(expected).for_each(|(sum, share)| *sum += share * EXPECTED_MATCHES);
        normalise(sums);
    }
    Learnt { m: sums, origins, ends }
}

/// The shares among all pairs at which they agree with the posterior shares of the
/// candidates; pairs that are no candidates count as strangers. And how finding them ended.
pub(super) fn shares_of_all(
    candidates: &PatternCounts,
    decided: &[Decided],
    evidence: &Evidence,
    all_pairs: f64,
) -> (Shares, End) {
    let ratios: Vec<(Ratios, f64)> = candidates
        .counts
        .iter()
        .map(|(pattern, count)| (evidence.ratios(*pattern, &[]), count * candidates.sampled_from))
        .collect();
    // One match at least, and one pair that is none: the odds stay finite.
    let (least, most) = (1.0 / (all_pairs + 2.0), 1.0 - 1.0 / (all_pairs + 2.0));
    let mut shares = Shares { matches: 1e-4, same_home: 1e-4 }.within(least, most);
    let mut end = End { iterations: 0, converged: false };
    while end.iterations < SHARES_ITERATIONS {
        let mut sum = Shares { matches: 0.0, same_home: 0.0 };
        for (ratios, count) in &ratios {
            let given = shares.given(*ratios);
            sum.matches += count * given.matches;
            sum.same_home += count * given.same_home;
        }
        for known in decided {
            let given = known.given(shares, evidence.ratios(known.pattern, &[]));
            sum.matches += known.weight * given.matches;
            sum.same_home += known.weight * given.same_home;
        }
        let pairs = all_pairs.max(1.0);
        let next =
            Shares { matches: sum.matches / pairs, same_home: sum.same_home / pairs }.within(least, most);
        end.iterations += 1;
        end.converged = next.is_near(shares, CONVERGED);
        let is_settled = next.is_near(shares, SETTLED);
        shares = next;
        if is_settled {
            break;
        }
    }
    (shares, end)
}

impl Session<'_> {
    /// What was decided, weighing no more beside `counted` pairs than it may.
    fn bounded(&self, counted: f64) -> Vec<Decided> {
        let weight: f64 = self.decided.iter().map(|known| known.weight).sum();
        let scale = (MOST_DECIDED * counted / weight).min(1.0);
        self.decided.iter().map(|known| Decided { weight: known.weight * scale, ..*known }).collect()
    }

    /// How many matches show each level, as EM with fixed u expects.
    fn matched_levels(&self, levels: &[usize], start: &Evidence, iterations: u32) -> (Vec<Vec<f64>>, End) {
        let counted: f64 = self.pairs.counts.iter().map(|(_, count)| count).sum();
        let decided = self.bounded(counted);
        let total = counted + decided.iter().map(|known| known.weight).sum::<f64>();
        let mut evidence = start.clone();
        let mut shares = Shares { matches: 0.4, same_home: 0.2 };
        let mut matched = Vec::new();
        let mut end = End { iterations: 0, converged: false };
        while end.iterations < iterations.max(1) {
            matched = levels.iter().map(|&count| vec![0.0; count]).collect::<Vec<_>>();
            let mut sum = Shares { matches: 0.0, same_home: 0.0 };
            for (pattern, count) in &self.pairs.counts {
                let given = shares.given(evidence.ratios(*pattern, self.foretold));
                sum.matches += count * given.matches;
                sum.same_home += count * given.same_home;
                for (comparison, matched) in matched.iter_mut().enumerate() {
                    if let Some(level) = pattern.level(comparison) {
                        matched[level] += count * given.matches;
                    }
                }
            }
            for known in &decided {
                let given = known.given(shares, evidence.ratios(known.pattern, self.foretold));
                sum.matches += known.weight * given.matches;
                sum.same_home += known.weight * given.same_home;
                for (comparison, matched) in matched.iter_mut().enumerate() {
                    if let Some(level) = known.pattern.level(comparison) {
                        matched[level] += known.weight * given.matches;
                    }
                }
            }
            let mut change = (sum.matches / total - shares.matches).abs();
            shares = Shares { matches: sum.matches / total, same_home: sum.same_home / total }
                .within(1e-9, 1.0 - 1e-9);
            for ((comparison, m), matched) in evidence.m.iter_mut().enumerate().zip(&matched) {
                let mut next: Vec<f64> = matched
                    .iter()
                    .zip(&start.m[comparison])
                    .map(|(matched, expected)| matched + expected * EXPECTED_MATCHES)
                    .collect();
                normalise(&mut next);
                change = m.iter().zip(&next).fold(change, |most, (old, new)| most.max((old - new).abs()));
                *m = next;
            }
            end.iterations += 1;
            end.converged = change < CONVERGED;
            if change < SETTLED || (end.converged && end.iterations >= PATIENCE) {
                break;
            }
        }
        (matched, end)
    }
}

fn normalise(shares: &mut [f64]) {
    let total: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
}
