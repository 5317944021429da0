//! From a query to the profiles that it may be about.

use std::collections::BTreeMap;
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
use crate::link::{JoinsBy, blocking};
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

/// What a query says, parted by who can tell what to do with it.
#[derive(Default)]
struct Told {
    /// For matching.
    values: Vec<(FieldIndex, String)>,
    /// The records that the blind index names, with the fields it knows them by.
    named: BTreeMap<RecordIndex, Vec<String>>,
    /// Fields that neither reads.
    not_compared: Vec<String>,
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
        let told = Arc::new(self.told(resolver, query, grant).await?);
        let (index, asked, least) = (Arc::clone(&resolver.index), Arc::clone(&told), query.least);
        let (candidates, weighed) = blocking(move || Ok(weigh(&index, &asked, least))).await?;
        let compared = candidates.iter().len() as u64;
        let mut weighed = weighed;
        if let Some(visibility) = self.visibility(grant).await? {
            weighed.retain(|candidate| visibility.record(&resolver.ids.id(candidate.record).to_bytes()));
        }
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
        let profiles = explained
            .into_iter()
            .map(|(explanation, group)| self.profile(resolver, (&named, &told.named), explanation, group));
        Ok(Resolved {
            publication: resolver.publication,
            superseded: !self.is_current(resolver).await?,
            compared,
            candidates: profiles.collect(),
            not_compared: told.not_compared.clone(),
        })
    }

    /// Parts a query. Identifiers that matching does not read, such as a customer's number in a source, name
    /// records all the same: the blind index knows them.
    async fn told(
        &self,
        resolver: &Resolver,
        query: &ResolveQuery,
        grant: &Grant,
    ) -> Result<Told, EngineError> {
        let mut told = Told::default();
        let rules = self.link_rules()?;
        let store = resolver.index.store();
        // What must not be linked by likeness must not be found by it either.
        let may_join = |record: &RecordIndex| rules.source(store.source(*record)).joins == JoinsBy::Likeness;
        for (name, value) in &query.values {
            let value = value.expose(grant);
            if let Some(field) = resolver.index.plan().field_index(name) {
                told.values.push((field, value.clone()));
            } else if let Ok((sources, _)) = self.sources_indexed_by(name) {
                let records = self.find_records(name, value, &sources).await?;
                let places = records.into_iter().filter_map(|record| resolver.ids.find(record));
                for record in places.filter(may_join) {
                    told.named.entry(record).or_default().push(name.clone());
                }
            } else {
                told.not_compared.push(name.clone());
            }
        }
        Ok(told)
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
        (named, named_by): (&Named, &BTreeMap<RecordIndex, Vec<String>>),
        explanation: Explanation,
        group: Group,
    ) -> ResolvedProfile {
        let record = |candidate: &Weighed| {
            let source = resolver.index.store().source(candidate.record);
            let by_field = named_by.get(&candidate.record).into_iter().flatten().cloned();
            ResolvedRecord {
                record_id: named.id(resolver.ids.id(candidate.record).0),
                source: self.config.pipeline.sources[source as usize].id.to_string(),
                weight_bits: candidate.weight.0,
                probability: candidate.weight.to_probability().0,
                found_by: by_field.chain(found_by(&resolver.index, &candidate.found_by)).collect(),
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

/// The candidates of a query of at least so many bits, the best first. Whom an identifier names comes
/// before all others, whatever its bits: they tell nothing of that identifier.
fn weigh(index: &CandidateIndex, told: &Told, least: Bits) -> (Candidates, Vec<Weighed>) {
    let values: Vec<(FieldIndex, &str)> =
        told.values.iter().map(|(field, value)| (*field, value.as_str())).collect();
    let named: Vec<RecordIndex> = told.named.keys().copied().collect();
    let number = number_of(values.iter().map(|(_, value)| *value));
    let candidates = index.candidates(Query { number, values: &values, named: &named });
    let mut weighed: Vec<Weighed> = {
        let scorer = index.scorer(&candidates);
        let weighed = candidates.iter().map(|(place, candidate)| Weighed {
            place,
            record: candidate.record,
            weight: scorer.weight(Candidates::QUERY, place),
            found_by: candidate.found_by.clone(),
        });
        weighed.filter(|candidate| candidate.is_named() || candidate.weight >= least).collect()
    };
    weighed.sort_by(|one, other| {
        (other.is_named().cmp(&one.is_named()))
            .then(other.weight.0.total_cmp(&one.weight.0))
            .then(one.record.cmp(&other.record))
    });
    (candidates, weighed)
}

impl Weighed {
    fn is_named(&self) -> bool {
        self.found_by.contains(&FoundBy::Named)
    }
}

/// As schemas write rules; identifiers by their fields.
fn found_by(index: &CandidateIndex, found_by: &[FoundBy]) -> impl Iterator<Item = String> {
    found_by.iter().filter_map(|found_by| match *found_by {
        FoundBy::Rule(rule) => Some(index.plan().rules()[rule].rule.to_string()),
        FoundBy::Identifier(comparison) => Some(index.plan().comparisons()[comparison].field.clone()),
        FoundBy::Named => None,
    })
}
