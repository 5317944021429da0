//! Opened pages, the latest few.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::page::OpenPage;

/// Forgets the page that came first when it is full: records are mostly read in
/// landing order, where remembering use would gain nothing.
pub(super) struct PageCache {
    pages: HashMap<i64, Arc<OpenPage>>,
    arrival: VecDeque<i64>,
    capacity: usize,
    epoch: u64,
}

impl PageCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { pages: HashMap::new(), arrival: VecDeque::new(), capacity, epoch: 0 }
    }

    /// Counts how often pages had to be forgotten.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn get(&self, number: i64) -> Option<Arc<OpenPage>> {
        self.pages.get(&number).cloned()
    }

    /// Remembers a page that was read in `epoch`. A page that was read before
    /// something was destroyed may still hold it, so it is not taken.
    pub(super) fn insert(&mut self, epoch: u64, page: Arc<OpenPage>) {
        if epoch != self.epoch {
            return;
        }
        let number = page.number;
        if self.pages.insert(number, page).is_some() {
            return;
        }
        self.arrival.push_back(number);
        if self.arrival.len() > self.capacity
            && let Some(first) = self.arrival.pop_front()
        {
            self.pages.remove(&first);
        }
    }

    /// Forgets pages of which something was destroyed.
    pub(super) fn forget(&mut self, numbers: &[i64]) {
        self.epoch += 1;
        let known = self.pages.len();
        numbers.iter().for_each(|number| drop(self.pages.remove(number)));
        if self.pages.len() < known {
            self.arrival.retain(|number| self.pages.contains_key(number));
        }
    }

    /// Forgets every page.
    pub(super) fn forget_all(&mut self) {
        self.epoch += 1;
        self.pages.clear();
        self.arrival.clear();
    }
}
