//! Searching bytes as they come, block by block.

use crate::matcher::{Hit, Searcher};

/// Bytes searched at once: they, and what they are squeezed to, fit into the second-level cache.
const BLOCK: usize = 128 * 1024;
/// Bytes searched once more with the next block: no value in any encoding is longer.
const OVERLAP: usize = 4 * 1024;
/// Bytes behind a hit that say whether it ends there.
const MARGIN: usize = 16;

/// Bytes on their way through the search.
#[derive(Default)]
pub(crate) struct Stream {
    block: Vec<u8>,
    /// Where the block begins in the stream.
    base: u64,
    /// Hits that end up to here were told before.
    told: u64,
}

impl Stream {
    /// Takes bytes, and calls `found` for each hit that is certain by now, with where it starts in the stream.
    pub(crate) fn feed(
        &mut self,
        searcher: &mut Searcher<'_>,
        bytes: &[u8],
        found: &mut dyn FnMut(Hit, u64),
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // What comes in one piece is searched where it lies.
            if let Some(block) = rest.get(..BLOCK)
                && self.block.is_empty()
            {
                self.search(searcher, block, BLOCK - MARGIN, found);
                rest = &rest[BLOCK - OVERLAP..];
                self.base += (BLOCK - OVERLAP) as u64;
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            rest = later;
            if self.block.len() == BLOCK {
                let block = std::mem::take(&mut self.block);
                self.search(searcher, &block, BLOCK - MARGIN, found);
                self.block = block;
                self.block.drain(..BLOCK - OVERLAP);
                self.base += (BLOCK - OVERLAP) as u64;
            }
        }
    }

    /// Searches what is left; what follows is another stream.
    pub(crate) fn finish(&mut self, searcher: &mut Searcher<'_>, found: &mut dyn FnMut(Hit, u64)) {
        let block = std::mem::take(&mut self.block);
        self.search(searcher, &block, block.len(), found);
        self.block = block;
        self.block.clear();
        (self.base, self.told) = (0, 0);
    }

    /// Searches what begins at the base, and tells what ends among the bytes that are certain.
    fn search(
        &mut self,
        searcher: &mut Searcher<'_>,
        block: &[u8],
        certain: usize,
        found: &mut dyn FnMut(Hit, u64),
    ) {
        for hit in searcher.search(block) {
            let end = self.base + hit.end as u64;
            if self.told < end && hit.end <= certain {
                found(hit, self.base + hit.start as u64);
            }
        }
        self.told = self.base + certain as u64;
    }
}

#[cfg(test)]
mod tests;
