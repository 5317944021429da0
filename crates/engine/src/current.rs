//! The current version of each record out of a table that keeps all of them.

use std::fmt;
use std::sync::Arc;

use ahash::AHashMap;
use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, reset_plan_states};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
    execute_stream,
};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::OnceCell;

use crate::columns::{OBSERVED_AT, RECORD_ID, VERSION};
use crate::stored;

/// Scans `columns` of the current version of each record of `stored`, and its
/// id and version.
pub(crate) async fn scan_current(
    stored: &dyn TableProvider,
    session: &dyn Session,
    columns: &[&str],
) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
    let versions = scan_columns(stored, session, &[RECORD_ID, OBSERVED_AT, VERSION], None).await?;
    let rows = scan_columns(stored, session, &[&[RECORD_ID, VERSION], columns].concat(), None).await?;
    Ok(Arc::new(CurrentExec::new(versions, rows)))
}

/// Scans `columns` of all rows of `stored`, each column once, in the table's order.
pub(crate) async fn scan_columns(
    stored: &dyn TableProvider,
    session: &dyn Session,
    columns: &[&str],
    limit: Option<usize>,
) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
    let schema = stored.schema();
    let mut positions =
        columns.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<usize>, _>>()?;
    positions.sort_unstable();
    positions.dedup();
    stored.scan(session, Some(&positions), &[], limit).await
}

/// Keeps the rows with the largest `(observed_at, version)` of their
/// `record_id`; a row without a time counts as the oldest.
///
/// Reads the three columns of `versions` first and then streams `rows`: a sort
/// or a join would hold the sealed columns in memory instead. Only records with
/// more than one version take memory, about 40 bytes each.
#[derive(Debug)]
struct CurrentExec {
    versions: Arc<dyn ExecutionPlan>,
    rows: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    current: Arc<OnceCell<CurrentVersions>>,
}

/// Record → the time and number of its current version, where it has several.
#[derive(Debug)]
struct CurrentVersions(AHashMap<[u8; 16], (i64, i64)>);

impl CurrentExec {
    /// Both inputs scan one version of one table; `versions` needs the three
    /// columns only, `rows` needs `record_id` and `version` among its own.
    fn new(versions: Arc<dyn ExecutionPlan>, rows: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(rows.schema()),
            Partitioning::UnknownPartitioning(rows.output_partitioning().partition_count()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { versions, rows, properties: Arc::new(properties), current: Arc::default() }
    }
}

impl DisplayAs for CurrentExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CurrentExec: one version per {RECORD_ID}")
    }
}

impl ExecutionPlan for CurrentExec {
    fn name(&self) -> &str {
        "CurrentExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.versions, &self.rows]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
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
        let [versions, rows] = <[_; 2]>::try_from(children)
            .map_err(|_| DataFusionError::Internal("CurrentExec has two children".to_owned()))?;
        Ok(Arc::new(Self::new(versions, rows)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let rows = self.rows.execute(partition, Arc::clone(&context))?;
        let versions = Arc::clone(&self.versions);
        let current = Arc::clone(&self.current);
        // Every partition needs all versions; whichever comes first reads them.
        let kept = rows.then(move |batch| {
            let (versions, current, context) =
                (Arc::clone(&versions), Arc::clone(&current), Arc::clone(&context));
            async move {
                let current = current.get_or_try_init(|| CurrentVersions::read(versions, context)).await?;
                current.keep(&batch?)
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), kept)))
    }
}

impl CurrentVersions {
    async fn read(versions: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> DataFusionResult<Self> {
        let mut current = Self::of_several(Arc::clone(&versions), Arc::clone(&context)).await?;
        if !current.0.is_empty() {
            let mut batches = execute_stream(reset_plan_states(versions)?, context)?;
            while let Some(batch) = batches.try_next().await? {
                current.take_in(&batch)?;
            }
        }
        Ok(current)
    }

    /// The records with more than one version: those with a second one.
    async fn of_several(
        versions: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> DataFusionResult<Self> {
        let mut several = AHashMap::new();
        let mut batches = execute_stream(versions, context)?;
        while let Some(batch) = batches.try_next().await? {
            let ids = stored::texts(&batch, RECORD_ID)?;
            let numbers = stored::integers(&batch, VERSION)?;
            for row in (0..batch.num_rows()).filter(|row| numbers.value(*row) > 1) {
                several.insert(stored::id(ids.value(row))?, (i64::MIN, 0));
            }
        }
        Ok(Self(several))
    }

    fn take_in(&mut self, batch: &RecordBatch) -> DataFusionResult<()> {
        let ids = stored::texts(batch, RECORD_ID)?;
        let times = stored::times(batch, OBSERVED_AT)?;
        let numbers = stored::integers(batch, VERSION)?;
        for row in 0..batch.num_rows() {
            if let Some(known) = self.0.get_mut(&stored::id(ids.value(row))?) {
                let time = if times.is_null(row) { i64::MIN } else { times.value(row) };
                *known = (*known).max((time, numbers.value(row)));
            }
        }
        Ok(())
    }

    fn keep(&self, batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
        if self.0.is_empty() {
            return Ok(batch.clone());
        }
        let ids = stored::texts(batch, RECORD_ID)?;
        let numbers = stored::integers(batch, VERSION)?;
        let is_current = (0..batch.num_rows())
            .map(|row| {
                let current = self.0.get(&stored::id(ids.value(row))?);
                Ok(current.is_none_or(|(_, number)| *number == numbers.value(row)))
            })
            .collect::<DataFusionResult<Vec<bool>>>()?;
        Ok(filter_record_batch(batch, &BooleanArray::from(is_current))?)
    }
}
