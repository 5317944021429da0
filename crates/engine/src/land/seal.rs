//! Sealing rows and writing them to their landing table.

use std::collections::BTreeSet;
use std::sync::Arc;

use ahash::AHashMap;
use arrow::array::{
    Array, ArrayRef, BinaryBuilder, Int32Builder, Int64Builder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondBuilder, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use vermeil_model::pipeline::Source;
use vermeil_model::schema::SchemaKind;
use vermeil_model::{FieldClass, RecordId, Schema, Tag};
use vermeil_protect::payload::PayloadWriter;
use vermeil_protect::{Binding, DataKey, KeyLocation, RecordCipher};
use vermeil_state::Load;

use super::index::LandingIndex;
use super::rows::Rows;
use crate::blind_index::{IndexWriter, SchemaIndex};
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{TableName, TableWriter, Transactional, Written};

/// Records and events carry the key they were sealed with from the start.
pub(crate) const FIRST_KEY_EPOCH: u32 = 1;

/// A row that becomes a new version of a record.
pub(super) struct RowToLand {
    pub(super) row: usize,
    pub(super) tag: Tag,
    pub(super) content: Tag,
    pub(super) record: RecordId,
    pub(super) version: i64,
}

/// Writes sealed rows of one load.
pub(super) struct LandingWriter<'a> {
    engine: &'a Engine,
    schema: &'a Schema,
    table: TableName,
    columns: SchemaRef,
    writer: TableWriter,
    load: Load,
    landed_at: i64,
    rows: u64,
    /// `None`: events are found by the record they happened to.
    index: Option<IndexWriter<'a>>,
}

/// A row with the key that seals it.
struct KeyedRow {
    landing: RowToLand,
    location: KeyLocation,
    key: DataKey,
}

impl<'a> LandingWriter<'a> {
    pub(super) async fn new(
        engine: &'a Engine,
        source: &Source,
        schema: &'a Schema,
        load: Load,
    ) -> Result<Self, EngineError> {
        let plain = schema.of_class(FieldClass::Plain).filter(|field| {
            source.columns.contains_key(&field.name) || source.constants.contains_key(&field.name)
        });
        let columns = columns::landing_schema(schema.kind, plain);
        let name = TableName::Landing(source.id.clone());
        let table = engine.lake.table_with(&name, &columns).await?;
        let index = match schema.kind {
            SchemaKind::Record => {
                Some(IndexWriter::new(engine, SchemaIndex::new(&engine.blind_index().await?, schema)))
            }
            SchemaKind::Event => None,
        };
        Ok(Self {
            index,
            engine,
            schema,
            // A table may be wider: another configuration mapped more fields.
            columns: table.schema(),
            writer: table.writer()?,
            table: name,
            load,
            landed_at: chrono::Utc::now().timestamp_micros(),
            rows: 0,
        })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Seals and writes rows of one batch.
    pub(super) async fn land(
        &mut self,
        rows: &Rows<'_>,
        landing: Vec<RowToLand>,
        index: &mut LandingIndex,
    ) -> Result<(), EngineError> {
        if landing.is_empty() {
            return Ok(());
        }
        let keyed = with_keys(self.engine, &self.load, landing, index).await?;
        self.add_to_index(rows, &keyed).await?;
        let batch = self.seal(rows, &keyed)?;
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).await
    }

    /// Adds what was written to the table; `None` where nothing was.
    pub(super) async fn commit(mut self) -> Result<Option<Written>, EngineError> {
        if self.rows == 0 {
            return Ok(None);
        }
        // Durable before the rows: an entry too many does no harm, a missing one hides someone.
        if let Some(index) = &mut self.index {
            index.flush().await?;
        }
        let transactional = Transactional::new(self.table.to_string(), self.load.number);
        self.writer.append(&transactional).await.map(Some)
    }

    async fn add_to_index(&mut self, rows: &Rows<'_>, keyed: &[KeyedRow]) -> Result<(), EngineError> {
        let Some(index) = &mut self.index else { return Ok(()) };
        let column = |name: &str| rows.fields().iter().find(|(own, _)| own == name).map(|(_, column)| column);
        let columns: Vec<Option<&StringArray>> = index.index().names().map(column).collect();
        let country = column(columns::COUNTRY);
        for KeyedRow { landing, location, .. } in keyed {
            let of = (landing.record, *location);
            index.add(of, cell(country, landing.row), |place| cell(columns[place], landing.row));
        }
        index.flush_if_large().await
    }

    fn seal(&self, rows: &Rows<'_>, keyed: &[KeyedRow]) -> Result<RecordBatch, EngineError> {
        let sealed = self.seal_classes(rows, keyed);
        let added = self.added_columns(rows, keyed);
        let taken = UInt32Array::from_iter_values(
            keyed.iter().map(|row| u32::try_from(row.landing.row).expect("a batch has few rows")),
        );
        let columns = self
            .columns
            .fields()
            .iter()
            .map(|field| {
                let name = field.name();
                let own = added.iter().chain(&sealed).find(|(own, _)| own == name);
                match (own, rows.batch().column_by_name(name)) {
                    (Some((_, column)), _) => Ok(Arc::clone(column)),
                    (None, Some(plain)) => take(plain, &taken, None),
                    (None, None) => Ok(arrow::array::new_null_array(field.data_type(), keyed.len())),
                }
            })
            .collect::<Result<Vec<ArrayRef>, _>>();
        columns
            .and_then(|columns| RecordBatch::try_new(Arc::clone(&self.columns), columns))
            .map_err(|cause| EngineError::from(datafusion::error::DataFusionError::from(cause)))
    }

    /// One sealed value a row and personal class; null where the row has no field of it.
    fn seal_classes(&self, rows: &Rows<'_>, keyed: &[KeyedRow]) -> Vec<(String, ArrayRef)> {
        let tenant = self.engine.config.pipeline.name.as_str();
        let table = self.table.to_string();
        let mut builders: Vec<(FieldClass, BinaryBuilder)> =
            FieldClass::PERSONAL.map(|class| (class, BinaryBuilder::new())).into();
        let fields: Vec<Vec<_>> = FieldClass::PERSONAL
            .map(|class| {
                let of_class = |name: &str| self.schema.field(name).is_some_and(|field| field.class == class);
                rows.fields().iter().filter(|(name, _)| of_class(name)).collect()
            })
            .into();
        let mut payload = PayloadWriter::new();
        let mut sealed = Vec::new();
        for KeyedRow { landing, key, .. } in keyed {
            let cipher = RecordCipher::new(key);
            for ((class, builder), fields) in builders.iter_mut().zip(&fields) {
                payload.clear();
                if *class == FieldClass::Identifier {
                    for (position, part) in rows.key(landing.row).enumerate() {
                        payload.field(&format!("{}{position}", columns::SOURCE_KEY_PREFIX), part);
                    }
                    for (position, part) in rows.replaced_by(landing.row).enumerate() {
                        payload.field(&format!("{}{position}", columns::REPLACED_BY_PREFIX), part);
                    }
                }
                for (name, values) in fields {
                    if values.is_valid(landing.row) {
                        payload.field(name, values.value(landing.row));
                    }
                }
                if payload.is_empty() {
                    builder.append_null();
                    continue;
                }
                let binding = Binding {
                    tenant,
                    table: &table,
                    class: *class,
                    record: landing.record.to_bytes(),
                    version: landing.version,
                    key_epoch: FIRST_KEY_EPOCH,
                };
                sealed.clear();
                cipher.seal_into(&binding, payload.as_bytes(), &mut sealed);
                builder.append_value(&sealed);
            }
        }
        builders
            .into_iter()
            .map(|(class, mut builder)| {
                (columns::sealed_column(class), Arc::new(builder.finish()) as ArrayRef)
            })
            .collect()
    }

    /// The columns that landing adds.
    fn added_columns(&self, rows: &Rows<'_>, keyed: &[KeyedRow]) -> Vec<(String, ArrayRef)> {
        let mut record_ids = StringBuilder::new();
        let mut tags = BinaryBuilder::new();
        let mut contents = BinaryBuilder::new();
        let mut subjects = BinaryBuilder::new();
        let mut versions = Int64Builder::new();
        let mut loads = Int64Builder::new();
        let mut landed = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let mut observed = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let mut pages = Int64Builder::new();
        let mut slots = Int32Builder::new();
        for KeyedRow { landing, location, .. } in keyed {
            record_ids.append_value(landing.record.to_string());
            tags.append_value(landing.tag.0);
            contents.append_value(landing.content.0);
            subjects.append_option(rows.subject_tag(landing.row).map(|tag| tag.0));
            versions.append_value(landing.version);
            loads.append_value(self.load.number);
            landed.append_value(self.landed_at);
            observed.append_option(rows.observed_at(landing.row));
            pages.append_value(location.page);
            slots.append_value(i32::from(location.slot));
        }
        let mut added: Vec<(String, ArrayRef)> = vec![
            (columns::RECORD_ID.to_owned(), Arc::new(record_ids.finish())),
            (columns::RECORD_TAG.to_owned(), Arc::new(tags.finish())),
            (columns::CONTENT_TAG.to_owned(), Arc::new(contents.finish())),
            (columns::VERSION.to_owned(), Arc::new(versions.finish())),
            (columns::LOAD.to_owned(), Arc::new(loads.finish())),
            (columns::LANDED_AT.to_owned(), Arc::new(landed.finish())),
            (columns::OBSERVED_AT.to_owned(), Arc::new(observed.finish())),
            (columns::KEY_PAGE.to_owned(), Arc::new(pages.finish())),
            (columns::KEY_SLOT.to_owned(), Arc::new(slots.finish())),
        ];
        if self.schema.kind == SchemaKind::Event {
            added.push((columns::SUBJECT_TAG.to_owned(), Arc::new(subjects.finish())));
        }
        added
    }
}

/// Fetches the key of each row's record, and makes one for each record that has
/// none: new ones, and erased ones that the source delivers again and nothing
/// bars. New keys are durable when this returns.
async fn with_keys(
    engine: &Engine,
    load: &Load,
    landing: Vec<RowToLand>,
    index: &mut LandingIndex,
) -> Result<Vec<KeyedRow>, EngineError> {
    let known: Vec<(Tag, KeyLocation)> =
        landing.iter().filter_map(|row| Some((row.tag, index.key(row.tag)?))).collect();
    let locations: Vec<KeyLocation> = known.iter().map(|(_, location)| *location).collect();
    let fetched = engine.vault.keys(&locations).await?;
    let mut keys: AHashMap<Tag, (KeyLocation, DataKey)> = known
        .into_iter()
        .zip(fetched)
        .filter_map(|((tag, location), key)| Some((tag, (location, key?))))
        .collect();
    let without: BTreeSet<Tag> =
        landing.iter().map(|row| row.tag).filter(|tag| !keys.contains_key(tag)).collect();
    let made = engine.vault.allocate(&load.owner, without.len()).await?;
    for (tag, (location, key)) in without.into_iter().zip(made) {
        index.set_key(tag, location);
        keys.insert(tag, (location, key));
    }
    Ok(landing
        .into_iter()
        .map(|landing| {
            let (location, key) = keys.get(&landing.tag).expect("fetched or made above");
            KeyedRow { location: *location, key: key.clone(), landing }
        })
        .collect())
}

/// A row's value in a column; `None` where it has none, or the source has no such column.
fn cell(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}
