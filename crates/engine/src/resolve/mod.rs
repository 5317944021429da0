//! Who somebody is, answered while they wait: an index over the records of a lake.
//!
//! Opening it takes what comparing all records takes, an answer milliseconds. Whom a query is
//! compared with and what the pairs weigh is what a run would come to ([`vermeil_resolve::index`]).

mod answer;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use vermeil_audit::{Intent, Status};
use vermeil_model::{Bits, FieldClass, Grant, Plaintext, Probability, ProfileId, RecordId};
use vermeil_protect::KeyLocation;
use vermeil_resolve::{CandidateIndex, RecordIndex};

use crate::audit::{Opened, OpeningEntry, status_of};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::golden::Former;
use crate::link::{self, RecordIds, StageClock, blocking};
use crate::progress::{Progress, Stage};
use crate::report::Resolved;

/// The current records of a lake, to be found by some of their values. It holds these values, and is
/// wiped when it is dropped.
pub struct Resolver {
    index: Arc<CandidateIndex>,
    ids: RecordIds,
    /// Where the key of each record lies, and the profile that it is published in.
    places: Vec<(KeyLocation, Option<ProfileId>)>,
    /// The publication whose profiles these are.
    publication: i64,
    threshold: Probability,
}

impl Resolver {
    /// The weight of a pair about which nothing is known.
    pub fn prior(&self) -> Bits {
        self.index.prior()
    }
}

/// What is known of somebody. It has no `Debug`.
pub struct ResolveQuery {
    /// Canonical field → value, in whatever spelling.
    pub values: BTreeMap<String, Plaintext<String>>,
    /// The least weight of a candidate.
    pub least: Bits,
    /// Profiles in the answer at most.
    pub limit: usize,
}

impl Engine {
    /// Opens all current records, compared by the model in force, for [`Engine::resolve`].
    ///
    /// The opening is matching's, and written to the audit log as that of a run. A reader who may not ask
    /// for anything is refused before it, and that is written too.
    ///
    /// # Errors
    /// - [`EngineError::Denied`], [`EngineError::ProfilesNotFor`], [`EngineError::ResolveDenied`]: not
    ///   for this role and purpose;
    /// - [`EngineError::NothingPublished`];
    /// - the lake, the state database or the keys fail.
    pub async fn open_resolver(
        &self,
        reader: &Reader,
        progress: &dyn Progress,
    ) -> Result<Resolver, EngineError> {
        let grant = self.profile_grant(reader)?;
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        if !names_records(&grant) || grant.classes().is_empty() {
            let entry = self.begin_resolving(reader, &grant, &BTreeSet::new()).await?;
            return Err(self.refuse_resolving(entry, &grant, "*").await?);
        }
        let plan = self.match_plan()?;
        let frozen = self.frozen_model(&plan).await?.map(|frozen| frozen.weights);
        let settings = self.weight_settings(frozen);
        let mut keys: HashMap<RecordId, KeyLocation> = HashMap::new();
        let mut clock = StageClock { progress, stages: Vec::new() };
        let mut note = |record, key| {
            keys.insert(record, key);
        };
        let records = clock.time(Stage::Prepare, self.prepare_noting(&plan, &[], &mut note)).await?;
        let former = Former::load(self, Some(&publication)).await?;
        let places = (0..records.ids.len() as u32)
            .map(|place| records.ids.id(RecordIndex(place)))
            .map(|record| (keys[&record], former.profiles.get(&record).map(|former| former.profile)))
            .collect();
        drop((keys, former));
        let (ids, store) = (records.ids, records.store);
        let indexed = blocking(move || {
            let count = store.len() as u64;
            Ok((link::index(store, plan, settings)?, count))
        });
        let index = Arc::new(clock.time(Stage::Estimate, indexed).await?);
        let threshold = self.threshold();
        Ok(Resolver { index, ids, places, publication: publication.number, threshold })
    }

    /// Whether the profiles of a resolver are those that readers see.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn is_current(&self, resolver: &Resolver) -> Result<bool, EngineError> {
        let published = self.state.current_publication().await?;
        Ok(published.is_some_and(|published| published.number == resolver.publication))
    }

    /// The profiles that a query may be about, with their weights and why they have them.
    ///
    /// Nothing is opened. Whether someone is here is personal all the same: it takes the classes of the query's
    /// fields, and is written to the audit trail before. Ids are pseudonyms to those who may
    /// not see identifiers. Records whose keys have been destroyed meanwhile are in no answer.
    ///
    /// # Errors
    /// - [`EngineError::Denied`], [`EngineError::ProfilesNotFor`], [`EngineError::ResolveDenied`]: not
    ///   for this role and purpose;
    /// - [`EngineError::UnknownQueryField`];
    /// - the state database, the keyring or the audit log fail.
    pub async fn resolve(
        &self,
        resolver: &Resolver,
        query: &ResolveQuery,
        reader: &Reader,
    ) -> Result<Resolved, EngineError> {
        let grant = self.profile_grant(reader)?;
        let classes = self.classes_of(query)?;
        let entry = self.begin_resolving(reader, &grant, &classes).await?;
        if !names_records(&grant) || !classes.iter().all(|class| grant.covers(*class)) {
            let fields: Vec<&str> = query.values.keys().map(String::as_str).collect();
            return Err(self.refuse_resolving(entry, &grant, &fields.join(", ")).await?);
        }
        let answer = self.answer_query(resolver, query, &grant).await;
        let records = |answer: &Resolved| answer.candidates.iter().map(|profile| profile.records.len()).sum();
        let rows = answer.as_ref().map_or(0, records) as u64;
        self.end_opening(entry, Opened { rows, ..Opened::default() }, status_of(&answer)).await?;
        answer
    }

    /// The classes that the fields of a query have in any schema of records.
    fn classes_of(&self, query: &ResolveQuery) -> Result<BTreeSet<FieldClass>, EngineError> {
        let golden = self.config.golden_schema();
        let mut classes = BTreeSet::new();
        for name in query.values.keys() {
            let unknown = || EngineError::UnknownQueryField {
                schema: golden.id(),
                nearest: golden.nearest_field(name).unwrap_or_default().to_owned(),
            };
            classes.insert(golden.field(name).ok_or_else(unknown)?.class);
            let sources = self.config.record_sources().map(|source| self.config.schema_of(source));
            classes.extend(sources.filter_map(|schema| schema.field(name)).map(|field| field.class));
        }
        Ok(classes)
    }

    async fn begin_resolving(
        &self,
        reader: &Reader,
        grant: &Grant,
        classes: &BTreeSet<FieldClass>,
    ) -> Result<OpeningEntry, EngineError> {
        let personal = classes.iter().copied().filter(|class| class.is_personal());
        let intent = Intent {
            actor: reader.actor.clone(),
            role: grant.role().clone(),
            purpose: grant.purpose().clone(),
            action: "resolve".to_owned(),
            table: "landing".to_owned(),
            classes: personal.collect(),
        };
        self.audit.begin(intent).await
    }

    async fn refuse_resolving(
        &self,
        entry: OpeningEntry,
        grant: &Grant,
        fields: &str,
    ) -> Result<EngineError, EngineError> {
        self.audit.conclude(entry, 0, Status::Refused).await?;
        Ok(EngineError::ResolveDenied {
            role: grant.role().to_string(),
            purpose: grant.purpose().to_string(),
            fields: fields.to_owned(),
        })
    }
}

/// The answer is ids, or pseudonyms in their place.
fn names_records(grant: &Grant) -> bool {
    grant.covers(FieldClass::Identifier) || grant.reads(FieldClass::Identifier)
}
