//! The operator that turns links into clusters.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use futures::{TryStreamExt, stream};
use vermeil_resolve::cluster::{ClusterSettings, KeptApart, cluster_under};
use vermeil_resolve::features::RecordIndex;

use super::MatchJob;
use super::score::links_of;

/// Groups records by the links of its input (as `ScorePairsExec` yields them) and
/// yields one row a record of the job, in their order:
/// `record: UInt32, cluster: UInt32` (the first record of its cluster).
pub(super) struct ClusterLinksExec {
    job: Arc<MatchJob>,
    links: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    kept_apart: Arc<OnceLock<Vec<KeptApart>>>,
}

impl ClusterLinksExec {
    pub(super) fn new(job: Arc<MatchJob>, links: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(clusters_schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Self { job, links, properties, kept_apart: Arc::default() }
    }

    /// The joins that a constraint forbade; none before it has run.
    pub(super) fn kept_apart(&self) -> Vec<KeptApart> {
        self.kept_apart.get().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for ClusterLinksExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterLinksExec").field("records", &self.job.store.len()).finish_non_exhaustive()
    }
}

impl DisplayAs for ClusterLinksExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterLinksExec: records={}", self.job.store.len())
    }
}

impl ExecutionPlan for ClusterLinksExec {
    fn name(&self) -> &'static str {
        "ClusterLinksExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    // A cluster may span any two partitions.
    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.links]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let kept_apart = Arc::clone(&self.kept_apart);
        Ok(Arc::new(Self { kept_apart, ..Self::new(Arc::clone(&self.job), children.swap_remove(0)) }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let links = self.links.execute(partition, context)?;
        let (job, kept_apart) = (Arc::clone(&self.job), Arc::clone(&self.kept_apart));
        let clusters = async move {
            let links: Vec<RecordBatch> = links.try_collect().await?;
            tokio::task::spawn_blocking(move || group(&job, &links, &kept_apart))
                .await
                .map_err(|failure| DataFusionError::External(Box::new(failure)))?
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(clusters_schema(), stream::once(clusters))))
    }
}

fn group(
    job: &MatchJob,
    links: &[RecordBatch],
    kept_apart: &OnceLock<Vec<KeptApart>>,
) -> DataFusionResult<RecordBatch> {
    let scorer = job.scorer();
    let weight = |left, right| scorer.weight(left, right);
    let records = u32::try_from(job.store.len()).expect("a feature store numbers its records in 32 bits");
    let settings = ClusterSettings::default();
    let clusters = cluster_under(job.store.len(), &links_of(links), &job.constraints, settings, weight);
    kept_apart.get_or_init(|| clusters.kept_apart().to_vec());
    let first = (0..records).map(|record| clusters.first_of(RecordIndex(record)).0);
    let columns = vec![
        Arc::new(UInt32Array::from_iter_values(0..records)) as _,
        Arc::new(UInt32Array::from_iter_values(first)) as _,
    ];
    Ok(RecordBatch::try_new(clusters_schema(), columns)?)
}

fn clusters_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("record", DataType::UInt32, false),
        Field::new("cluster", DataType::UInt32, false),
    ]))
}

/// For each record, in their order, the first record of its cluster.
pub(super) fn clusters_of(batches: &[RecordBatch]) -> Vec<RecordIndex> {
    batches
        .iter()
        .flat_map(|batch| batch.column(1).as_primitive::<UInt32Type>().values().iter().copied())
        .map(RecordIndex)
        .collect()
}
