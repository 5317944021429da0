//! Who is meant, and everything that is about them: the closure of a request.

use std::collections::{BTreeMap, BTreeSet};

use ahash::AHashMap;
use arrow::array::AsArray;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::schema::SchemaKind;
use vermeil_model::{Grant, Plaintext, Policy, RecordId, Tag};
use vermeil_protect::payload;

use super::kit::KitContents;
use super::marks::Mark;
use super::names::{Names, TableMatch};
use super::values::distinguishing;
use crate::audit::{ENGINE, Opened, status_of};
use crate::columns::{PROFILE_ID, RECORD_ID, SOURCE_KEY_PREFIX, VERSION};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::publication::Publication;
use crate::records::SealedRow;
use crate::report::{ErasureSummary, ErasureTable};
use crate::session::lake_session;
use crate::stored;
use crate::suppress::ContactPoints;

/// Who is to be erased.
pub enum Subject {
    /// The person of a profile or a record of this id.
    Id(u128),
    /// The person whose value this is in a field that records are found by.
    Value {
        /// The field.
        field: String,
        /// The value, in any spelling.
        value: Plaintext<String>,
    },
}

/// Who opens what is about someone, and under which leave.
#[derive(Clone, Copy)]
pub(crate) struct Opener<'a> {
    pub(crate) actor: &'a str,
    pub(crate) grant: &'a Grant,
}

/// What is about one person.
pub(super) struct Closure {
    pub(super) kit: KitContents,
    pub(super) summary: ErasureSummary,
}

/// What opening someone's rows tells.
#[derive(Default)]
struct Told {
    values: BTreeSet<(String, String)>,
    points: ContactPoints,
    suppression: BTreeSet<Tag>,
    versions: u64,
}

/// Ids, each with the position of the person that it belongs to.
pub(crate) type Owners = AHashMap<[u8; 16], usize>;

/// Several people whose closures are made together, in as many passes over the tables as for one.
pub(crate) struct Gathering {
    pub(crate) kits: Vec<KitContents>,
    told: Vec<Told>,
}

impl Engine {
    /// Everything that is about each of `subjects`, and what erasing it takes; `None` where nobody is found:
    /// never known, erased, or the same as one before.
    pub(super) async fn closures(
        &self,
        subjects: &[Subject],
        grant: &Grant,
    ) -> Result<Vec<Option<Closure>>, EngineError> {
        let opener = Opener { actor: ENGINE, grant: &Policy::erasing() };
        let gathering = self.gathered(subjects, grant, opener).await?;
        self.closed(gathering).await
    }

    /// Everything that is about some records and the profiles that they are in, but about no other record.
    /// `None` where nothing is about them any more.
    pub(super) async fn closure_of_records(
        &self,
        records: &[RecordId],
    ) -> Result<Option<Closure>, EngineError> {
        let opener = Opener { actor: ENGINE, grant: &Policy::erasing() };
        let publication = self.publication().await?;
        let own: Owners = records.iter().map(|record| (record.to_bytes(), 0)).collect();
        let (profiles, _) = self.published_with(publication.as_ref(), &own).await?;
        let profiles = self.with_former(publication.as_ref(), profiles).await?;
        let gathering = self.gathered_of(1, profiles, own, opener).await?;
        Ok(self.closed(gathering).await?.pop().flatten())
    }

    /// Kits that say all that is to go, and what they come to.
    async fn closed(&self, mut gathering: Gathering) -> Result<Vec<Option<Closure>>, EngineError> {
        for (kit, told) in gathering.kits.iter_mut().zip(&mut gathering.told) {
            let points = told.points.tags(&self.suppression_tags);
            kit.contacts = told.points.consent_keys(&self.consent_tags);
            kit.suppression = told.suppression.iter().chain(&points).map(|tag| tag.0).collect();
            kit.values = std::mem::take(&mut told.values).into_iter().collect();
        }
        let summaries = self.measure(&mut gathering).await?;
        let mut closures = Vec::with_capacity(summaries.len());
        for (kit, mut summary) in gathering.kits.into_iter().zip(summaries) {
            summary.holds = self.holds_about(&kit.records).await?;
            summary.recipients = self.received(&kit.profiles).await?.recipients.into_keys().collect();
            closures.push((!kit.records.is_empty()).then_some(Closure { kit, summary }));
        }
        Ok(closures)
    }

    /// The closures of `subjects`, whose values are read under `grant`: records, events, profiles, rows in
    /// quarantine. Nobody is found where there are no records.
    pub(crate) async fn gathered(
        &self,
        subjects: &[Subject],
        grant: &Grant,
        opener: Opener<'_>,
    ) -> Result<Gathering, EngineError> {
        let publication = self.publication().await?;
        let mut meant = Owners::new();
        for (position, subject) in subjects.iter().enumerate() {
            for id in self.ids_of(subject, grant).await? {
                meant.entry(id).or_insert(position);
            }
        }
        let (profiles, mut records) = self.published_with(publication.as_ref(), &meant).await?;
        // Whoever is in no profile yet is whoever the record is.
        let unpublished =
            meant.iter().filter(|(id, _)| !profiles.contains_key(*id) && !records.contains_key(*id));
        let unpublished: Owners = unpublished.map(|(id, position)| (*id, *position)).collect();
        for (position, _) in
            subjects.iter().enumerate().filter(|(_, subject)| matches!(subject, Subject::Value { .. }))
        {
            let of_this = |owners: &Owners| owners.values().filter(|owner| **owner == position).count();
            let people = of_this(&profiles) + of_this(&unpublished);
            if people > 1 {
                return Err(EngineError::SeveralPeople { people });
            }
        }
        records.extend(unpublished);
        let profiles = self.with_former(publication.as_ref(), profiles).await?;
        self.gathered_of(subjects.len(), profiles, records, opener).await
    }

    /// What is about so many people, of whom these are the profiles and the records.
    async fn gathered_of(
        &self,
        people: usize,
        profiles: Owners,
        records: Owners,
        opener: Opener<'_>,
    ) -> Result<Gathering, EngineError> {
        let mut gathering = Gathering {
            kits: (0..people).map(|_| KitContents::default()).collect(),
            told: (0..people).map(|_| Told::default()).collect(),
        };
        for (profile, position) in profiles {
            gathering.kits[position].profiles.push(profile);
        }
        self.gather_records(records, &mut gathering, opener).await?;
        self.gather_events(&mut gathering, opener).await?;
        self.gather_quarantined(&mut gathering, opener).await?;
        for (kit, told) in gathering.kits.iter_mut().zip(&gathering.told) {
            kit.contacts = told.points.consent_keys(&self.consent_tags);
        }
        Ok(gathering)
    }

    /// The ids that a subject is named by.
    pub(crate) async fn ids_of(
        &self,
        subject: &Subject,
        grant: &Grant,
    ) -> Result<Vec<[u8; 16]>, EngineError> {
        match subject {
            Subject::Id(id) => Ok(vec![id.to_be_bytes()]),
            Subject::Value { field, value } => {
                let (sources, _) = self.sources_indexed_by(field)?;
                let found = self.find_records(field, value.expose(grant), &sources).await?;
                Ok(found.into_iter().map(|record| record.to_bytes()).collect())
            }
        }
    }

    /// The published profiles of some ids of profiles and records, and all their records.
    pub(crate) async fn published_with(
        &self,
        publication: Option<&Publication>,
        meant: &Owners,
    ) -> Result<(Owners, Owners), EngineError> {
        let (mut profiles, mut records) = (Owners::new(), Owners::new());
        let Some(publication) = publication else { return Ok((profiles, records)) };
        let Some(members) = self.published_table(publication, &TableName::Members).await? else {
            return Ok((profiles, records));
        };
        let session = lake_session(&self.lake, SessionConfig::new())?;
        for pass in [Pass::Profiles, Pass::Records] {
            let rows = session.read_table(members.provider())?;
            let rows = rows.select([PROFILE_ID, RECORD_ID].map(col).to_vec())?;
            let mut batches = rows.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let [own, others] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
                for (profile, record) in own.iter().flatten().zip(others.iter().flatten()) {
                    let (profile, record) = (stored::id(profile)?, stored::id(record)?);
                    match pass {
                        Pass::Profiles => {
                            let owner = meant.get(&profile).or_else(|| meant.get(&record));
                            owner.map(|owner| *profiles.entry(profile).or_insert(*owner));
                        }
                        Pass::Records => {
                            let owner = profiles.get(&profile).copied();
                            records.extend(owner.map(|owner| (record, owner)));
                        }
                    }
                }
            }
        }
        Ok((profiles, records))
    }

    /// Profiles, and those that had gone into them and are published no more.
    pub(crate) async fn with_former(
        &self,
        publication: Option<&Publication>,
        mut profiles: Owners,
    ) -> Result<Owners, EngineError> {
        let history = match publication {
            Some(publication) => self.published_table(publication, &TableName::History).await?,
            None => None,
        };
        let Some(history) = history else { return Ok(profiles) };
        let mut went_into = Vec::new();
        let session = lake_session(&self.lake, SessionConfig::new())?;
        let rows = session.read_table(history.provider())?;
        let rows = rows.select(["kind", PROFILE_ID, "other_id"].map(col).to_vec())?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let [kinds, into, other] = [0, 1, 2].map(|column| batch.column(column).as_string::<i32>());
            for row in (0..batch.num_rows()).filter(|row| kinds.value(*row) == "merge") {
                went_into.push((stored::id(into.value(row))?, stored::id(other.value(row))?));
            }
        }
        let others: Owners = went_into.iter().map(|(_, other)| (*other, 0)).collect();
        // An id that a later split brought back is someone's.
        let (live, _) = self.published_with(publication, &others).await?;
        loop {
            let former = went_into.iter().filter(|(_, other)| !live.contains_key(other));
            let former = former.filter_map(|(into, other)| Some((*other, *profiles.get(into)?)));
            let former: Vec<_> = former.filter(|(other, _)| !profiles.contains_key(other)).collect();
            if former.is_empty() {
                return Ok(profiles);
            }
            profiles.extend(former);
        }
    }

    async fn gather_records(
        &self,
        records: Owners,
        gathering: &mut Gathering,
        opener: Opener<'_>,
    ) -> Result<(), EngineError> {
        let names = Names { ids: records, ..Names::default() };
        for source in self.config.record_sources() {
            for (position, id) in self.gather(source, &names, gathering, opener).await? {
                gathering.kits[position].records.push(id);
            }
        }
        for kit in &mut gathering.kits {
            tidy(&mut kit.records);
            tidy(&mut kit.tags);
        }
        Ok(())
    }

    async fn gather_events(&self, gathering: &mut Gathering, opener: Opener<'_>) -> Result<(), EngineError> {
        let mut names = Names::default();
        for (position, kit) in gathering.kits.iter().enumerate() {
            names.tags.extend(kit.tags.iter().map(|tag| (*tag, position)));
        }
        let sources = self.config.pipeline.sources.iter();
        for source in sources.filter(|source| self.config.schema_of(source).kind == SchemaKind::Event) {
            for (position, id) in self.gather(source, &names, gathering, opener).await? {
                gathering.kits[position].events.push(id);
            }
        }
        for kit in &mut gathering.kits {
            tidy(&mut kit.events);
            tidy(&mut kit.tags);
        }
        Ok(())
    }

    /// Takes in the rows of a landing table that `names` name, and returns their ids.
    async fn gather(
        &self,
        source: &Source,
        names: &Names,
        gathering: &mut Gathering,
        opener: Opener<'_>,
    ) -> Result<Vec<(usize, [u8; 16])>, EngineError> {
        let name = TableName::Landing(source.id.clone());
        let Some(found) = self.matches_in(&name, names).await? else { return Ok(Vec::new()) };
        for row in found.matched() {
            let kit = &mut gathering.kits[row.request];
            kit.tags.extend(row.tag);
            kit.keys.extend(row.key.map(|key| (key.page, key.slot)));
        }
        self.open_matched(source, &found, (names, opener), &mut gathering.told).await?;
        Ok(found.matched().filter_map(|row| Some((row.request, row.id?))).collect())
    }

    /// Opens the rows that `names` name, as the audit log is told.
    async fn open_matched(
        &self,
        source: &Source,
        found: &TableMatch,
        (names, opener): (&Names, Opener<'_>),
        told: &mut [Told],
    ) -> Result<(), EngineError> {
        if found.matched().next().is_none() {
            return Ok(());
        }
        let Opener { actor, grant } = opener;
        let entry = self.begin_opening(actor, grant, &found.table.name().to_string()).await?;
        let mut opened = Opened::default();
        let outcome = self.open_rows(source, found, (names, grant), (told, &mut opened)).await;
        self.end_opening(entry, opened, status_of(&outcome)).await?;
        outcome
    }

    async fn open_rows(
        &self,
        source: &Source,
        found: &TableMatch,
        (names, grant): (&Names, &Grant),
        (told, opened): (&mut [Told], &mut Opened),
    ) -> Result<(), EngineError> {
        let schema = self.config.schema_of(source);
        let name = found.table.name().to_string();
        let damaged = || EngineError::DamagedValue { table: name.clone() };
        for file in found.files.iter().filter(|file| !file.matched.is_empty()) {
            let mut batches = self.rows_of(&found.table, &file.file).await?;
            while let Some(batch) = batches.try_next().await? {
                let owners = names.owners(&batch)?.into_iter().enumerate();
                let wanted: Vec<(usize, usize)> =
                    owners.filter_map(|(row, owner)| Some((row, owner?))).collect();
                if wanted.is_empty() {
                    continue;
                }
                let locations = stored::key_locations(&batch)?;
                let places: Vec<_> = wanted.iter().map(|(row, _)| locations[*row]).collect();
                let keys = self.vault.keys(&places).await?;
                opened.pages.extend(places.iter().map(|place| place.page));
                for ((row, owner), key) in wanted.into_iter().zip(keys) {
                    let Some(key) = key else { continue };
                    let id = stored::id(stored::texts(&batch, RECORD_ID)?.value(row))?;
                    let version = stored::integers(&batch, VERSION)?.value(row);
                    let payloads = SealedRow { batch: &batch, row, table: &name, id, version }
                        .open(self, grant, &key)?;
                    let mut fields = Vec::new();
                    for payload in &payloads {
                        fields.extend(payload::fields(payload.expose(grant)).map_err(|_| damaged())?);
                    }
                    opened.rows += 1;
                    let told = &mut told[owner];
                    told.versions += 1;
                    distinguishing(schema, &fields, &mut told.values);
                    told.points.add(schema, &fields);
                    told.suppression.insert(self.suppression_tag_of_record(&source.id, key_of(&fields)));
                }
            }
        }
        Ok(())
    }

    async fn gather_quarantined(
        &self,
        gathering: &mut Gathering,
        opener: Opener<'_>,
    ) -> Result<(), EngineError> {
        let mut marks = Vec::new();
        for (position, told) in gathering.told.iter().enumerate() {
            let own = told.values.iter().filter_map(|(name, value)| Mark::of(name, value));
            marks.extend(own.map(|mark| (mark, position)));
        }
        if marks.is_empty() || self.lake.table(&TableName::Quarantine).await?.is_none() {
            return Ok(());
        }
        let owner = |raw: &[u8]| {
            let text = String::from_utf8_lossy(raw).to_lowercase();
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            marks.iter().find(|(mark, _)| mark.is_in(&text, &digits)).map(|(_, position)| *position)
        };
        for row in self.attributed_rows(opener.actor, opener.grant, &owner).await? {
            let kit = &mut gathering.kits[row.owner];
            kit.quarantined.push(row.id);
            kit.keys.push((row.key.page, row.key.slot));
            gathering.told[row.owner].suppression.insert(Tag(row.fingerprint));
        }
        Ok(())
    }

    /// Counts what is about each, and completes their keys by those of profiles.
    async fn measure(&self, gathering: &mut Gathering) -> Result<Vec<ErasureSummary>, EngineError> {
        let mut names = Names::default();
        gathering.kits.iter().enumerate().for_each(|(position, kit)| kit.name(&mut names, position));
        let mut tables: Vec<Vec<ErasureTable>> = gathering.kits.iter().map(|_| Vec::new()).collect();
        for name in self.all_tables() {
            let Some(found) = self.matches_in(&name, &names).await? else { continue };
            let mut own: BTreeMap<usize, ErasureTable> = BTreeMap::new();
            for file in &found.files {
                let mut rows: BTreeMap<usize, u64> = BTreeMap::new();
                for row in &file.matched {
                    *rows.entry(row.request).or_default() += 1;
                    gathering.kits[row.request].keys.extend(row.key.map(|key| (key.page, key.slot)));
                }
                for (position, rows) in rows {
                    let table = own.entry(position).or_insert_with(|| ErasureTable::of(&name.to_string()));
                    table.files += 1;
                    table.bytes += file.file.size;
                    if file.file.is_active {
                        table.rows += rows;
                        table.bytes_to_rewrite += if rows == file.rows { 0 } else { file.file.size };
                    }
                }
            }
            own.into_iter().for_each(|(position, table)| tables[position].push(table));
        }
        let mut decided = vec![0; gathering.kits.len()];
        for decision in self.state.decisions().await? {
            let records = decision.one.iter().chain(&decision.other);
            let owners: BTreeSet<usize> =
                records.filter_map(|record| names.ids.get(&record.to_bytes()).copied()).collect();
            owners.into_iter().for_each(|position| decided[position] += 1);
        }
        let counted = gathering.kits.iter_mut().zip(&gathering.told).zip(tables).zip(decided);
        Ok(counted
            .map(|(((kit, told), tables), decisions)| {
                kit.keys.sort_unstable();
                kit.keys.dedup();
                ErasureSummary {
                    records: kit.records.len() as u64,
                    versions: told.versions,
                    events: kit.events.len() as u64,
                    profiles: kit.profiles.len() as u64,
                    quarantined: kit.quarantined.len() as u64,
                    decisions,
                    keys: kit.keys.len() as u64,
                    suppression_tags: kit.suppression.len() as u64,
                    values: kit.values.len() as u64,
                    tables,
                    holds: Vec::new(),
                    recipients: Vec::new(),
                }
            })
            .collect())
    }
}

#[derive(Clone, Copy)]
enum Pass {
    Profiles,
    Records,
}

/// The parts of a record's key in its source.
pub(super) fn key_of<'f>(fields: &'f [(&str, &'f str)]) -> impl Iterator<Item = &'f str> {
    (0..).map_while(move |part| {
        let name = format!("{SOURCE_KEY_PREFIX}{part}");
        fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    })
}

fn tidy(ids: &mut Vec<[u8; 16]>) {
    ids.sort_unstable();
    ids.dedup();
}
