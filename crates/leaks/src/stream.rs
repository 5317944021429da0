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
    /// As long as a block once anything came piece by piece.
    block: Vec<u8>,
    /// Bytes of the block that came.
    filled: usize,
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
                && self.filled == 0
            {
                self.search(searcher, block, BLOCK - MARGIN, found);
                rest = &rest[BLOCK - OVERLAP..];
                self.base += (BLOCK - OVERLAP) as u64;
                continue;
            }
            let room = self.room();
            let (now, later) = rest.split_at(rest.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            rest = later;
            self.take(searcher, now.len(), found);
        }
    }

    /// Where the next bytes may be written, to be taken from there: never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.block.resize(BLOCK, 0);
        &mut self.block[self.filled..]
    }

    /// Takes so many bytes that were written to [`Self::room`], as [`Self::feed`] does.
    pub(crate) fn take(
        &mut self,
        searcher: &mut Searcher<'_>,
        length: usize,
        found: &mut dyn FnMut(Hit, u64),
    ) {
        self.filled += length;
        if self.filled == BLOCK {
            let mut block = std::mem::take(&mut self.block);
            self.filled = 0;
            self.search(searcher, &block, BLOCK - MARGIN, found);
            block.copy_within(BLOCK - OVERLAP.., 0);
            self.block = block;
            self.filled = OVERLAP;
            self.base += (BLOCK - OVERLAP) as u64;
        }
    }

    /// Searches what is left; what follows is another stream.
    pub(crate) fn finish(&mut self, searcher: &mut Searcher<'_>, found: &mut dyn FnMut(Hit, u64)) {
        let (block, filled) = (std::mem::take(&mut self.block), std::mem::take(&mut self.filled));
        self.search(searcher, &block[..filled], filled, found);
        self.block = block;
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
