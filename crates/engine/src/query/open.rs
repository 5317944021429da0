//! The operator that opens sealed columns.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::compute::nullif;
use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::StreamExt;
use vermeil_model::FieldClass;
use vermeil_model::consent::ConsentScope;
use vermeil_model::schema::FieldType;

use super::unsealing::Unsealing;
use super::view::View;
use super::visible::unreached;
use crate::columns::{KEY_PAGE, KEY_SLOT};
use crate::consent::Visibility;
use crate::lake::TableName;
use crate::stored;

/// A column as the reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownColumn {
    pub(super) field: ArrowField,
    pub(super) shown: Shown,
}

/// Where a shown column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// The stored column of that name.
    AsStored,
    /// The stored column of this other name, which holds pseudonyms.
    StoredPseudonym(String),
    /// The stored column of that name, which holds generalised values: null where the row's key is
    /// destroyed, so that these die at once with the values that they come from.
    Generalised,
    /// The stored id of that name, replaced by its pseudonym.
    Pseudonym,
    /// The field of that name in the sealed column of its class.
    Opened {
        /// The class.
        class: FieldClass,
        /// How the text in the payload is to be read.
        field_type: FieldType,
        /// What kind of contact point it is: null where it may not be used for the purpose.
        contact: Option<ConsentScope>,
    },
}

/// Turns stored rows into shown ones.
///
/// Opens no class of which no field is asked for, and nothing at all where none is.
/// Filters stay above it: whoever sees a filter's outcome has been shown the column.
#[derive(Debug)]
pub(super) struct OpenExec {
    input: Arc<dyn ExecutionPlan>,
    opening: Arc<Opening>,
    properties: Arc<PlanProperties>,
}

/// How stored rows of one table become shown ones.
#[derive(Debug)]
pub(super) struct Opening {
    columns: Vec<ShownColumn>,
    schema: SchemaRef,
    /// `None`: no personal column is asked for.
    unsealing: Option<Unsealing>,
    /// The column whose id tells whose a row is.
    id: &'static str,
    visibility: Option<Arc<Visibility>>,
    view: Arc<View>,
}

impl Opening {
    /// Shows `columns` of `table`, whose rows are bound to the id and the
    /// version in the columns of these names.
    pub(super) fn new(
        view: &Arc<View>,
        table: &TableName,
        columns: Vec<ShownColumn>,
        (id, version): (&'static str, &'static str),
        visibility: Option<Arc<Visibility>>,
    ) -> Self {
        let fields: Vec<ArrowField> = columns.iter().map(|column| column.field.clone()).collect();
        Self {
            schema: Arc::new(ArrowSchema::new(fields)),
            unsealing: Unsealing::of(view, table, &columns, id, version),
            columns,
            id,
            visibility,
            view: Arc::clone(view),
        }
    }

    /// The stored columns that this takes.
    pub(super) fn stored_columns(&self) -> Vec<String> {
        let shown = self.columns.iter().filter_map(|column| match &column.shown {
            Shown::AsStored | Shown::Pseudonym | Shown::Generalised => Some(column.field.name().clone()),
            Shown::StoredPseudonym(stored) => Some(stored.clone()),
            Shown::Opened { .. } => None,
        });
        let keys = self.shows_generalised().then_some([KEY_PAGE, KEY_SLOT].map(str::to_owned));
        let unsealed = self.unsealing.iter().flat_map(Unsealing::stored_columns);
        shown.chain(keys.into_iter().flatten()).chain(unsealed).collect()
    }

    fn shows_generalised(&self) -> bool {
        self.columns.iter().any(|column| column.shown == Shown::Generalised)
    }

    /// Which rows of `batch` belong to someone whose key is destroyed; empty where nobody asks.
    async fn forgotten(&self, batch: &RecordBatch) -> DataFusionResult<BooleanArray> {
        if !self.shows_generalised() {
            return Ok(BooleanArray::from(Vec::<bool>::new()));
        }
        let keys = self.view.vault.keys(&stored::key_locations(batch)?).await;
        let keys = keys.map_err(|cause| self.view.failure().raise(cause.into()))?;
        Ok(keys.iter().map(|key| Some(key.is_none())).collect())
    }

    async fn show(&self, batch: RecordBatch) -> DataFusionResult<RecordBatch> {
        let mut opened = match &self.unsealing {
            None => Vec::new(),
            Some(unsealing) => unsealing.open(&self.view, &batch).await?,
        }
        .into_iter();
        let forgotten = self.forgotten(&batch).await?;
        let columns = self
            .columns
            .iter()
            .map(|column| match &column.shown {
                Shown::AsStored => stored_column(&batch, column.field.name()),
                Shown::StoredPseudonym(stored) => stored_column(&batch, stored),
                Shown::Generalised => {
                    let column = stored_column(&batch, column.field.name())?;
                    Ok(nullif(&column, &forgotten)?)
                }
                Shown::Pseudonym => self.pseudonyms(&batch, column.field.name()),
                Shown::Opened { contact, .. } => {
                    let column = opened.next().expect("one column is opened for each that is shown so");
                    match (contact, &self.visibility) {
                        (Some(scope), Some(visibility)) => {
                            Ok(nullif(&column, &unreached(&batch, self.id, *scope, visibility)?)?)
                        }
                        _ => Ok(column),
                    }
                }
            })
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn pseudonyms(&self, batch: &RecordBatch, name: &str) -> DataFusionResult<ArrayRef> {
        let ids = stored::texts(batch, name)?;
        let mut pseudonyms = StringBuilder::with_capacity(ids.len(), ids.len() * 26);
        // Rows of one profile follow each other, and a pseudonym costs more than a look.
        let mut last: Option<(&str, String)> = None;
        for id in ids {
            match (id, &last) {
                (None, _) => pseudonyms.append_null(),
                (Some(id), Some((same, pseudonym))) if id == *same => pseudonyms.append_value(pseudonym),
                (Some(id), _) => {
                    let pseudonym = self.view.pseudonymiser.pseudonym(&stored::id(id)?);
                    pseudonyms.append_value(&pseudonym);
                    last = Some((id, pseudonym));
                }
            }
        }
        Ok(Arc::new(pseudonyms.finish()))
    }
}

fn stored_column(batch: &RecordBatch, name: &str) -> DataFusionResult<ArrayRef> {
    let column = batch.column_by_name(name);
    column.cloned().ok_or_else(|| DataFusionError::Internal(format!("column `{name}` was not scanned")))
}

impl OpenExec {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, opening: Arc<Opening>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&opening.schema)),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { input, opening, properties: Arc::new(properties) }
    }
}

impl DisplayAs for OpenExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |wanted: fn(&Shown) -> bool| {
            let names = self.opening.columns.iter().filter(|column| wanted(&column.shown));
            names.map(|column| column.field.name().as_str()).collect::<Vec<_>>().join(", ")
        };
        write!(
            f,
            "OpenExec: plain=[{}], pseudonyms=[{}], opened=[{}]",
            named(|shown| matches!(shown, Shown::AsStored | Shown::Generalised)),
            named(|shown| matches!(shown, Shown::Pseudonym | Shown::StoredPseudonym(_))),
            named(|shown| matches!(shown, Shown::Opened { .. })),
        )
    }
}

impl ExecutionPlan for OpenExec {
    fn name(&self) -> &str {
        "OpenExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        // Opening is what takes the time of a query.
        vec![self.opening.unsealing.is_some()]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children)
            .map_err(|_| DataFusionError::Internal("OpenExec has one child".to_owned()))?;
        Ok(Arc::new(Self::new(input, Arc::clone(&self.opening))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let opening = Arc::clone(&self.opening);
        let shown = self.input.execute(partition, context)?.then(move |batch| {
            let opening = Arc::clone(&opening);
            async move { opening.show(batch?).await }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), shown)))
    }
}
