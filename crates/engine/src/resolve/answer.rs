//! From a query to the profiles that it may be about.

use std::sync::Arc;

use vermeil_model::{Bits, Grant, ProfileId};
use vermeil_protect::KeyLocation;
use vermeil_resolve::features::number_of;
use vermeil_resolve::index::{Candidates, FoundBy, Query};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::score::Explanation;
use vermeil_resolve::{CandidateIndex, RecordIndex};

use super::{ResolveQuery, Resolver};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::link::blocking;
use crate::pseudonyms::Named;
use crate::report::{EvidenceReport, Resolved, ResolvedProfile, ResolvedRecord};

/// Records whose keys are asked for at once: mostly enough for an answer.
const ASKED_AT_ONCE: usize = 32;

/// A candidate with its weight.
struct Weighed {
    /// Its place beside the query.
    place: RecordIndex,
    /// Its place in the index.
    record: RecordIndex,
    weight: Bits,
    found_by: Vec<FoundBy>,
}

/// The records of a profile that a query may be about, the best first.
struct Group {
    profile: Option<ProfileId>,
    records: Vec<Weighed>,
}

impl Engine {
    pub(super) async fn answer_query(
        &self,
        resolver: &Resolver,
        query: &ResolveQuery,
        grant: &Grant,
    ) -> Result<Resolved, EngineError> {
        let plan = resolver.index.plan();
        let (mut values, mut not_compared) = (Vec::new(), Vec::new());
        for (name, value) in &query.values {
            match plan.field_index(name) {
                Some(field) => values.push((field, value.expose(grant).clone())),
                None => not_compared.push(name.clone()),
            }
        }
        let (index, least) = (Arc::clone(&resolver.index), query.least);
        let (candidates, weighed) = blocking(move || Ok(weigh(&index, &values, least))).await?;
        let compared = candidates.iter().len() as u64;
        let groups = self.living(resolver, weighed, query.limit).await?;
        let index = Arc::clone(&resolver.index);
        let explained = blocking(move || {
            let scorer = index.scorer(&candidates);
            let explain = |group: Group| {
                let best = group.records[0].place;
                (scorer.explain(Candidates::QUERY, best), group)
            };
            Ok(groups.into_iter().map(explain).collect::<Vec<_>>())
        })
        .await?;
        let named = self.named(grant);
        let profiles = explained.into_iter();
        let profiles =
            profiles.map(|(explanation, group)| self.profile(resolver, &named, explanation, group));
        Ok(Resolved {
            publication: resolver.publication,
            superseded: !self.is_current(resolver).await?,
            not_compared,
            compared,
            candidates: profiles.collect(),
        })
    }

    /// The best `limit` profiles of candidates whose keys still exist; candidates come the best first.
    async fn living(
        &self,
        resolver: &Resolver,
        weighed: Vec<Weighed>,
        limit: usize,
    ) -> Result<Vec<Group>, EngineError> {
        let mut groups: Vec<Group> = Vec::new();
        let profile_of = |candidate: &Weighed| resolver.places[candidate.record.0 as usize].1;
        let holder = |groups: &[Group], profile: Option<ProfileId>| {
            groups.iter().position(|group| profile.is_some() && group.profile == profile)
        };
        let mut waiting = weighed.into_iter();
        loop {
            // Once there are enough profiles, only their own records are of interest.
            let is_full = groups.len() >= limit;
            let wanted = |candidate: &Weighed| !is_full || holder(&groups, profile_of(candidate)).is_some();
            let asked: Vec<Weighed> = waiting.by_ref().filter(wanted).take(ASKED_AT_ONCE).collect();
            if asked.is_empty() {
                return Ok(groups);
            }
            let keys: Vec<KeyLocation> =
                asked.iter().map(|candidate| resolver.places[candidate.record.0 as usize].0).collect();
            let keys = self.vault.keys(&keys).await?;
            for (candidate, _) in asked.into_iter().zip(keys).filter(|(_, key)| key.is_some()) {
                let profile = profile_of(&candidate);
                match holder(&groups, profile) {
                    Some(place) => groups[place].records.push(candidate),
                    None if groups.len() < limit => groups.push(Group { profile, records: vec![candidate] }),
                    None => {}
                }
            }
        }
    }

    fn profile(
        &self,
        resolver: &Resolver,
        named: &Named,
        explanation: Explanation,
        group: Group,
    ) -> ResolvedProfile {
        let record = |candidate: &Weighed| {
            let source = resolver.index.store().source(candidate.record);
            ResolvedRecord {
                record_id: named.id(resolver.ids.id(candidate.record).0),
                source: self.config.pipeline.sources[source as usize].id.to_string(),
                weight_bits: candidate.weight.0,
                probability: candidate.weight.to_probability().0,
                found_by: found_by(&resolver.index, &candidate.found_by),
            }
        };
        let evidence = explanation.evidence.into_iter().filter(|evidence| evidence.level.is_some());
        ResolvedProfile {
            profile_id: group.profile.map(|profile| named.id(profile.0)),
            weight_bits: explanation.weight.0,
            probability: explanation.weight.to_probability().0,
            threshold: resolver.threshold.0,
            prior_bits: explanation.prior.0,
            evidence: evidence.map(EvidenceReport::of).collect(),
            dependence_bits: explanation.dependence.0,
            records: group.records.iter().map(record).collect(),
        }
    }
}

/// The candidates of a query of at least so many bits, the best first.
fn weigh(index: &CandidateIndex, values: &[(FieldIndex, String)], least: Bits) -> (Candidates, Vec<Weighed>) {
    let values: Vec<(FieldIndex, &str)> =
        values.iter().map(|(field, value)| (*field, value.as_str())).collect();
    let number = number_of(values.iter().map(|(_, value)| *value));
    let candidates = index.candidates(Query { number, values: &values });
    let mut weighed: Vec<Weighed> = {
        let scorer = index.scorer(&candidates);
        let weighed = candidates.iter().map(|(place, candidate)| Weighed {
            place,
            record: candidate.record,
            weight: scorer.weight(Candidates::QUERY, place),
            found_by: candidate.found_by.clone(),
        });
        weighed.filter(|candidate| candidate.weight >= least).collect()
    };
    weighed.sort_by(|one, other| other.weight.0.total_cmp(&one.weight.0).then(one.record.cmp(&other.record)));
    (candidates, weighed)
}

/// As schemas write rules; identifiers by their fields.
fn found_by(index: &CandidateIndex, found_by: &[FoundBy]) -> Vec<String> {
    let plan = index.plan();
    let name = |found_by: &FoundBy| match *found_by {
        FoundBy::Rule(rule) => plan.rules()[rule].rule.to_string(),
        FoundBy::Identifier(comparison) => plan.comparisons()[comparison].field.clone(),
    };
    found_by.iter().map(name).collect()
}
