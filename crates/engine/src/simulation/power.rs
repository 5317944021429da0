//! A lake behind a switch: at a chosen operation the power is cut, and nothing is heard of it any more.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};
use tokio::sync::watch;

/// Whether the operation at which the power is cut was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It never was.
    Before,
    /// It was, and nobody learnt of it.
    After,
}

/// How long a cut is noticed at the latest.
const PATIENCE: Duration = Duration::from_millis(500);

/// The switch.
#[derive(Debug)]
pub(super) struct Power {
    /// Operations until the cut, that one included; none to come where 0.
    left: AtomicU64,
    cut: Cut,
    state: watch::Sender<Supply>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supply {
    On,
    /// Whoever asks hears nothing.
    Cut,
    /// The process is gone; threads that outlive it are sent home.
    Over,
}

impl Power {
    /// Power for `operations` of the lake.
    pub(super) fn for_operations(operations: u64, cut: Cut) -> Arc<Self> {
        let (state, _) = watch::channel(Supply::On);
        Arc::new(Self { left: AtomicU64::new(operations), cut, state })
    }

    /// Power that is never cut.
    pub(super) fn steady() -> Arc<Self> {
        Self::for_operations(0, Cut::Before)
    }

    /// Returns once the power is cut.
    pub(super) async fn is_cut(&self) {
        // The sender is this one's own.
        let _ = self.state.subscribe().wait_for(|state| *state != Supply::On).await;
    }

    /// Whether it is cut.
    pub(super) fn is_off(&self) -> bool {
        *self.state.borrow() != Supply::On
    }

    /// The process that lived on it is gone.
    pub(super) fn end(&self) {
        self.state.send_replace(Supply::Over);
    }

    /// Counts an operation; says whether it is the last.
    fn is_last(&self) -> bool {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left == Ok(1)
    }

    async fn dark<T>(&self) -> Result<T> {
        let _ = self.state.subscribe().wait_for(|state| *state == Supply::Over).await;
        Err(object_store::Error::Generic { store: "powered", source: "the power is cut".into() })
    }

    /// Does `operation`, and is cut before or after it where it is the last.
    async fn spend<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        if self.is_off() {
            return self.dark().await;
        }
        let last = self.is_last();
        if last && self.cut == Cut::Before {
            self.switch_off();
            return self.dark().await;
        }
        let done = operation.await;
        if last {
            self.switch_off();
            return self.dark().await;
        }
        done
    }

    /// Cuts the power. Readers of Delta's log block the thread that the simulation itself needs to notice: they
    /// are sent home after a while.
    fn switch_off(&self) {
        self.state.send_replace(Supply::Cut);
        let state = self.state.clone();
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            state.send_replace(Supply::Over);
        });
    }
}

/// A store that takes power.
pub(super) struct Powered {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) power: Arc<Power>,
}

impl fmt::Debug for Powered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Powered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} behind a switch", self.store)
    }
}

#[async_trait]
impl ObjectStore for Powered {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.power.spend(self.store.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.power.spend(self.store.put_multipart_opts(location, options)).await?;
        Ok(Box::new(PoweredUpload { upload, power: Arc::clone(&self.power) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.power.spend(self.store.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (store, power) = (Arc::clone(&self.store), Arc::clone(&self.power));
        // One by one, so that the power may be cut between any two.
        let deleted = locations.and_then(move |location| {
            let (store, power) = (Arc::clone(&store), Arc::clone(&power));
            async move {
                let one = stream::once(async { Ok(location) }).boxed();
                power.spend(store.delete_stream(one).try_next()).await?.ok_or_else(|| {
                    object_store::Error::Generic { store: "powered", source: "nothing was deleted".into() }
                })
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.power.spend(self.store.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.power.spend(self.store.rename_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct PoweredUpload {
    upload: Box<dyn MultipartUpload>,
    power: Arc<Power>,
}

#[async_trait]
impl MultipartUpload for PoweredUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let (part, power) = (self.upload.put_part(payload), Arc::clone(&self.power));
        Box::pin(async move { power.spend(part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.power.spend(self.upload.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.power.spend(self.upload.abort()).await
    }
}
