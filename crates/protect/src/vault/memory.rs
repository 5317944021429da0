//! A store of pages in memory, for tests.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::{KeyOwner, KeyPageStore, SealedPage, StoreError};

#[derive(Default)]
pub(super) struct MemoryStore {
    pub(super) pages: Mutex<BTreeMap<i64, SealedPage>>,
    next: Mutex<i64>,
}

#[async_trait]
impl KeyPageStore for MemoryStore {
    async fn reserve(&self, count: i64) -> Result<i64, StoreError> {
        let mut next = self.next.lock().unwrap();
        let first = *next;
        *next += count;
        Ok(first)
    }

    async fn insert(&self, pages: Vec<SealedPage>) -> Result<(), StoreError> {
        self.pages.lock().unwrap().extend(pages.into_iter().map(|page| (page.number, page)));
        Ok(())
    }

    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError> {
        let pages = self.pages.lock().unwrap();
        Ok(numbers.iter().filter_map(|number| pages.get(number).cloned()).collect())
    }

    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Vec<i64>, StoreError> {
        let mut stored = self.pages.lock().unwrap();
        let mut outdated = Vec::new();
        for page in pages {
            match stored.get_mut(&page.number) {
                Some(old) if old.revision + 1 == page.revision => *old = page,
                Some(_) => outdated.push(page.number),
                None => {}
            }
        }
        Ok(outdated)
    }

    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError> {
        let mut pages = self.pages.lock().unwrap();
        let before = pages.len();
        pages.retain(|_, page| page.owner != *owner);
        Ok((before - pages.len()) as u64)
    }
}
