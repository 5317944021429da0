//! Every kind of store, for one suite over all of them.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_protect::vault::{GenerationUse, MemoryStore, Rotation, SealedPage, StoreError, Written};
use vermeil_protect::{DataKey, KeyLocation, KeyOwner, KeyPageStore, KeyVault, Keyring, Plain, seal};

use super::BINDING;
use crate::testing::new_location;
use crate::{StateDatabase, StateLocation};

/// A store and a keyring, as several processes see them.
pub(super) struct Shared {
    pub(super) folder: tempfile::TempDir,
    /// Where the pages are, if not in a database.
    memory: Option<Arc<MemoryStore>>,
    database: StateLocation,
}

/// Keys that were given out, and what each of them sealed.
pub(super) struct Given {
    pub(super) places: Vec<KeyLocation>,
    sealed: Vec<Vec<u8>>,
}

/// Runs a test with a store of each kind.
pub(super) async fn with_each_store(test: impl AsyncFn(Shared)) {
    for memory in [Some(Arc::default()), None] {
        let folder = tempfile::tempdir().unwrap();
        let database = new_location(folder.path()).await;
        let shared = Shared { folder, memory, database };
        Keyring::create(&shared.keyring_path(), Arc::new(Plain)).await.unwrap();
        test(shared).await;
    }
}

impl Shared {
    pub(super) fn keyring_path(&self) -> PathBuf {
        self.folder.path().join("keyring.json")
    }

    /// The keyring as a process sees it that starts now.
    pub(super) async fn keyring(&self) -> Arc<Keyring> {
        Arc::new(Keyring::open(&self.keyring_path(), Arc::new(Plain)).await.unwrap())
    }

    /// The store as a process sees it that starts now.
    pub(super) async fn store(&self) -> Arc<dyn KeyPageStore> {
        match &self.memory {
            Some(memory) => Arc::clone(memory) as _,
            None => Arc::new(StateDatabase::open(&self.database).await.unwrap()),
        }
    }

    /// The vault of a process that starts now.
    pub(super) async fn vault(&self) -> KeyVault {
        KeyVault::new(self.keyring().await, self.store().await)
    }

    /// The vault of a process that starts now and whose store is watched.
    pub(super) async fn watched(&self, watch: impl Fn(Moment) -> Step + Send + Sync + 'static) -> KeyVault {
        KeyVault::new(self.keyring().await, self.watched_store(watch).await)
    }

    /// The store as a process sees it that starts now, with something done at each call.
    pub(super) async fn watched_store(
        &self,
        watch: impl Fn(Moment) -> Step + Send + Sync + 'static,
    ) -> Arc<dyn KeyPageStore> {
        Arc::new(Watched { store: self.store().await, watch: Box::new(watch) })
    }

    /// Generations that pages lie under, with how many.
    pub(super) async fn usage(&self) -> Vec<(u32, u64)> {
        let usage = self.store().await.usage().await.unwrap();
        usage.into_iter().map(|used| (used.generation, used.pages)).collect()
    }
}

impl Given {
    pub(super) async fn out(vault: &KeyVault, owner: &str, count: usize) -> Self {
        let given = vault.allocate(&KeyOwner::new(owner), count).await.unwrap();
        let seal = |(_, key): &(_, DataKey)| seal::seal(key, &BINDING, b"ada");
        let sealed = given.iter().map(seal).collect();
        Self { places: given.into_iter().map(|(place, _)| place).collect(), sealed }
    }

    /// The positions of the keys that are gone; all others must open what they sealed.
    #[track_caller]
    pub(super) fn gone(&self, keys: &[Option<DataKey>]) -> Vec<usize> {
        assert_eq!(keys.len(), self.places.len());
        let mut gone = Vec::new();
        for (position, (key, sealed)) in keys.iter().zip(&self.sealed).enumerate() {
            match key {
                Some(key) => assert!(seal::open(key, &BINDING, sealed).is_ok(), "key {position} is another"),
                None => gone.push(position),
            }
        }
        gone
    }

    /// Every key is there, but for those at these positions.
    pub(super) async fn check(&self, vault: &KeyVault, gone: &[usize]) {
        let keys = vault.keys(&self.places).await.unwrap();
        assert_eq!(self.gone(&keys), gone);
    }
}

/// A call of a store that is about to begin, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Before(&'static str),
    After(&'static str),
}

/// What is done at a moment; where it fails, the call does.
pub(super) type Step = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Does something before and after each call.
struct Watched {
    store: Arc<dyn KeyPageStore>,
    watch: Box<dyn Fn(Moment) -> Step + Send + Sync>,
}

impl Watched {
    async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        (self.watch)(Moment::Before(name)).await?;
        let ended = call.await;
        (self.watch)(Moment::After(name)).await?;
        ended
    }
}

#[async_trait]
impl KeyPageStore for Watched {
    async fn reserve(&self, count: i64) -> Result<i64, StoreError> {
        self.call("reserve", self.store.reserve(count)).await
    }

    async fn insert(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        self.call("insert", self.store.insert(pages)).await
    }

    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError> {
        self.call("load", self.store.load(numbers)).await
    }

    async fn revisions(&self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        self.call("revisions", self.store.revisions(numbers)).await
    }

    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError> {
        self.call("replace", self.store.replace(pages)).await
    }

    async fn forget(&self, keys: &[KeyLocation]) -> Result<(), StoreError> {
        self.call("forget", self.store.forget(keys)).await
    }

    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError> {
        self.call("delete_owner", self.store.delete_owner(owner)).await
    }

    async fn deletions(&self, numbers: &[i64]) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
        self.call("deletions", self.store.deletions(numbers)).await
    }

    async fn usage(&self) -> Result<Vec<GenerationUse>, StoreError> {
        self.call("usage", self.store.usage()).await
    }

    async fn under(&self, generation: u32, after: i64, count: usize) -> Result<Vec<SealedPage>, StoreError> {
        self.call("under", self.store.under(generation, after, count)).await
    }

    async fn begin_rotation(&self, above: u32) -> Result<Rotation, StoreError> {
        self.call("begin_rotation", self.store.begin_rotation(above)).await
    }

    async fn rotation(&self) -> Result<Option<Rotation>, StoreError> {
        self.call("rotation", self.store.rotation()).await
    }

    async fn open_generation(&self, generation: u32) -> Result<(), StoreError> {
        self.call("open_generation", self.store.open_generation(generation)).await
    }

    async fn end_rotation(&self, generation: u32) -> Result<u64, StoreError> {
        self.call("end_rotation", self.store.end_rotation(generation)).await
    }

    async fn purge(&self) -> Result<(), StoreError> {
        self.call("purge", self.store.purge()).await
    }
}
