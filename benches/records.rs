//! The records of the demo's silos, as they are read, in memory.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array, AsArray, RecordBatch};
use vermeil_ingest::SourceSpec;
use vermeil_model::pipeline::Source;
use vermeil_model::schema::SchemaKind;
use vermeil_model::{Grant, Pipeline, Plaintext, RecordId, Schema};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{FeatureStore, FeatureStoreBuilder, MatchPlan};

/// The demo's pipeline, which reads its silos below [`DATA_FOLDER`].
pub const PIPELINE: &str = include_str!("../pipelines/demo/pipeline.yaml");
/// Relative to the folder of the pipeline.
pub const DATA_FOLDER: &str = "data";

/// The records of all silos, as read. They are personal, if invented.
pub struct Records {
    schema: Schema,
    /// The position of the source, and its rows.
    batches: Vec<(u32, Plaintext<RecordBatch>)>,
}

impl Records {
    /// Reads all silos below `base`.
    ///
    /// # Errors
    /// A silo cannot be read.
    pub async fn read(pipeline: &Pipeline, base: &Path) -> anyhow::Result<Self> {
        let schema = Schema::built_in(&pipeline.schema).context("the demo names a shipped schema")?;
        let mut batches = Vec::new();
        for (position, source) in (0..).zip(&pipeline.sources) {
            let of_source =
                Schema::built_in(pipeline.schema_of(source)).context("the demo names shipped schemas")?;
            if of_source.kind == SchemaKind::Record {
                let read = read_source(source, &of_source, base).await?;
                batches.extend(read.into_iter().map(|batch| (position, batch)));
            }
        }
        Ok(Self { schema, batches })
    }

    /// What the records are of.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// One text field of each record, in the order of their ids.
    pub fn values<'a>(&'a self, field: &str, grant: &Grant) -> Vec<Option<&'a str>> {
        let rows = self.batches.iter().map(|(_, rows)| rows.expose(grant));
        rows.flat_map(|rows| {
            let column = rows.column_by_name(field).map(|column| column.as_string::<i32>());
            (0..rows.num_rows()).map(move |row| {
                let column = column.filter(|column| column.is_valid(row))?;
                Some(column.value(row))
            })
        })
        .collect()
    }

    /// What a plan reads of each record, in the order of reading.
    pub fn rows<'a>(
        &'a self,
        plan: &'a MatchPlan,
        grant: &'a Grant,
    ) -> impl Iterator<Item = (u32, Vec<(FieldIndex, &'a str)>)> {
        self.batches.iter().flat_map(move |(source, rows)| {
            let rows = rows.expose(grant);
            let columns: Vec<_> = plan
                .fields()
                .iter()
                .filter_map(|field| Some((plan.field_index(&field.name)?, rows.column_by_name(&field.name)?)))
                .map(|(field, column)| (field, column.as_string::<i32>()))
                .collect();
            (0..rows.num_rows()).map(move |row| {
                let present = columns.iter().filter(|(_, column)| column.is_valid(row));
                (*source, present.map(|(field, column)| (*field, column.value(row))).collect())
            })
        })
    }

    /// The records in a store, made on so many threads. Their ids are given in the order of reading, so that
    /// a record's index is its place in it.
    ///
    /// # Errors
    /// More records than a store holds.
    pub fn build(
        &self,
        plan: &MatchPlan,
        grant: &Grant,
        threads: NonZeroUsize,
    ) -> anyhow::Result<FeatureStore> {
        let mut builder = FeatureStoreBuilder::new(plan).on_threads(threads);
        for (id, (source, values)) in (0..).zip(self.rows(plan, grant)) {
            builder.push(RecordId(id), source, &values);
        }
        Ok(builder.finish()?)
    }
}

async fn read_source(
    source: &Source,
    schema: &Schema,
    base: &Path,
) -> anyhow::Result<Vec<Plaintext<RecordBatch>>> {
    let options = BTreeMap::new();
    let mut stream = vermeil_ingest::open(SourceSpec { source, schema, base, options: &options }).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next_batch().await {
        batches.push(batch?.rows);
    }
    Ok(batches)
}
