//! Who is meant, and everything that is about them: the closure of a request.

use std::collections::BTreeSet;

use ahash::AHashSet;
use arrow::array::AsArray;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::schema::SchemaKind;
use vermeil_model::{Grant, Plaintext, Policy, SourceId, Tag};
use vermeil_protect::payload;

use super::kit::KitContents;
use super::names::{Names, TableMatch, related};
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

impl Engine {
    /// Everything that is about `subject`; `None` where nobody is found: never known, or erased.
    pub(super) async fn closure(
        &self,
        subject: &Subject,
        grant: &Grant,
    ) -> Result<Option<Closure>, EngineError> {
        let publication = self.publication().await?;
        let meant = match subject {
            Subject::Id(id) => AHashSet::from([id.to_be_bytes()]),
            Subject::Value { field, value } => {
                let (sources, _) = self.sources_indexed_by(field)?;
                let found = self.find_records(field, value.expose(grant), &sources).await?;
                found.into_iter().map(|record| record.to_bytes()).collect()
            }
        };
        let (profiles, mut records) = self.published_with(publication.as_ref(), &meant).await?;
        let of_a_profile = records.len();
        // Whoever is in no profile yet is whoever the record is.
        let unpublished = meant.iter().filter(|id| !profiles.contains(*id) && !records.contains(*id));
        let unpublished: Vec<[u8; 16]> = unpublished.copied().collect();
        records.extend(unpublished.iter().copied());
        if let Subject::Value { .. } = subject {
            let people = profiles.len() + records.len() - of_a_profile;
            if people > 1 {
                return Err(EngineError::SeveralPeople { people });
            }
        }
        let mut kit = KitContents {
            profiles: self.with_former(publication.as_ref(), profiles).await?,
            ..KitContents::default()
        };
        let mut told = Told::default();
        self.gather_records(&records, &mut kit, &mut told).await?;
        if kit.records.is_empty() {
            return Ok(None);
        }
        self.gather_events(&mut kit, &mut told).await?;
        self.gather_quarantined(&mut kit, &mut told).await?;
        kit.suppression = told
            .suppression
            .iter()
            .chain(&told.points.tags(&self.suppression_tags))
            .map(|tag| tag.0)
            .collect();
        kit.values = told.values.into_iter().collect();
        let summary = self.measure(&mut kit, told.versions).await?;
        Ok(Some(Closure { kit, summary }))
    }

    /// The published profiles of some ids of profiles and records, and all their records.
    pub(super) async fn published_with(
        &self,
        publication: Option<&Publication>,
        meant: &AHashSet<[u8; 16]>,
    ) -> Result<(AHashSet<[u8; 16]>, AHashSet<[u8; 16]>), EngineError> {
        let (mut profiles, mut records) = (AHashSet::new(), AHashSet::new());
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
                match pass {
                    Pass::Profiles => {
                        profiles.extend(related(&batch, (PROFILE_ID, meant), PROFILE_ID)?);
                        profiles.extend(related(&batch, (RECORD_ID, meant), PROFILE_ID)?);
                    }
                    Pass::Records => records.extend(related(&batch, (PROFILE_ID, &profiles), RECORD_ID)?),
                }
            }
        }
        Ok((profiles, records))
    }

    /// Profiles, and those that had gone into them and are published no more.
    async fn with_former(
        &self,
        publication: Option<&Publication>,
        mut profiles: AHashSet<[u8; 16]>,
    ) -> Result<Vec<[u8; 16]>, EngineError> {
        let history = match publication {
            Some(publication) => self.published_table(publication, &TableName::History).await?,
            None => None,
        };
        let Some(history) = history else { return Ok(profiles.into_iter().collect()) };
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
        let others: AHashSet<[u8; 16]> = went_into.iter().map(|(_, other)| *other).collect();
        // An id that a later split brought back is someone's.
        let (live, _) = self.published_with(publication, &others).await?;
        loop {
            let former =
                went_into.iter().filter(|(into, other)| profiles.contains(into) && !live.contains(other));
            let before = profiles.len();
            let former: Vec<[u8; 16]> = former.map(|(_, other)| *other).collect();
            profiles.extend(former);
            if profiles.len() == before {
                return Ok(profiles.into_iter().collect());
            }
        }
    }

    async fn gather_records(
        &self,
        records: &AHashSet<[u8; 16]>,
        kit: &mut KitContents,
        told: &mut Told,
    ) -> Result<(), EngineError> {
        let names = Names { ids: records.iter().map(|id| (*id, 0)).collect(), ..Names::default() };
        for source in self.config.record_sources() {
            let found = self.gather(source, &names, kit, told).await?;
            kit.records.extend(found);
        }
        tidy(&mut kit.records);
        tidy(&mut kit.tags);
        Ok(())
    }

    async fn gather_events(&self, kit: &mut KitContents, told: &mut Told) -> Result<(), EngineError> {
        let names = Names { tags: kit.tags.iter().map(|tag| (*tag, 0)).collect(), ..Names::default() };
        let sources = self.config.pipeline.sources.iter();
        for source in sources.filter(|source| self.config.schema_of(source).kind == SchemaKind::Event) {
            let found = self.gather(source, &names, kit, told).await?;
            kit.events.extend(found);
        }
        tidy(&mut kit.events);
        tidy(&mut kit.tags);
        Ok(())
    }

    /// Takes in the rows of a landing table that `names` name, and returns their ids.
    async fn gather(
        &self,
        source: &Source,
        names: &Names,
        kit: &mut KitContents,
        told: &mut Told,
    ) -> Result<Vec<[u8; 16]>, EngineError> {
        let name = TableName::Landing(source.id.clone());
        let Some(found) = self.matches_in(&name, names).await? else { return Ok(Vec::new()) };
        for row in found.matched() {
            kit.tags.extend(row.tag);
            kit.keys.extend(row.key.map(|key| (key.page, key.slot)));
        }
        self.open_matched(source, &found, names, told).await?;
        Ok(found.matched().filter_map(|row| row.id).collect())
    }

    /// Opens the rows that `names` name, as the audit log is told.
    async fn open_matched(
        &self,
        source: &Source,
        found: &TableMatch,
        names: &Names,
        told: &mut Told,
    ) -> Result<(), EngineError> {
        if found.matched().next().is_none() {
            return Ok(());
        }
        let grant = Policy::erasing();
        let entry = self.begin_opening(ENGINE, &grant, &found.table.name().to_string()).await?;
        let mut opened = Opened::default();
        let outcome = self.open_rows(source, found, names, (told, &mut opened)).await;
        self.end_opening(entry, opened, status_of(&outcome)).await?;
        outcome
    }

    async fn open_rows(
        &self,
        source: &Source,
        found: &TableMatch,
        names: &Names,
        (told, opened): (&mut Told, &mut Opened),
    ) -> Result<(), EngineError> {
        let grant = Policy::erasing();
        let schema = self.config.schema_of(source);
        let name = found.table.name().to_string();
        let damaged = || EngineError::DamagedValue { table: name.clone() };
        for file in found.files.iter().filter(|file| !file.matched.is_empty()) {
            let mut batches = self.rows_of(&found.table, &file.file).await?;
            while let Some(batch) = batches.try_next().await? {
                let owners = names.owners(&batch)?;
                let wanted: Vec<usize> = (0..owners.len()).filter(|row| owners[*row].is_some()).collect();
                if wanted.is_empty() {
                    continue;
                }
                let locations = stored::key_locations(&batch)?;
                let places: Vec<_> = wanted.iter().map(|row| locations[*row]).collect();
                let keys = self.vault.keys(&places).await?;
                opened.pages.extend(places.iter().map(|place| place.page));
                for (row, key) in wanted.into_iter().zip(keys) {
                    let Some(key) = key else { continue };
                    let id = stored::id(stored::texts(&batch, RECORD_ID)?.value(row))?;
                    let version = stored::integers(&batch, VERSION)?.value(row);
                    let payloads = SealedRow { batch: &batch, row, table: &name, id, version }
                        .open(self, &grant, &key)?;
                    let mut fields = Vec::new();
                    for payload in &payloads {
                        fields.extend(payload::fields(payload.expose(&grant)).map_err(|_| damaged())?);
                    }
                    opened.rows += 1;
                    told.versions += 1;
                    distinguishing(schema, &fields, &mut told.values);
                    told.points.add(schema, &fields);
                    told.suppression.insert(self.suppression_tag_of_record(&source.id, key_of(&fields)));
                }
            }
        }
        Ok(())
    }

    async fn gather_quarantined(&self, kit: &mut KitContents, told: &mut Told) -> Result<(), EngineError> {
        let marks: Vec<Mark> = told.values.iter().filter_map(|(name, value)| Mark::of(name, value)).collect();
        if marks.is_empty() || self.lake.table(&TableName::Quarantine).await?.is_none() {
            return Ok(());
        }
        let belongs = |_: &SourceId, raw: &[u8]| {
            let text = String::from_utf8_lossy(raw).to_lowercase();
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            marks.iter().any(|mark| mark.is_in(&text, &digits))
        };
        for row in self.attributed_rows(ENGINE, &Policy::erasing(), &belongs).await? {
            kit.quarantined.push(row.id);
            kit.keys.push((row.key.page, row.key.slot));
            told.suppression.insert(Tag(row.fingerprint));
        }
        Ok(())
    }

    /// Counts what is about the people of a kit, and completes its keys by those of profiles.
    async fn measure(&self, kit: &mut KitContents, versions: u64) -> Result<ErasureSummary, EngineError> {
        let mut names = Names::default();
        kit.name(&mut names, 0);
        let mut tables = Vec::new();
        for name in self.all_tables() {
            let Some(found) = self.matches_in(&name, &names).await? else { continue };
            let holding: Vec<_> = found.files.iter().filter(|file| !file.matched.is_empty()).collect();
            kit.keys.extend(found.matched().filter_map(|row| Some((row.key?.page, row.key?.slot))));
            if holding.is_empty() {
                continue;
            }
            let active = holding.iter().filter(|file| file.file.is_active);
            tables.push(ErasureTable {
                table: name.to_string(),
                rows: active.clone().map(|file| file.matched.len() as u64).sum(),
                files: holding.len() as u64,
                bytes: holding.iter().map(|file| file.file.size).sum(),
                bytes_to_rewrite: active
                    .filter(|file| file.matched.len() as u64 != file.rows)
                    .map(|file| file.file.size)
                    .sum(),
            });
        }
        kit.keys.sort_unstable();
        kit.keys.dedup();
        let ids: AHashSet<[u8; 16]> = kit.records.iter().copied().collect();
        let decisions = self.state.decisions().await?;
        let is_about = |records: &[vermeil_model::RecordId]| {
            records.iter().any(|record| ids.contains(&record.to_bytes()))
        };
        let decisions =
            decisions.iter().filter(|decision| is_about(&decision.one) || is_about(&decision.other));
        Ok(ErasureSummary {
            records: kit.records.len() as u64,
            versions,
            events: kit.events.len() as u64,
            profiles: kit.profiles.len() as u64,
            quarantined: kit.quarantined.len() as u64,
            decisions: decisions.count() as u64,
            keys: kit.keys.len() as u64,
            suppression_tags: kit.suppression.len() as u64,
            values: kit.values.len() as u64,
            tables,
        })
    }
}

#[derive(Clone, Copy)]
enum Pass {
    Profiles,
    Records,
}

/// What a row in quarantine, which could not be read, is recognised by.
enum Mark {
    Text(String),
    Digits(String),
}

impl Mark {
    fn of(name: &str, value: &str) -> Option<Self> {
        // A name or a street may be someone else's in the same household.
        if name == "name" || name == "street" {
            return None;
        }
        let is_number = value.chars().all(|c| c.is_ascii_digit() || " +.-/()".contains(c));
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        // With or without the code of its country.
        let tail = digits.len().checked_sub(9).map(|start| digits[start..].to_owned());
        match (is_number, tail) {
            (true, Some(tail)) => Some(Self::Digits(tail)),
            _ => Some(Self::Text(value.to_lowercase())),
        }
    }

    fn is_in(&self, text: &str, digits: &str) -> bool {
        match self {
            Self::Text(own) => text.contains(own),
            Self::Digits(own) => digits.contains(own),
        }
    }
}

/// The parts of a record's key in its source.
fn key_of<'f>(fields: &'f [(&str, &'f str)]) -> impl Iterator<Item = &'f str> {
    (0..).map_while(move |part| {
        let name = format!("{SOURCE_KEY_PREFIX}{part}");
        fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    })
}

fn tidy(ids: &mut Vec<[u8; 16]>) {
    ids.sort_unstable();
    ids.dedup();
}
