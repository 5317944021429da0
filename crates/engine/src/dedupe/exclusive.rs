//! Columns of which a cluster has one value at most.

use arrow::array::{Array, AsArray, RecordBatch};
use vermeil_model::Schema;
use vermeil_model::schema::{Exclusivity, Normaliser};
use vermeil_resolve::cluster::{Barrier, Constraints, KeptApart, Mark};
use vermeil_resolve::infer::Mapping;
use vermeil_resolve::normalise::Country;
use vermeil_resolve::{FeatureStore, RecordIndex};

use super::read::row_of;
use crate::link::ExclusiveField;
use crate::report::{GroundReport, KeptApartReport};

/// What rows have in these columns.
pub(super) struct ExclusiveColumns {
    columns: Vec<ExclusiveColumn>,
}

struct ExclusiveColumn {
    name: String,
    place: usize,
    normaliser: Normaliser,
    exclusivity: Exclusivity,
    /// A number of each row's value, in the file's order; `None` where it has none that counts.
    values: Vec<Option<u64>>,
}

impl ExclusiveColumns {
    /// `columns` by name and place. What a column was taken for says how its values are brought to
    /// one form; one that was taken for nothing holds numbers and codes.
    pub(super) fn new(columns: Vec<(String, usize)>, mapping: &Mapping, schema: &Schema) -> Self {
        let column = |(name, place): (String, usize)| {
            let field = mapping.columns[place].field.as_ref().and_then(|field| schema.field(field));
            ExclusiveColumn {
                name,
                place,
                normaliser: field.map_or(Normaliser::Identifier, |field| field.normaliser),
                exclusivity: field.and_then(|field| field.exclusive).unwrap_or(Exclusivity::Value),
                values: Vec::new(),
            }
        };
        Self { columns: columns.into_iter().map(column).collect() }
    }

    /// Takes the next rows of the file.
    pub(super) fn append(&mut self, rows: &RecordBatch) {
        for ExclusiveColumn { name, place, normaliser, exclusivity, values } in &mut self.columns {
            let cells = rows.column(*place).as_string::<i32>();
            let field = ExclusiveField::new(name, *normaliser, *exclusivity);
            let number = |row| field.number(Country::Unknown, cells.value(row));
            values.extend((0..cells.len()).map(|row| cells.is_valid(row).then(|| number(row)).flatten()));
        }
    }

    /// What clustering has to keep apart.
    pub(super) fn constraints(&self, store: &FeatureStore) -> Constraints {
        let mut constraints = Constraints::default();
        for (exclusion, column) in (0..).zip(&self.columns) {
            for record in (0..store.len() as u32).map(RecordIndex) {
                if let Some(side) = column.values[row_of(store.record_id(record))] {
                    constraints.marks.push(Mark { record, exclusion, side });
                }
            }
        }
        constraints
    }

    /// How many joins each column forbade, where it did any.
    pub(super) fn kept_apart(&self, kept_apart: &[KeptApart]) -> Vec<KeptApartReport> {
        let forbade = |exclusion: u32| {
            kept_apart.iter().filter(|kept| kept.barrier == Barrier::Exclusion(exclusion)).count() as u64
        };
        (0..)
            .zip(&self.columns)
            .map(|(exclusion, column)| KeptApartReport {
                by: GroundReport { ground: "exclusive".to_owned(), detail: column.name.clone() },
                joins: forbade(exclusion),
            })
            .filter(|report| report.joins > 0)
            .collect()
    }
}
