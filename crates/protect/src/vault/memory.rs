//! A store of pages in memory, which ends with its process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    GenerationUse, KeyLocation, KeyOwner, KeyPageStore, Rotation, RotationStage, SealedPage, StoreError,
    Written,
};

/// Keeps pages in memory: for tests, and for keys that are to end with their process.
#[derive(Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    pages: BTreeMap<i64, SealedPage>,
    next: i64,
    deletions: BTreeMap<i64, DateTime<Utc>>,
    rotation: Option<Rotation>,
    /// Nothing is written under generations below this one.
    opened: u32,
}

impl MemoryStore {
    /// Looks at the pages, or changes them behind the vault's back.
    pub fn with_pages<T>(&self, look: impl FnOnce(&mut BTreeMap<i64, SealedPage>) -> T) -> T {
        look(&mut self.kept().pages)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_closed(&self, pages: &[SealedPage]) -> bool {
        pages.iter().any(|page| page.generation < self.opened)
    }

    fn older_than(&self, generation: u32) -> u64 {
        self.pages.values().filter(|page| page.generation < generation).count() as u64
    }
}

#[async_trait]
impl KeyPageStore for MemoryStore {
    async fn reserve(&self, count: i64) -> Result<i64, StoreError> {
        let mut kept = self.kept();
        let first = kept.next;
        kept.next += count;
        Ok(first)
    }

    async fn insert(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        let mut kept = self.kept();
        if kept.is_closed(&pages) {
            return Ok(Written::Closed);
        }
        kept.pages.extend(pages.into_iter().map(|page| (page.number, page)));
        Ok(Written::Done { outdated: Vec::new() })
    }

    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError> {
        let kept = self.kept();
        Ok(numbers.iter().filter_map(|number| kept.pages.get(number).cloned()).collect())
    }

    async fn revisions(&self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        let kept = self.kept();
        Ok(numbers.iter().filter_map(|number| Some((*number, kept.pages.get(number)?.revision))).collect())
    }

    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        let mut kept = self.kept();
        if kept.is_closed(&pages) {
            return Ok(Written::Closed);
        }
        let mut outdated = Vec::new();
        for page in pages {
            match kept.pages.get_mut(&page.number) {
                Some(old) if old.revision + 1 == page.revision => *old = page,
                Some(_) => outdated.push(page.number),
                None => {}
            }
        }
        Ok(Written::Done { outdated })
    }

    async fn forget(&self, _keys: &[KeyLocation]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let gone: Vec<i64> =
            kept.pages.values().filter(|page| page.owner == *owner).map(|page| page.number).collect();
        let at = Utc::now();
        for number in &gone {
            kept.pages.remove(number);
            kept.deletions.insert(*number, at);
        }
        Ok(gone.len() as u64)
    }

    async fn deletions(&self, numbers: &[i64]) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
        let kept = self.kept();
        Ok(numbers.iter().filter_map(|number| Some((*number, *kept.deletions.get(number)?))).collect())
    }

    async fn usage(&self) -> Result<Vec<GenerationUse>, StoreError> {
        let mut usage: BTreeMap<u32, GenerationUse> = BTreeMap::new();
        for page in self.kept().pages.values() {
            let generation = page.generation;
            let used = usage.entry(generation).or_insert(GenerationUse { generation, pages: 0, keys: 0 });
            used.pages += 1;
            used.keys += u64::from(page.live_keys);
        }
        Ok(usage.into_values().collect())
    }

    async fn under(&self, generation: u32, after: i64, count: usize) -> Result<Vec<SealedPage>, StoreError> {
        let kept = self.kept();
        let pages = kept.pages.values().filter(|page| page.generation == generation && page.number > after);
        Ok(pages.take(count).cloned().collect())
    }

    async fn begin_rotation(&self, above: u32) -> Result<Rotation, StoreError> {
        let mut kept = self.kept();
        if let Some(rotation) = kept.rotation {
            return Ok(rotation);
        }
        let heard_of = kept.pages.values().map(|page| page.generation).chain([above, kept.opened]).max();
        let rotation = Rotation {
            generation: heard_of.unwrap_or_default() + 1,
            begun_at: Utc::now(),
            stage: RotationStage::Begun,
        };
        kept.rotation = Some(rotation);
        Ok(rotation)
    }

    async fn rotation(&self) -> Result<Option<Rotation>, StoreError> {
        Ok(self.kept().rotation)
    }

    async fn open_generation(&self, generation: u32) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if generation > kept.opened {
            let begun_at = kept.rotation.map_or_else(Utc::now, |rotation| rotation.begun_at);
            kept.opened = generation;
            kept.rotation = Some(Rotation { generation, begun_at, stage: RotationStage::Opened });
        }
        Ok(())
    }

    async fn end_rotation(&self, generation: u32) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let left = kept.older_than(generation);
        if left == 0 && kept.rotation.is_some_and(|rotation| rotation.generation == generation) {
            kept.rotation = None;
        }
        Ok(left)
    }

    async fn purge(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
