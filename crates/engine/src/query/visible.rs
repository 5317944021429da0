//! The operator that leaves out the rows of whoever may not be seen for the reader's purpose.
//!
//! It stands right above the stored rows: no limit, aggregate or opening comes before it.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
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

use crate::columns::{PROFILE_ID, RECORD_ID, SUBJECT_TAG};
use crate::consent::{Visibility, VisibleSubjects};
use crate::lake::TableName;
use crate::stored;

/// Whose a row is.
#[derive(Clone)]
pub(super) enum Whose {
    /// The profile of that column's.
    Profile,
    /// All records of these columns'.
    Records(&'static [&'static str]),
    /// The record that the event happened to.
    Subject(Arc<VisibleSubjects>),
}

impl Whose {
    /// The columns that tell.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::Profile => &[PROFILE_ID],
            Self::Records(columns) => columns,
            Self::Subject(_) => &[SUBJECT_TAG],
        }
    }

    /// Of the rows of a table that is not of events; `None`: of nobody.
    pub(super) fn of(table: &TableName) -> Option<Self> {
        match table {
            TableName::Profiles | TableName::Members | TableName::Provenance | TableName::History => {
                Some(Self::Profile)
            }
            TableName::Landing(_) | TableName::Matched | TableName::Rectifications => {
                Some(Self::Records(&[RECORD_ID]))
            }
            TableName::Links => Some(Self::Records(&["left_id", "right_id"])),
            // Nobody knows whose a rejected row is, and nothing of it is shown but its place.
            TableName::Quarantine => None,
        }
    }
}

/// Keeps the rows of those who may be seen.
pub(super) struct VisibleExec {
    input: Arc<dyn ExecutionPlan>,
    whose: Whose,
    visibility: Arc<Visibility>,
    properties: Arc<PlanProperties>,
}

impl VisibleExec {
    /// `input` has the columns that `whose` asks for.
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, whose: Whose, visibility: Arc<Visibility>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { input, whose, visibility, properties: Arc::new(properties) }
    }
}

fn keep(batch: &RecordBatch, whose: &Whose, visibility: &Visibility) -> DataFusionResult<RecordBatch> {
    let mut kept = vec![true; batch.num_rows()];
    for name in whose.columns() {
        if let Whose::Subject(subjects) = whose {
            let tags = stored::bytes(batch, name)?;
            for (kept, tag) in kept.iter_mut().zip(tags) {
                *kept &= tag.is_some_and(|tag| subjects.contains(tag));
            }
            continue;
        }
        let may_be_seen = |id: &[u8; 16]| match whose {
            Whose::Profile => visibility.profile(id),
            _ => visibility.record(id),
        };
        for (kept, id) in kept.iter_mut().zip(stored::texts(batch, name)?) {
            *kept &= match id {
                Some(id) => may_be_seen(&stored::id(id)?),
                None => false,
            };
        }
    }
    Ok(filter_record_batch(batch, &BooleanArray::from(kept))?)
}

impl fmt::Debug for VisibleExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisibleExec").field("input", &self.input).finish_non_exhaustive()
    }
}

impl DisplayAs for VisibleExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisibleExec: who may be seen, by {}", self.whose.columns().join(", "))
    }
}

impl ExecutionPlan for VisibleExec {
    fn name(&self) -> &str {
        "VisibleExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
            .map_err(|_| DataFusionError::Internal("VisibleExec has one child".to_owned()))?;
        Ok(Arc::new(Self::new(input, self.whose.clone(), Arc::clone(&self.visibility))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        let (whose, visibility) = (self.whose.clone(), Arc::clone(&self.visibility));
        let kept = rows.map(move |batch| keep(&batch?, &whose, &visibility));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), kept)))
    }
}

/// Which rows of `batch` show no contact point of that kind, by the id in the column of that name.
pub(super) fn unreached(
    batch: &RecordBatch,
    id: &str,
    scope: vermeil_model::consent::ConsentScope,
    visibility: &Visibility,
) -> DataFusionResult<BooleanArray> {
    let ids = batch.column_by_name(id).map(|column| column.as_string::<i32>());
    let ids = ids.ok_or_else(|| DataFusionError::Internal(format!("column `{id}` was not scanned")))?;
    (0..ids.len()).map(|row| Ok(Some(!visibility.reaches(&stored::id(ids.value(row))?, scope)))).collect()
}
