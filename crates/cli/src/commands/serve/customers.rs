//! Who somebody is, as the service asks it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use vermeil_engine::{
    EngineError, Reader, ResolveQuery, Resolved, ResolvedProfile, ResolvedRecord, Resolver, Silent,
};
use vermeil_model::{ProfileId, RecordId};
use vermeil_serve::ports::{Asking, Customers, Description, Identifiers};
use vermeil_serve::{
    Candidate, CandidateRecord, Candidates, Customer, Explanation, FoundRecord, Problem, ProblemKind,
};

use super::desk::{Desk, reader};
use super::problems::problem;
use crate::render::rows;

/// The column of golden tables that names profiles.
const PROFILE_ID: &str = "profile_id";
/// How long somebody waits for all records to be opened; it goes on afterwards.
const WAITED_FOR: Duration = Duration::from_secs(10);
/// Seconds after which they should ask again.
const COME_AGAIN: u64 = 10;

#[async_trait]
impl Customers for Desk {
    async fn find(&self, asking: &Asking, identifiers: &Identifiers) -> Result<Vec<Customer>, Problem> {
        self.find_customers(&reader(asking), identifiers).await.map_err(|error| problem(&error))
    }

    async fn resolve(&self, asking: &Asking, description: Description) -> Result<Candidates, Problem> {
        let reader = reader(asking);
        let resolver = self.resolver(&reader).await?;
        let query =
            ResolveQuery { values: description.values, least: resolver.prior(), limit: description.limit };
        let resolved = self.engine.resolve(&resolver, &query, &reader).await;
        resolved.map(candidates).map_err(|error| problem(&error))
    }

    async fn explain(&self, asking: &Asking, profile: &str) -> Result<Explanation, Problem> {
        let id: RecordId = profile.parse().map_err(|_| Problem::new(ProblemKind::NotFound))?;
        let explained = self.engine.explain_profile(ProfileId(id.0), &reader(asking)).await;
        let explanation = explained.map_err(|error| problem(&error))?;
        let json = serde_json::to_value(&explanation).map_err(|_| Problem::new(ProblemKind::Internal))?;
        Ok(Explanation(json))
    }
}

/// What is known of a customer while they are looked for.
#[derive(Default)]
struct Found {
    matched_by: BTreeSet<String>,
    records: BTreeMap<String, Option<String>>,
}

impl Desk {
    async fn find_customers(
        &self,
        reader: &Reader,
        identifiers: &Identifiers,
    ) -> Result<Vec<Customer>, EngineError> {
        // A record that is in no profile yet is somebody by itself.
        let mut people: BTreeMap<(Option<String>, Option<String>), Found> = BTreeMap::new();
        for (field, value) in identifiers {
            for record in self.engine.find(field, value, reader).await? {
                let alone = record.profile_id.is_none().then(|| record.record_id.clone());
                let found = people.entry((record.profile_id, alone)).or_default();
                found.matched_by.insert(field.clone());
                found.records.insert(record.record_id, record.source);
            }
        }
        let published: Vec<&str> = people.keys().filter_map(|(profile, _)| profile.as_deref()).collect();
        let mut profiles = self.profiles(&published, reader).await?;
        let mut customers: Vec<Customer> = people
            .into_iter()
            .map(|((profile_id, _), found)| Customer {
                profile: profile_id.as_ref().and_then(|id| profiles.remove(id)).unwrap_or_default(),
                profile_id,
                matched_by: found.matched_by.into_iter().collect(),
                records: found
                    .records
                    .into_iter()
                    .map(|(record_id, source)| FoundRecord { record_id, source })
                    .collect(),
            })
            .collect();
        customers.sort_by_key(|customer| std::cmp::Reverse(customer.matched_by.len()));
        Ok(customers)
    }

    /// What a reader sees of profiles, by their ids or pseudonyms.
    async fn profiles(
        &self,
        ids: &[&str],
        reader: &Reader,
    ) -> Result<BTreeMap<String, BTreeMap<String, Value>>, EngineError> {
        let mut profiles = BTreeMap::new();
        if ids.is_empty() {
            return Ok(profiles);
        }
        // Ids and pseudonyms are digits, letters and hyphens; doubled, a quote would stay one all the same.
        let listed: Vec<String> = ids.iter().map(|id| format!("'{}'", id.replace('\'', "''"))).collect();
        let sql = format!("SELECT * FROM golden.profiles WHERE {PROFILE_ID} IN ({})", listed.join(", "));
        let mut result = self.engine.query(&sql, reader).await?;
        while let Some(batch) = result.next().await {
            let batch = batch?;
            for row in 0..batch.num_rows() {
                let mut profile: BTreeMap<String, Value> = rows::object(&batch, row).into_iter().collect();
                if let Some(Value::String(id)) = profile.remove(PROFILE_ID) {
                    profile.retain(|_, value| !value.is_null());
                    profiles.insert(id, profile);
                }
            }
        }
        Ok(profiles)
    }

    /// All current records, to be compared with. Who asks first opens them, for all.
    async fn resolver(&self, reader: &Reader) -> Result<Arc<Resolver>, Problem> {
        let (desk, reader) = (self.clone(), reader.clone());
        let opening = self.to_the_end(async move {
            let mut held = desk.resolver.lock().await;
            if let Some(resolver) = &*held
                && desk.engine.is_current(resolver).await?
            {
                return Ok(Arc::clone(resolver));
            }
            // What it held goes first: two at once would take twice the memory.
            *held = None;
            let resolver = Arc::new(desk.engine.open_resolver(&reader, &Silent).await?);
            *held = Some(Arc::clone(&resolver));
            Ok(resolver)
        });
        match tokio::time::timeout(WAITED_FOR, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(Problem::coded(ProblemKind::Unavailable, "resolver-opening").after(COME_AGAIN)),
        }
    }
}

fn candidates(resolved: Resolved) -> Candidates {
    Candidates {
        publication: resolved.publication,
        not_compared: resolved.not_compared,
        compared: resolved.compared,
        candidates: resolved.candidates.into_iter().map(candidate).collect(),
    }
}

fn candidate(profile: ResolvedProfile) -> Candidate {
    let record = |record: ResolvedRecord| CandidateRecord {
        record_id: record.record_id,
        source: record.source,
        weight_bits: record.weight_bits,
        probability: record.probability,
        found_by: record.found_by,
    };
    Candidate {
        profile_id: profile.profile_id,
        weight_bits: profile.weight_bits,
        probability: profile.probability,
        threshold: profile.threshold,
        records: profile.records.into_iter().map(record).collect(),
    }
}
