//! What a run tells while it works.

/// The stages of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Sources are read, sealed and landed.
    Land,
    /// Records are opened in memory and brought to comparable form.
    Prepare,
    /// The match model is estimated.
    Estimate,
    /// Candidate pairs are compared.
    Score,
    /// Links become clusters.
    Cluster,
    /// Golden profiles are built, sealed and published.
    Publish,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; 6] =
        [Self::Land, Self::Prepare, Self::Estimate, Self::Score, Self::Cluster, Self::Publish];

    /// The name that `--until` takes and reports carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Land => "land",
            Self::Prepare => "prepare",
            Self::Estimate => "estimate",
            Self::Score => "score",
            Self::Cluster => "cluster",
            Self::Publish => "publish",
        }
    }
}

/// How far a rotation of keys has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysMoved {
    /// Key pages that have moved.
    pub pages: u64,
    /// Key pages that were to move.
    pub pages_in_all: u64,
    /// Keys in the pages that have moved.
    pub keys: u64,
}

/// Receives progress. Implementations must be cheap: calls come per batch.
///
/// Nothing personal passes here: names of stages and sources, and counts.
pub trait Progress: Send + Sync {
    /// A stage begins.
    fn stage_started(&self, stage: Stage);
    /// `rows` more were done in the current stage, for `source` while landing.
    fn rows_done(&self, stage: Stage, source: Option<&str>, rows: u64);
    /// The current stage is over.
    fn stage_finished(&self, stage: Stage, rows: u64, seconds: f64);
    /// Another run holds the lake; this one waits.
    fn waiting_for_other_run(&self);
    /// A rotation of keys has come this far; the first call comes before the first page.
    fn keys_moved(&self, moved: KeysMoved);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage_started(&self, _stage: Stage) {}
    fn rows_done(&self, _stage: Stage, _source: Option<&str>, _rows: u64) {}
    fn stage_finished(&self, _stage: Stage, _rows: u64, _seconds: f64) {}
    fn waiting_for_other_run(&self) {}
    fn keys_moved(&self, _moved: KeysMoved) {}
}
