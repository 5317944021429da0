//! Finding records by a value, and opening nothing.

use std::collections::{BTreeSet, HashMap};

use arrow::array::AsArray;
use datafusion::prelude::{SessionConfig, col, lit};
use futures::TryStreamExt;
use vermeil_audit::{Intent, Status};
use vermeil_model::pipeline::Source;
use vermeil_model::{FieldClass, Grant, Plaintext, RecordId, Tag};
use vermeil_protect::{KeyLocation, Pseudonymiser};

use crate::audit::{Opened, status_of};
use crate::blind_index::{SchemaIndex, is_indexed};
use crate::columns;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::FoundRecord;
use crate::session::lake_session;

impl Engine {
    /// The records that hold `value` in `field`, in whatever spelling, in any of their versions.
    ///
    /// Only the blind index is asked: no record is opened. Whether someone is here is personal all
    /// the same, so that it takes the field's class, and is written to the audit trail before. Ids
    /// are pseudonyms to those who may not see identifiers.
    ///
    /// # Errors
    /// - [`EngineError::Denied`], [`EngineError::FindDenied`]: not for this role and purpose;
    /// - [`EngineError::NotIndexed`]: records are not found by this field;
    /// - [`EngineError::IndexIncomplete`]: some records could be missed;
    /// - the state database, the keyring or the lake cannot be reached.
    pub async fn find(
        &self,
        field: &str,
        value: &Plaintext<String>,
        reader: &Reader,
    ) -> Result<Vec<FoundRecord>, EngineError> {
        let grant = self.grant(reader)?;
        let (sources, classes) = self.sources_indexed_by(field)?;
        let intent = Intent {
            actor: reader.actor.clone(),
            role: grant.role().clone(),
            purpose: grant.purpose().clone(),
            action: "find".to_owned(),
            table: "landing".to_owned(),
            classes: classes.iter().copied().collect(),
        };
        let entry = self.audit.begin(intent).await?;
        // The answer is ids, or pseudonyms in their place.
        let names_records = grant.covers(FieldClass::Identifier) || grant.reads(FieldClass::Identifier);
        if !names_records || !classes.iter().all(|class| grant.covers(*class)) {
            self.audit.conclude(entry, 0, Status::Refused).await?;
            return Err(EngineError::FindDenied {
                role: grant.role().to_string(),
                purpose: grant.purpose().to_string(),
                field: field.to_owned(),
            });
        }
        let found = self.find_visible(field, value.expose(&grant), &sources, &grant).await;
        let rows = found.as_ref().map_or(0, BTreeSet::len) as u64;
        self.end_opening(entry, Opened { rows, ..Opened::default() }, status_of(&found)).await?;
        self.describe(found?, &grant).await
    }

    /// The records that hold `value` and may be seen for the purpose.
    async fn find_visible(
        &self,
        field: &str,
        value: &str,
        sources: &[&Source],
        grant: &Grant,
    ) -> Result<BTreeSet<RecordId>, EngineError> {
        let visibility = self.visibility(grant).await?;
        let mut found = self.find_records(field, value, sources).await?;
        if let Some(visibility) = visibility {
            found.retain(|record| visibility.record(&record.to_bytes()));
        }
        Ok(found)
    }

    /// The sources of records that have the field, and the classes it has there.
    pub(crate) fn sources_indexed_by(
        &self,
        name: &str,
    ) -> Result<(Vec<&Source>, BTreeSet<FieldClass>), EngineError> {
        let mut indexed = BTreeSet::new();
        let mut classes = BTreeSet::new();
        let mut sources = Vec::new();
        for source in self.config.record_sources() {
            let fields = self.config.schema_of(source).fields.iter().filter(|field| is_indexed(field));
            for field in fields {
                indexed.insert(field.name.as_str());
                if field.name == name {
                    classes.insert(field.class);
                    sources.push(source);
                }
            }
        }
        if sources.is_empty() {
            let indexed = indexed.into_iter().collect::<Vec<_>>().join(", ");
            return Err(EngineError::NotIndexed { indexed });
        }
        Ok((sources, classes))
    }

    /// The records that hold a value, as far as their keys still exist.
    pub(crate) async fn find_records(
        &self,
        field: &str,
        value: &str,
        sources: &[&Source],
    ) -> Result<BTreeSet<RecordId>, EngineError> {
        let indexes = self.live_blind_indexes().await?;
        if let Some(source) = self.unindexed_source(sources, &indexes).await? {
            return Err(EngineError::IndexIncomplete { source_id: source.clone() });
        }
        let mut tags: BTreeSet<Tag> = BTreeSet::new();
        for index in &indexes {
            for source in sources {
                tags.extend(SchemaIndex::new(index, self.config.schema_of(source)).tags_of(field, value));
            }
        }
        let tags: Vec<Tag> = tags.into_iter().collect();
        let entries = self.state.find_index_entries(&tags).await?;
        // An entry that was made while its record was erased could outlast the key.
        let places: Vec<KeyLocation> = entries.iter().map(|entry| entry.key).collect();
        let keys = self.vault.keys(&places).await?;
        let (living, dead): (Vec<_>, Vec<_>) = entries.iter().zip(&keys).partition(|(_, key)| key.is_some());
        let dead: Vec<KeyLocation> = dead.into_iter().map(|(entry, _)| entry.key).collect();
        self.state.delete_index_entries(&dead).await?;
        Ok(living.into_iter().map(|(entry, _)| entry.record).collect())
    }

    /// Which profile and source each record is in, as far as that is published.
    async fn describe(
        &self,
        records: BTreeSet<RecordId>,
        grant: &Grant,
    ) -> Result<Vec<FoundRecord>, EngineError> {
        let mut places = match self.profiles_serve(grant.purpose()) {
            true => self.published_places_of(&records).await?,
            false => HashMap::new(),
        };
        let pseudonymiser = match grant.covers(FieldClass::Identifier) {
            true => None,
            false => Some(self.pseudonymiser(grant)),
        };
        let shown = |id: String| match &pseudonymiser {
            None => Ok(id),
            Some(pseudonymiser) => pseudonym(pseudonymiser, &id),
        };
        records
            .into_iter()
            .map(|record| {
                let id = record.to_string();
                let (profile_id, source) = places.remove(&id).unzip();
                let profile_id = profile_id.map(shown).transpose()?;
                Ok(FoundRecord { record_id: shown(id)?, profile_id, source })
            })
            .collect()
    }

    /// Profile and source of each of `records` that is published.
    async fn published_places_of(
        &self,
        records: &BTreeSet<RecordId>,
    ) -> Result<HashMap<String, (String, String)>, EngineError> {
        let mut members = HashMap::new();
        let Some(publication) = self.publication().await? else { return Ok(members) };
        let Some(table) = self.published_table(&publication, &TableName::Members).await? else {
            return Ok(members);
        };
        if records.is_empty() {
            return Ok(members);
        }
        let wanted = records.iter().map(|record| lit(record.to_string())).collect();
        let rows = lake_session(&self.lake, SessionConfig::new())?
            .read_table(table.provider())?
            .select([columns::RECORD_ID, columns::PROFILE_ID, "source"].map(col).to_vec())?
            .filter(col(columns::RECORD_ID).in_list(wanted, false))?;
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let [records, profiles, sources] =
                [0, 1, 2].map(|column| batch.column(column).as_string::<i32>().clone());
            for row in 0..batch.num_rows() {
                let place = (profiles.value(row).to_owned(), sources.value(row).to_owned());
                members.insert(records.value(row).to_owned(), place);
            }
        }
        Ok(members)
    }
}

fn pseudonym(pseudonymiser: &Pseudonymiser, id: &str) -> Result<String, EngineError> {
    let damaged = |_| EngineError::DamagedValue { table: TableName::Members.to_string() };
    let id = uuid::Uuid::parse_str(id).map_err(damaged)?;
    Ok(pseudonymiser.pseudonym(id.as_bytes()))
}
