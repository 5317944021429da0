//! Kept frequencies as bytes.
//!
//! For each comparison of the plan, in little-endian order: its values and how many names follow
//! (two u64), then each name (u64) with its count (u32).

use vermeil_resolve::frequency::KeptFrequencies;

/// The bytes of kept frequencies.
pub(super) fn write_frequencies(kept: &[KeptFrequencies]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for comparison in kept {
        bytes.extend(comparison.values.to_le_bytes());
        bytes.extend((comparison.counts.len() as u64).to_le_bytes());
        for (name, count) in &comparison.counts {
            bytes.extend(name.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
    }
    bytes
}

/// What bytes say; `None` where [`write_frequencies`] did not write them.
pub(super) fn read_frequencies(mut bytes: &[u8]) -> Option<Vec<KeptFrequencies>> {
    let mut kept = Vec::new();
    while !bytes.is_empty() {
        let values = u64::from_le_bytes(taken(&mut bytes)?);
        let length = usize::try_from(u64::from_le_bytes(taken(&mut bytes)?)).ok()?;
        let mut counts = Vec::with_capacity(length.min(bytes.len()));
        for _ in 0..length {
            counts.push((u64::from_le_bytes(taken(&mut bytes)?), u32::from_le_bytes(taken(&mut bytes)?)));
        }
        if !counts.is_sorted() {
            return None;
        }
        kept.push(KeptFrequencies { values, counts });
    }
    Some(kept)
}

fn taken<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let kept = [
            KeptFrequencies { values: 70_000, counts: vec![(3, 5), (u64::MAX, 70_000)] },
            KeptFrequencies { values: 0, counts: Vec::new() },
        ];
        let bytes = write_frequencies(&kept);
        assert_eq!(read_frequencies(&bytes), Some(kept.to_vec()));
        for cut in [1, 8, 17, bytes.len() - 1] {
            assert_eq!(read_frequencies(&bytes[..cut]), None, "{cut} bytes");
        }
        let unsorted = [KeptFrequencies { values: 9, counts: vec![(4, 5), (3, 5)] }];
        assert_eq!(read_frequencies(&write_frequencies(&unsorted)), None);
        assert_eq!(read_frequencies(&[]), Some(Vec::new()));
    }
}
