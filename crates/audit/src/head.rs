//! Where an append goes on, so that it reads no more than a few hundred bytes.

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::segment::Month;
use crate::tree::{CompactRange, Hash};

/// The end of the log, as its last checkpoint signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) segment: Month,
    /// Of the segment's entries, in bytes.
    pub(crate) length: u64,
    /// The tree of all entries.
    pub(crate) range: CompactRange,
    /// The checkpoint file, to notice that another process appended.
    pub(crate) note: String,
}

/// `head.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cached {
    segment: String,
    length: u64,
    size: u64,
    range: Vec<Hash>,
}

impl Head {
    /// What to write to `head.json`.
    pub(crate) fn to_cache(&self) -> Vec<u8> {
        let cached = Cached {
            segment: self.segment.to_string(),
            length: self.length,
            size: self.range.size(),
            range: self.range.nodes().to_vec(),
        };
        serde_json::to_vec(&cached).expect("plain data")
    }

    /// Reads `head.json`, if it is of the segment that ends with this checkpoint and
    /// has this length. Its tree needs no other proof than the checkpoint's root.
    pub(crate) fn from_cache(
        cache: &str,
        segment: Month,
        length: u64,
        checkpoint: &Checkpoint,
        note: &str,
    ) -> Option<Self> {
        let cached: Cached = serde_json::from_str(cache).ok()?;
        let range = CompactRange::from_nodes(cached.size, cached.range)?;
        let fits =
            cached.segment == segment.to_string() && cached.length == length && checkpoint.is_of(&range);
        fits.then(|| Self { segment, length, range, note: note.to_owned() })
    }
}
