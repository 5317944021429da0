//! Sets of vendors, as ranges.

use serde::Serialize;

use super::NoTcString;
use super::bits::Bits;

/// A set of vendors: ranges, first and last, that rise and do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Vendors(Vec<(u16, u16)>);

impl Vendors {
    /// The set of some vendors.
    pub fn of(vendors: impl IntoIterator<Item = u16>) -> Self {
        Self::merged(vendors.into_iter().map(|vendor| (vendor, vendor)).collect())
    }

    /// Whether a vendor is one of them.
    pub fn contains(&self, vendor: u16) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= vendor);
        after.checked_sub(1).is_some_and(|place| vendor <= self.0[place].1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(first, last)| usize::from(last - first) + 1).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, rising.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Reads a section of vendors: a bit each, or ranges.
    pub(super) fn read(bits: &mut Bits<'_>, field: &'static str) -> Result<Self, NoTcString> {
        let highest = bits.medium(16, field)?;
        if bits.flag(field)? {
            return Self::ranges(bits, highest, field);
        }
        let mut vendors = Vec::new();
        for vendor in 1..=highest {
            if bits.flag(field)? {
                vendors.push((vendor, vendor));
            }
        }
        Ok(Self::merged(vendors))
    }

    /// Reads ranges of vendors up to the highest.
    pub(super) fn ranges(bits: &mut Bits<'_>, highest: u16, field: &'static str) -> Result<Self, NoTcString> {
        let number = bits.medium(12, field)?;
        let mut ranges = Vec::new();
        for _ in 0..number {
            let is_range = bits.flag(field)?;
            let first = bits.medium(16, field)?;
            let last = if is_range { bits.medium(16, field)? } else { first };
            if first == 0 || last < first || last > highest {
                return Err(NoTcString::Meaningless { field });
            }
            ranges.push((first, last));
        }
        Ok(Self::merged(ranges))
    }

    fn merged(mut ranges: Vec<(u16, u16)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }
}
