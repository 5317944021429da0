//! Record linkage as pure computation: normalise, block, compare, estimate, score, cluster, survive.
//!
//! The way of a pair of records, each step a module:
//!
//! 1. [`normalise`] brings raw values to one form, [`phonetic`] to one sound.
//! 2. [`plan`] says, from a schema, what is compared and how pairs are found.
//! 3. [`features`] keeps the values as codes in columns, sorted by record id.
//! 4. [`block`] finds the pairs worth comparing, each exactly once.
//! 5. [`compare`] turns a pair into one level of agreement per field.
//! 6. [`estimate`] learns without labels how often levels occur among pairs of
//!    one person (m) and of two (u); [`weight`] turns that into bits.
//! 7. [`score`] adds the bits up, and says where they came from; [`frequency`] knows which values are rare.
//! 8. [`cluster`] joins linked records, and refuses joins that the evidence speaks against.
//! 9. [`survive`] chooses the value that a profile shows.
//! 10. [`generalise`] makes it coarse for those who may not see it.
//! 11. [`index`] answers, by the same steps, who a record is that somebody asks about.
//! 12. [`measure`] compares clusters with a known truth.
//!
//! [`infer`] understands the columns of a file that nobody described; [`nicknames`] knows
//! which given names are forms of one. [`decisions`] finds out which decisions of people
//! contradict each other, [`review`] what people should be asked about.
//!
//! No I/O, no async: a caller that wants parallelism scores the partitions of
//! [`block::Blocks`] apart, and says on how many threads to estimate. Results depend on the records and the
//! settings alone, never on row order, partition count or thread count.
//!
//! Nothing here prints a personal value: the types that hold them have no `Debug`.

pub mod block;
pub mod cluster;
pub mod compare;
pub mod decisions;
pub mod estimate;
pub mod features;
pub mod frequency;
pub mod generalise;
pub mod index;
pub mod infer;
pub mod measure;
pub mod names;
pub mod nicknames;
pub mod normalise;
pub mod phonetic;
pub mod plan;
pub mod review;
pub mod score;
pub mod survive;
pub mod weight;

mod mix;
mod parallel;
#[cfg(test)]
mod testing;

pub use block::Blocks;
pub use estimate::MatchModel;
pub use features::{FeatureStore, FeatureStoreBuilder, FeatureStorePart, RecordIndex};
pub use frequency::Frequencies;
pub use index::CandidateIndex;
pub use plan::MatchPlan;
pub use score::Scorer;
