//! The memory of one query.

use std::fmt;

use datafusion::error::Result as DataFusionResult;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// Half of the memory for operators that can put something aside, shared out evenly
/// among them; a quarter for merging what sorts have put aside; a quarter for everything else.
///
/// In DataFusion's own pools the first two take whatever they can get: the sorts of a large
/// table would leave nothing to the merge of their results, and the query fail with its work done.
#[derive(Debug)]
pub(crate) struct QueryMemory {
    spilling: FairSpillPool,
    merging: GreedyMemoryPool,
    holding: GreedyMemoryPool,
    bytes: usize,
}

/// What the names of those begin with that merge what a sort has put aside.
const MERGE: &str = "ExternalSorterMerge";

impl QueryMemory {
    /// `bytes` in all.
    pub(crate) fn new(bytes: usize) -> Self {
        let (half, quarter) = (bytes / 2, bytes / 4);
        Self {
            spilling: FairSpillPool::new(half),
            merging: GreedyMemoryPool::new(quarter),
            holding: GreedyMemoryPool::new(bytes - half - quarter),
            bytes,
        }
    }

    fn of(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        match consumer.can_spill() {
            true => &self.spilling,
            false if consumer.name().starts_with(MERGE) => &self.merging,
            false => &self.holding,
        }
    }
}

impl fmt::Display for QueryMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} and {}", self.spilling, self.merging, self.holding)
    }
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.of(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.of(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.of(reservation.consumer()).grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.of(reservation.consumer()).shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> DataFusionResult<()> {
        self.of(reservation.consumer()).try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.merging.reserved() + self.holding.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}
