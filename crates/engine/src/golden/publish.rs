//! Writing and publishing profiles.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryBuilder, Float64Array, Int32Builder, Int64Array, Int64Builder, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::compute::cast;
use datafusion::error::DataFusionError;
use vermeil_model::{FieldClass, Policy, ProfileId, RecordId, Schema};
use vermeil_protect::payload::PayloadWriter;
use vermeil_protect::{Binding, DataKey, KeyLocation, Pseudonymiser, RecordCipher};
use vermeil_state::golden_owner;

use super::assign::{Change, FormerProfile, assign};
use super::build::{Contribution, GoldenValue, ProfileRules};
use super::carry::{CarriedOver, Editions};
use super::causes::Cause;
use super::former::Former;
use super::stand_ins::{generalised_columns, pseudonym_columns};
use super::update::Updated;
use crate::audit::ENGINE;
use crate::columns;
use crate::consent::points;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{TableName, Transactional};
use crate::land::FIRST_KEY_EPOCH;
use crate::link::Linkage;
use crate::publication::{Publication, Snapshot};
use crate::rectify::Rectification;

/// Profiles are built, sealed and written in batches of this many.
pub(super) const BATCH_PROFILES: usize = 4096;
/// Records are opened anew for every so many, so that memory has a bound.
const RECORDS_PER_PASS: usize = 500_000;
/// Delta's name for the sequence of publications.
pub(crate) const APPLICATION: &str = "golden";

/// What publishing did.
pub(crate) struct Published {
    pub(crate) profiles: u64,
    pub(crate) merges: u64,
    pub(crate) splits: u64,
}

/// What every row of one publication is written with.
pub(super) struct Edition {
    pub(super) number: i64,
    /// The number of the run.
    run: i64,
    /// Microseconds since 1970, UTC.
    pub(super) now: i64,
    pub(super) transactional: Transactional,
    pub(super) domains: Vec<Pseudonymiser>,
}

/// One cluster on its way to become a profile.
pub(super) struct Cluster {
    pub(super) id: FormerProfile,
    pub(super) records: Vec<RecordId>,
    /// That it joins two who are not one.
    pub(super) risk: f64,
}

impl Engine {
    /// Builds, seals and publishes the profiles of `linkage` in a run of that number, with the
    /// fingerprint of what it was made of and the number of the model that was kept.
    pub(crate) async fn publish(
        &self,
        linkage: &Linkage,
        (fingerprint, model): (&str, Option<i64>),
        current: Option<&Publication>,
        run: i64,
    ) -> Result<Published, EngineError> {
        let number = self.state.begin_publication().await?;
        let now = chrono::Utc::now().timestamp_micros();
        let former = Former::load(self, current).await?;
        let groups = linkage.groups();
        let assignment = assign(&groups, &former.profiles, now);
        let causes =
            self.causes(&assignment.changes, (&assignment.profiles, &groups), &former, linkage).await?;
        let clusters: Vec<Cluster> = assignment
            .profiles
            .into_iter()
            .zip(groups)
            .zip(linkage.group_risks())
            .map(|((id, records), risk)| Cluster { id, records, risk })
            .collect();
        let edition = Edition {
            number,
            run,
            now,
            transactional: Transactional::new(APPLICATION, number),
            domains: self.declared_pseudonymisers(),
        };
        let assigned = clusters.len() as u64;
        let built_by = self.built_by(&edition.domains);
        let rectified = self.rectifications().await?;
        let mut carried =
            self.carried_over(current, &built_by, now, (linkage, &clusters, &former), &rectified);
        let base = carried.base(current);
        let links = self.write_links(linkage, base, &edition).await?;
        let matched = self.write_matched(linkage, base, &edition).await?;
        let members = self.write_members(linkage, (&clusters, &former), base, &edition).await?;
        let (profiles, provenance) =
            self.write_profiles(clusters, &mut carried, &rectified, base, &edition).await?;
        let changes: Vec<_> = assignment.changes.iter().zip(&causes).collect();
        let history = self.write_history(&changes, current, &edition).await?;

        // Nobody reads the publication before the current one any more. Before this one is
        // published, lest a crash in between forgets them.
        if let Some(editions) = current.and_then(|current| current.editions.as_ref()) {
            self.vault.destroy(&editions.replaced_keys()).await?;
        }
        let editions = carried.editions(number, built_by, now);
        let updated = [
            (TableName::Links, links),
            (TableName::Matched, matched),
            (TableName::Members, members),
            (TableName::Profiles, profiles),
            (TableName::Provenance, provenance),
            (TableName::History, history),
        ]
        .map(|(name, updated)| (name.to_string(), updated));
        let snapshot = Snapshot {
            versions: updated.iter().map(|(name, updated)| (name.clone(), updated.version)).collect(),
            superseded: updated.into_iter().map(|(name, updated)| (name, updated.superseded)).collect(),
            profiles: assigned,
            editions: Some(editions.clone()),
            rectified: rectified.last().map_or(0, |last| last.number),
            linking: model.map(|model| self.linking(model)),
            pseudonym_domains: edition.domains.iter().map(|domain| domain.domain_name().to_owned()).collect(),
        };
        let snapshot = serde_json::to_value(&snapshot).expect("names and numbers always serialise");
        self.state.publish(number, &snapshot, fingerprint).await?;
        self.destroy_replaced_keys(current, &editions).await?;
        let merges =
            assignment.changes.iter().filter(|change| matches!(change, Change::Merge { .. })).count();
        Ok(Published {
            profiles: assigned,
            merges: merges as u64,
            splits: (assignment.changes.len() - merges) as u64,
        })
    }

    /// Destroys the profile keys that no reader can still need: those of publications that were cut
    /// off, and of every one before the one that was current until now of which neither has rows.
    pub(crate) async fn destroy_replaced_keys(
        &self,
        replaced: Option<&Publication>,
        editions: &Editions,
    ) -> Result<(), EngineError> {
        let abandoned = self.state.abandoned_publications().await?;
        let superseded = self.state.superseded_publications().await?;
        let of_replaced = |replaced: &Publication, number: i64| {
            number == replaced.number
                || replaced.editions.as_ref().is_some_and(|editions| editions.contains(number))
        };
        let readable = |number: &i64| {
            editions.contains(*number) || replaced.is_some_and(|replaced| of_replaced(replaced, *number))
        };
        for number in abandoned.into_iter().chain(superseded.into_iter().filter(|number| !readable(number))) {
            self.vault.destroy_owner(&golden_owner(number)).await?;
            self.state.discard_publication(number).await?;
        }
        Ok(())
    }

    /// Keeps the profiles that are carried over, and builds the others in passes over the records;
    /// returns profiles and provenance.
    async fn write_profiles(
        &self,
        mut clusters: Vec<Cluster>,
        carried: &mut CarriedOver,
        rectified: &[Rectification],
        base: Option<&Publication>,
        edition: &Edition,
    ) -> Result<(Updated, Updated), EngineError> {
        let schema = self.config.golden_schema();
        let rules = ProfileRules::new(&self.config.pipeline, schema)?;
        let columns = columns::with_pseudonyms(&columns::profiles_schema(schema), &edition.domains);
        let mut profiles = self.update(&TableName::Profiles, &columns, base).await?;
        let mut provenance = self.update(&TableName::Provenance, &columns::provenance_schema(), base).await?;
        carried.keep_profiles(&mut profiles).await?;
        carried.keep_provenance(&mut provenance).await?;
        clusters.retain(|cluster| !carried.contains(cluster.id.profile));
        for pass in passes(&clusters) {
            let mut contributions = self.contributions(&rules, pass, rectified).await?;
            for clusters in pass.chunks(BATCH_PROFILES) {
                let built: Vec<BuiltProfile<'_>> = clusters
                    .iter()
                    .map(|cluster| {
                        let own = contributions.remove(&cluster.id.profile.0).unwrap_or_default();
                        BuiltProfile { cluster, values: rules.survivors(&own), contributions: own }
                    })
                    .collect();
                let keys = self.vault.allocate(&golden_owner(edition.number), built.len()).await?;
                let batch = batch_of(&columns, self.profile_columns(schema, &built, &keys, edition)?);
                profiles.write(batch).await?;
                provenance.write(provenance_batch(schema, &built)).await?;
            }
        }
        let transactional = &edition.transactional;
        Ok((profiles.commit(transactional).await?, provenance.commit(transactional).await?))
    }

    /// What the records of some clusters bring, by profile, each in the order of record ids.
    async fn contributions(
        &self,
        rules: &ProfileRules<'_>,
        clusters: &[Cluster],
        rectified: &[Rectification],
    ) -> Result<HashMap<u128, Vec<Contribution>>, EngineError> {
        let profile_of: HashMap<RecordId, u128> = clusters
            .iter()
            .flat_map(|cluster| cluster.records.iter().map(|record| (*record, cluster.id.profile.0)))
            .collect();
        let records: HashSet<RecordId> = profile_of.keys().copied().collect();
        let grant = Policy::publishing();
        let mut contributions: HashMap<u128, Vec<Contribution>> = HashMap::new();
        for source in self.config.record_sources() {
            let position = self.source_position(&source.id);
            self.open_records_of(source, &records, (ENGINE, &grant), &mut |record| {
                if let Some(profile) = profile_of.get(&record.record) {
                    contributions.entry(*profile).or_default().push(rules.contribution(&record, position));
                }
            })
            .await?;
        }
        for set in self.open_rectified(rectified, |record| records.contains(&record)).await? {
            let own = contributions.get_mut(&profile_of[&set.record]).into_iter().flatten();
            // None of a record whose key is destroyed.
            own.filter(|from| from.record == set.record).for_each(|from| rules.set_right(from, &set));
        }
        contributions.values_mut().for_each(|own| own.sort_unstable_by_key(|from| from.record));
        Ok(contributions)
    }

    /// The columns of [`columns::profiles_schema`], then the pseudonyms.
    fn profile_columns(
        &self,
        schema: &Schema,
        built: &[BuiltProfile<'_>],
        keys: &[(KeyLocation, DataKey)],
        edition: &Edition,
    ) -> Result<Vec<ArrayRef>, EngineError> {
        let Edition { number, now, .. } = *edition;
        let profiles: Vec<ProfileId> = built.iter().map(|profile| profile.cluster.id.profile).collect();
        let mut records = Int64Builder::new();
        let mut sources = StringBuilder::new();
        let mut created = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let mut updated = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let mut pages = Int64Builder::new();
        let mut slots = Int32Builder::new();
        for (profile, (location, _)) in built.iter().zip(keys) {
            records.append_value(profile.cluster.records.len() as i64);
            let mut positions: Vec<u32> = profile.contributions.iter().map(|from| from.source).collect();
            positions.sort_unstable();
            positions.dedup();
            let names: Vec<&str> = positions.into_iter().map(|position| self.source_name(position)).collect();
            sources.append_value(names.join(","));
            created.append_value(profile.cluster.id.created_at);
            updated.append_value(
                profile.contributions.iter().map(Contribution::changed_at).max().unwrap_or(now),
            );
            pages.append_value(location.page);
            slots.append_value(i32::from(location.slot));
        }
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(profiles.iter().map(ToString::to_string))),
            Arc::new(records.finish()),
            Arc::new(sources.finish()),
            Arc::new(created.finish()),
            Arc::new(updated.finish()),
            Arc::new(Float64Array::from_iter_values(built.iter().map(|profile| profile.cluster.risk))),
            Arc::new(Int64Array::from_value(number, built.len())),
            Arc::new(pages.finish()),
            Arc::new(slots.finish()),
        ];
        for (position, field) in schema.fields.iter().enumerate() {
            if field.class == FieldClass::Plain {
                let texts: StringArray = built.iter().map(|profile| profile.value(position)).collect();
                let typed = cast(&texts, &columns::plain_type(field.data_type))
                    .map_err(|cause| EngineError::from(DataFusionError::from(cause)))?;
                columns.push(typed);
            }
        }
        columns.extend(generalised_columns(schema, built.len(), now, |row, field| built[row].value(field)));
        columns.extend(self.seal_profiles(schema, built, keys, number));
        columns.push(Arc::new(self.contact_tags(schema, built)));
        columns.extend(pseudonym_columns(&edition.domains, &profiles));
        Ok(columns)
    }

    /// The contact points of each profile's records, which what people allow is known by.
    fn contact_tags(&self, schema: &Schema, built: &[BuiltProfile<'_>]) -> BinaryArray {
        let tags = built.iter().map(|profile| {
            let mut points = BTreeSet::new();
            for from in &profile.contributions {
                from.add_contact_points(schema, &self.consent_tags, &mut points);
            }
            Some(points::encode(&points))
        });
        tags.collect()
    }

    /// One sealed value a profile and personal class, in the order of the classes.
    fn seal_profiles(
        &self,
        schema: &Schema,
        built: &[BuiltProfile<'_>],
        keys: &[(KeyLocation, DataKey)],
        number: i64,
    ) -> Vec<ArrayRef> {
        let mut builders = FieldClass::PERSONAL.map(|class| (class, BinaryBuilder::new()));
        let mut payload = PayloadWriter::new();
        let mut sealed = Vec::new();
        for (profile, (_, key)) in built.iter().zip(keys) {
            let cipher = RecordCipher::new(key);
            for (class, builder) in &mut builders {
                payload.clear();
                for value in profile.values.iter().filter(|value| schema.fields[value.field].class == *class)
                {
                    payload.field(&schema.fields[value.field].name, &value.value);
                }
                if payload.is_empty() {
                    builder.append_null();
                    continue;
                }
                let binding = Binding {
                    tenant: &self.config.pipeline.name,
                    table: "golden.profiles",
                    class: *class,
                    record: profile.cluster.id.profile.to_bytes(),
                    version: number,
                    key_epoch: FIRST_KEY_EPOCH,
                };
                sealed.clear();
                cipher.seal_into(&binding, payload.as_bytes(), &mut sealed);
                builder.append_value(&sealed);
            }
        }
        builders.into_iter().map(|(_, mut builder)| Arc::new(builder.finish()) as ArrayRef).collect()
    }

    /// Adds what happened now to the history of the current publication.
    async fn write_history(
        &self,
        changes: &[(&Change, &Cause)],
        current: Option<&Publication>,
        edition: &Edition,
    ) -> Result<Updated, EngineError> {
        let schema = columns::history_schema();
        let mut history = self.update(&TableName::History, &schema, current).await?;
        history.keep_all().await?;
        let of = |change: &Change| match change {
            Change::Merge { profile, other } => ("merge", *profile, *other, "its records were linked"),
            Change::Split { profile, other } => {
                ("split", *profile, *other, "its records are no longer linked")
            }
        };
        let rows: Vec<_> = changes.iter().map(|(change, _)| of(change)).collect();
        let causes: Vec<_> = changes.iter().map(|(_, cause)| cause.written()).collect();
        let mut at = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        rows.iter().for_each(|_| at.append_value(edition.now));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(at.finish()),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1.to_string()))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2.to_string()))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.3))),
            Arc::new(Int64Array::from_value(edition.number, rows.len())),
            Arc::new(StringArray::from_iter_values(causes.iter().map(|(cause, _)| cause))),
            Arc::new(causes.iter().map(|(_, detail)| detail.as_deref()).collect::<StringArray>()),
            Arc::new(Int64Array::from_value(edition.run, rows.len())),
        ];
        if !rows.is_empty() {
            history.write(batch_of(&schema, columns)).await?;
        }
        history.commit(&edition.transactional).await
    }

    pub(super) fn source_name(&self, position: u32) -> &str {
        self.config.pipeline.sources[position as usize].id.as_str()
    }
}

/// A profile with its values. Personal: no `Debug`.
struct BuiltProfile<'a> {
    cluster: &'a Cluster,
    values: Vec<GoldenValue>,
    contributions: Vec<Contribution>,
}

impl BuiltProfile<'_> {
    fn value(&self, field: usize) -> Option<&str> {
        self.values.iter().find(|value| value.field == field).map(|value| value.value.as_str())
    }
}

fn provenance_batch(schema: &Schema, built: &[BuiltProfile<'_>]) -> RecordBatch {
    let mut profiles = StringBuilder::new();
    let mut fields = StringBuilder::new();
    let mut records = StringBuilder::new();
    let mut rules = StringBuilder::new();
    let mut observed = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut authors = StringBuilder::new();
    for profile in built {
        let id = profile.cluster.id.profile.to_string();
        for value in &profile.values {
            profiles.append_value(&id);
            fields.append_value(&schema.fields[value.field].name);
            records.append_value(value.record.to_string());
            rules.append_value(value.rule);
            observed.append_value(value.observed_at);
            authors.append_option(value.author.as_deref());
        }
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(profiles.finish()),
        Arc::new(fields.finish()),
        Arc::new(records.finish()),
        Arc::new(rules.finish()),
        Arc::new(observed.finish()),
        Arc::new(authors.finish()),
    ];
    batch_of(&columns::provenance_schema(), columns)
}

/// Cuts clusters into runs of about [`RECORDS_PER_PASS`] records.
fn passes(clusters: &[Cluster]) -> impl Iterator<Item = &[Cluster]> {
    let records: usize = clusters.iter().map(|cluster| cluster.records.len()).sum();
    let passes = records.div_ceil(RECORDS_PER_PASS).max(1);
    clusters.chunks(clusters.len().div_ceil(passes).max(1))
}

pub(super) fn batch_of(schema: &arrow::datatypes::SchemaRef, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(Arc::clone(schema), columns).expect("columns are made in the order of their schema")
}
