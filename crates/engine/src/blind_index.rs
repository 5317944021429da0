//! Keeping the blind index: what landed, under the current generation of the keyring.
//!
//! Entries are made at landing, from values that are open then. They are gathered
//! in memory, for the state database takes many at once, and are durable before
//! the commit that makes their rows visible; made again, they are the same. Each
//! run first completes the index: after a rotation of the keyring, or in a lake
//! that is older than the index, from the sealed values. Until that is done the
//! entries of both generations answer.

use std::collections::BTreeSet;

use async_trait::async_trait;
use vermeil_model::pipeline::Source;
use vermeil_model::schema::Normaliser;
use vermeil_model::{Field, Policy, RecordId, Schema, SourceId, Tag};
use vermeil_protect::blind_index::FieldIndex;
use vermeil_protect::{BlindIndex, KeyLocation, KeyringError};
use vermeil_resolve::normalise::{Country, normalise};
use vermeil_state::IndexEntry;

use crate::audit::ENGINE;
use crate::columns::COUNTRY;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::progress::Progress;
use crate::records::{OpenedRecord, RecordVisitor};

/// Entries that are held in memory before they are written: some 50 MB.
const ENTRIES_GATHERED: usize = 1 << 20;

/// Whether records can be found by a field: what reaches someone or numbers them.
/// A personal one; what is plain can be asked for in SQL.
pub(crate) fn is_indexed(field: &Field) -> bool {
    let names_someone =
        matches!(field.normaliser, Normaliser::Email | Normaliser::Phone | Normaliser::Identifier);
    field.class.is_personal() && names_someone
}

/// The blind index of one schema's fields.
pub(crate) struct SchemaIndex {
    generation: u32,
    fields: Vec<IndexedField>,
}

struct IndexedField {
    name: String,
    normaliser: Normaliser,
    index: FieldIndex,
}

impl SchemaIndex {
    pub(crate) fn new(index: &BlindIndex, schema: &Schema) -> Self {
        let fields = schema.fields.iter().filter(|field| is_indexed(field)).map(|field| IndexedField {
            name: field.name.clone(),
            normaliser: field.normaliser,
            index: index.field(&field.name),
        });
        Self { generation: index.generation(), fields: fields.collect() }
    }

    /// The names of the fields, in the order in which `entries_of` asks for them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// The entries of one version of a record. `value` gives a field's raw value by its place in
    /// [`SchemaIndex::names`].
    pub(crate) fn entries_of<'v>(
        &self,
        (record, key): (RecordId, KeyLocation),
        country: Option<&str>,
        value: impl Fn(usize) -> Option<&'v str>,
    ) -> impl Iterator<Item = IndexEntry> {
        let country = country.map(Country::from_hint).unwrap_or_default();
        self.fields.iter().enumerate().filter_map(move |(place, field)| {
            let normal = normalise(field.normaliser, country, value(place)?)?;
            Some(IndexEntry { tag: field.index.entry(&normal), record, key })
        })
    }

    /// The tags under which a raw value of a field may stand: who asks need not know the
    /// country of the one who is meant.
    pub(crate) fn tags_of(&self, field: &str, raw: &str) -> BTreeSet<Tag> {
        let countries = [Country::Unknown, Country::France, Country::UnitedKingdom, Country::Other];
        let field = self.fields.iter().find(|known| known.name == field);
        let tag = |field: &IndexedField, country| {
            normalise(field.normaliser, country, raw).map(|normal| field.index.entry(&normal))
        };
        field
            .into_iter()
            .flat_map(|field| countries.into_iter().filter_map(|country| tag(field, country)))
            .collect()
    }
}

impl Engine {
    /// Puts every record's entries under the current generation of the keyring, and deletes those of
    /// earlier ones. For after a rotation; a run does it too. Cut off, it goes on when asked again.
    /// Nothing that was found before is missed meanwhile.
    ///
    /// # Errors
    /// The state database, the keyring or the lake cannot be reached.
    pub async fn rekey_blind_index(&self, progress: &dyn Progress) -> Result<(), EngineError> {
        let _lock = self.lock(progress).await?;
        self.complete_blind_index().await
    }

    /// [`Engine::rekey_blind_index`] for one who holds the lock: without it, records that land
    /// meanwhile could be missed.
    pub(crate) async fn complete_blind_index(&self) -> Result<(), EngineError> {
        let index = self.blind_index().await?;
        let generation = index.generation();
        let complete = self.state.complete_indexes().await?;
        for source in self.config.record_sources() {
            if !complete.contains(&(generation, source.id.clone())) {
                self.index_source(source, &index).await?;
                self.state.complete_index(generation, &source.id).await?;
            }
        }
        if self.state.index_secrets().await?.iter().any(|secret| secret.generation < generation) {
            self.state.retire_indexes_before(generation).await?;
        }
        Ok(())
    }

    /// The index under the current generation, whose secret is durable.
    pub(crate) async fn blind_index(&self) -> Result<BlindIndex, EngineError> {
        let (keyring, tenant) = (self.keyring.as_ref(), &self.config.pipeline.name);
        // Another process may have rotated it.
        keyring.reload_if_changed().await?;
        let current = keyring.current_generation();
        let known = self.state.index_secrets().await?.into_iter().find(|known| known.generation == current);
        let secret = match known {
            Some(secret) => secret,
            None => self.state.keep_index_secret(&BlindIndex::create(keyring, tenant)?).await?,
        };
        Ok(BlindIndex::open(keyring, tenant, &secret)?)
    }

    /// Every index that can still answer.
    pub(crate) async fn live_blind_indexes(&self) -> Result<Vec<BlindIndex>, EngineError> {
        let secrets = self.state.index_secrets().await?;
        // After them: so it knows every generation that one of them was made under.
        self.keyring.reload_if_changed().await?;
        let mut live = Vec::new();
        for secret in secrets {
            match BlindIndex::open(&self.keyring, &self.config.pipeline.name, &secret) {
                Ok(index) => live.push(index),
                // Its generation is destroyed: there is no way to ask it any more.
                Err(KeyringError::DestroyedGeneration { .. }) => {}
                Err(cause) => return Err(cause.into()),
            }
        }
        Ok(live)
    }

    /// The first of `sources` with records that do not all have entries in one of `indexes`.
    pub(crate) async fn unindexed_source<'s>(
        &self,
        sources: &[&'s Source],
        indexes: &[BlindIndex],
    ) -> Result<Option<&'s SourceId>, EngineError> {
        let complete = self.state.complete_indexes().await?;
        let is_complete = |source: &SourceId| {
            indexes.iter().any(|index| complete.contains(&(index.generation(), source.clone())))
        };
        for source in sources.iter().map(|source| &source.id).filter(|source| !is_complete(source)) {
            // One that never landed has no records to miss.
            if self.lake.table(&TableName::Landing(source.clone())).await?.is_some() {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }

    async fn index_source(&self, source: &Source, index: &BlindIndex) -> Result<(), EngineError> {
        let index = SchemaIndex::new(index, self.config.schema_of(source));
        let mut indexer = Indexer(IndexWriter::new(self, index));
        self.open_every_version(source, ENGINE, &Policy::indexing(), &mut indexer).await?;
        indexer.0.flush().await
    }
}

/// Gathers entries of one schema's fields, and writes them many at once.
pub(crate) struct IndexWriter<'a> {
    engine: &'a Engine,
    index: SchemaIndex,
    gathered: Vec<IndexEntry>,
}

impl<'a> IndexWriter<'a> {
    pub(crate) fn new(engine: &'a Engine, index: SchemaIndex) -> Self {
        Self { engine, index, gathered: Vec::new() }
    }

    pub(crate) fn index(&self) -> &SchemaIndex {
        &self.index
    }

    /// Gathers what [`SchemaIndex::entries_of`] gives.
    pub(crate) fn add<'v>(
        &mut self,
        of: (RecordId, KeyLocation),
        country: Option<&str>,
        value: impl Fn(usize) -> Option<&'v str>,
    ) {
        self.gathered.extend(self.index.entries_of(of, country, value));
    }

    /// Keeps within memory what is gathered. To be called between batches.
    pub(crate) async fn flush_if_large(&mut self) -> Result<(), EngineError> {
        match self.gathered.len() >= ENTRIES_GATHERED {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Makes durable what is gathered. To be called before anyone can see the rows.
    pub(crate) async fn flush(&mut self) -> Result<(), EngineError> {
        let entries = std::mem::take(&mut self.gathered);
        Ok(self.engine.state.add_index_entries(self.index.generation, entries).await?)
    }
}

/// Makes the entries of opened records.
struct Indexer<'a>(IndexWriter<'a>);

#[async_trait]
impl RecordVisitor for Indexer<'_> {
    fn visit(&mut self, record: OpenedRecord<'_>) {
        let value = |name: &str| record.fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
        let names: Vec<&str> = self.0.index().names().collect();
        let values: Vec<Option<&str>> = names.into_iter().map(value).collect();
        self.0.add((record.record, record.key), value(COUNTRY), |place| values[place]);
    }

    async fn batch_done(&mut self) -> Result<(), EngineError> {
        self.0.flush_if_large().await
    }
}

#[cfg(test)]
mod tests;
