//! The operator that compares candidate pairs.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{AsArray, Float64Builder, RecordBatch, UInt32Builder};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef, UInt32Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use vermeil_model::Bits;
use vermeil_resolve::cluster::Link;
use vermeil_resolve::features::RecordIndex;

use super::MatchJob;
use crate::error::EngineError;

/// Links are handed on in batches of this many.
const BATCH_ROWS: usize = 8192;

/// Compares the candidate pairs of a job and yields the links among them:
/// `left: UInt32, right: UInt32 (record indexes, left < right), weight_bits: Float64`.
///
/// Pairs are made and scored within the operator, never materialised. The
/// partitions share the candidate pairs out; together they yield each link once.
pub(super) struct ScorePairsExec {
    job: Arc<MatchJob>,
    properties: Arc<PlanProperties>,
    compared: Arc<AtomicU64>,
}

impl ScorePairsExec {
    pub(super) fn new(job: Arc<MatchJob>, partitions: usize) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(links_schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { job, properties, compared: Arc::new(AtomicU64::new(0)) }
    }

    /// How many pairs were compared so far.
    pub(super) fn candidate_pairs(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for ScorePairsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScorePairsExec").field("records", &self.job.store.len()).finish_non_exhaustive()
    }
}

impl DisplayAs for ScorePairsExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScorePairsExec: records={}, rules={}", self.job.store.len(), self.job.plan.rules().len())
    }
}

impl ExecutionPlan for ScorePairsExec {
    fn name(&self) -> &'static str {
        "ScorePairsExec"
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

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let mut stream = RecordBatchReceiverStream::builder(links_schema(), 4);
        let sender = stream.tx();
        let (job, compared) = (Arc::clone(&self.job), Arc::clone(&self.compared));
        let partitions = self.properties.partitioning.partition_count();
        stream.spawn_blocking(move || {
            // A closed channel means that nobody wants the rest.
            let send = |batch| sender.blocking_send(Ok(batch)).is_ok();
            score_share(&job, partition as u64, partitions as u64, &compared, send)
        });
        Ok(stream.build())
    }
}

/// Scores one share of the candidate pairs and sends the links on.
fn score_share(
    job: &MatchJob,
    partition: u64,
    partitions: u64,
    compared: &AtomicU64,
    send: impl Fn(RecordBatch) -> bool,
) -> DataFusionResult<()> {
    let scorer = job.scorer();
    let least = job.threshold.to_bits();
    let mut links = LinkBatch::default();
    let mut pairs = 0;
    let share = match &job.touched {
        Some(touched) => job.weights.blocks.partition_touching(partition, partitions, touched),
        None => job.weights.blocks.partition(partition, partitions),
    };
    scorer.find_links(least, share.inspect(|_| pairs += 1), |link| {
        links.push(link);
        if links.rows == BATCH_ROWS && !send(links.finish()) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    compared.fetch_add(pairs, Ordering::Relaxed);
    if links.rows > 0 {
        send(links.finish());
    }
    Ok(())
}

#[derive(Default)]
struct LinkBatch {
    left: UInt32Builder,
    right: UInt32Builder,
    weight: Float64Builder,
    rows: usize,
}

impl LinkBatch {
    fn push(&mut self, link: Link) {
        self.left.append_value(link.left.0);
        self.right.append_value(link.right.0);
        self.weight.append_value(link.weight.0);
        self.rows += 1;
    }

    fn finish(&mut self) -> RecordBatch {
        self.rows = 0;
        let columns = vec![
            Arc::new(self.left.finish()) as _,
            Arc::new(self.right.finish()) as _,
            Arc::new(self.weight.finish()) as _,
        ];
        RecordBatch::try_new(links_schema(), columns).expect("built in the order of the schema")
    }
}

fn links_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("left", DataType::UInt32, false),
        Field::new("right", DataType::UInt32, false),
        Field::new("weight_bits", DataType::Float64, false),
    ]))
}

/// Links that were found before, as the operator yields them.
pub(super) fn batch_of(links: &[Link]) -> RecordBatch {
    let mut batch = LinkBatch::default();
    links.iter().for_each(|link| batch.push(*link));
    batch.finish()
}

/// The links by rising left, then right record: partitions end in any order.
pub(super) fn sorted(links: &[RecordBatch]) -> Result<Vec<RecordBatch>, EngineError> {
    let fail = |cause| EngineError::from(DataFusionError::from(cause));
    let all = concat_batches(&links_schema(), links).map_err(fail)?;
    let by = [0, 1].map(|column| SortColumn { values: Arc::clone(all.column(column)), options: None });
    let order = lexsort_to_indices(&by, None).map_err(fail)?;
    Ok(vec![take_record_batch(&all, &order).map_err(fail)?])
}

/// A plan that yields links which were collected.
pub(super) fn links_plan(links: &[RecordBatch]) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let plan = MemorySourceConfig::try_new_exec(&[links.to_vec()], links_schema(), None)?;
    Ok(plan)
}

/// Reads links out of batches.
pub(super) fn links_of(batches: &[RecordBatch]) -> Vec<Link> {
    batches
        .iter()
        .flat_map(|batch| {
            let left = batch.column(0).as_primitive::<UInt32Type>().values();
            let right = batch.column(1).as_primitive::<UInt32Type>().values();
            let weight = batch.column(2).as_primitive::<Float64Type>().values();
            left.iter().zip(right).zip(weight).map(|((left, right), weight)| Link {
                left: RecordIndex(*left),
                right: RecordIndex(*right),
                weight: Bits(*weight),
            })
        })
        .collect()
}
