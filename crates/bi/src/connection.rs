//! One client.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use pgwire::api::cancel::CancelHandler;
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use vermeil_engine::{Engine, Reader, ReadingSession, Understood};
use vermeil_model::policy::Purpose;

use crate::answer::Cursor;
use crate::catalogue::{Catalogue, Dialect};
use crate::fault;
use crate::gate::{Account, Gate, Token};
use crate::settings::Settings;

/// Answers that one client may have open: each has the memory of a query.
const OPEN_ANSWERS: usize = 16;

/// What a client is, has set and has open.
pub(crate) struct Connection {
    engine: Arc<Engine>,
    gate: Arc<dyn Gate>,
    account: Account,
    token: Token,
    catalogue: Catalogue,
    settings: Mutex<Settings>,
    cursors: Mutex<BTreeMap<String, OpenCursor>>,
    /// Places for answers that are open at once.
    answers: Arc<Semaphore>,
    watch: Arc<Watch>,
    /// How long a statement may take whatever the client sets.
    longest: Duration,
    /// What cancels its statements.
    pub(crate) number: i32,
    _held: Held,
}

/// What a connection has as long as it lasts.
pub(crate) struct Held {
    /// Its place among those that may be.
    pub(crate) _place: OwnedSemaphorePermit,
    /// Its entry among those that can be cancelled.
    pub(crate) _entry: Entry,
}

struct OpenCursor {
    cursor: Arc<tokio::sync::Mutex<Cursor>>,
    hold: bool,
}

/// What ends a statement before its end.
pub(crate) struct Watch {
    cancelled: watch::Sender<bool>,
    deadline: Mutex<Instant>,
}

impl Connection {
    pub(crate) fn new(
        (engine, gate): (Arc<Engine>, Arc<dyn Gate>),
        (account, token): (Account, Token),
        settings: Settings,
        catalogue: Catalogue,
        longest: Duration,
        (number, watch): (i32, Arc<Watch>),
        held: Held,
    ) -> Self {
        Self {
            engine,
            gate,
            account,
            token,
            catalogue,
            settings: Mutex::new(settings),
            cursors: Mutex::default(),
            answers: Arc::new(Semaphore::new(OPEN_ANSWERS)),
            watch,
            longest,
            number,
            _held: held,
        }
    }

    /// The time of a statement begins; what cancelled an earlier one is over.
    pub(crate) fn begin_statement(&self) {
        let set = self.settings().statement_timeout();
        let time = set.map_or(self.longest, |set| set.min(self.longest));
        self.watch.cancelled.send_replace(false);
        *self.watch.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + time;
    }

    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        // Each change of settings is whole.
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session for one statement, as the client stands now.
    ///
    /// # Errors
    /// Its token is not in force any more, or the policy grants it nothing.
    pub(crate) async fn session(&self) -> PgWireResult<ReadingSession> {
        let settings = self.settings().clone();
        self.session_for(settings).await
    }

    /// A session as it would be with other settings.
    pub(crate) async fn session_for(&self, settings: Settings) -> PgWireResult<ReadingSession> {
        let admitted = self.gate.admit(&self.account.actor, &self.token.0).await;
        let admitted = admitted.map_err(|cause| fault::of_engine(&cause))?;
        if admitted.as_ref() != Some(&self.account) {
            return Err(fault::fatal(fault::INVALID_AUTHORIZATION, "the token is not in force any more"));
        }
        let reader = Reader {
            actor: self.account.actor.clone(),
            role: self.account.role.clone(),
            purpose: settings.purpose().map(|purpose| Purpose(purpose.to_owned())),
        };
        let dialect = Dialect::new(&self.catalogue, settings, self.number);
        self.engine.reading_session(&reader, &dialect).await.map_err(|cause| fault::of_engine(&cause))
    }

    /// Understands one statement in a session of its own.
    pub(crate) async fn understand(
        &self,
        written: &str,
        statement: SqlStatement,
    ) -> PgWireResult<(ReadingSession, Understood)> {
        let understanding = async {
            let session = self.session().await?;
            let understood = session.understand(written, statement).await;
            let understood = understood.map_err(|cause| fault::of_engine(&cause))?;
            Ok((session, understood))
        };
        self.watch.until(understanding).await?
    }

    /// A place for an answer, which has it until it ends.
    ///
    /// # Errors
    /// Too many are open.
    pub(crate) fn place(&self) -> PgWireResult<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.answers).try_acquire_owned();
        place.map_err(|_| fault::error(fault::TOO_MANY_OPEN, "too many cursors and portals are open"))
    }

    /// Opens a cursor.
    pub(crate) fn declare(&self, name: String, cursor: Cursor, hold: bool) -> PgWireResult<()> {
        let mut cursors = self.cursors();
        if cursors.contains_key(&name) {
            return Err(fault::error(fault::DUPLICATE_CURSOR, "there is a cursor of this name"));
        }
        cursors.insert(name, OpenCursor { cursor: Arc::new(tokio::sync::Mutex::new(cursor)), hold });
        Ok(())
    }

    /// A cursor, for the one who fetches from it.
    pub(crate) async fn cursor(&self, name: &str) -> PgWireResult<OwnedMutexGuard<Cursor>> {
        let cursor = self.cursors().get(name).map(|open| Arc::clone(&open.cursor));
        match cursor {
            Some(cursor) => Ok(cursor.lock_owned().await),
            None => Err(fault::error(fault::UNKNOWN_CURSOR, "there is no such cursor")),
        }
    }

    /// Closes one cursor, or all.
    pub(crate) fn close(&self, name: Option<&str>) -> PgWireResult<()> {
        let mut cursors = self.cursors();
        match name {
            None => cursors.clear(),
            Some(name) => {
                let closed = cursors.remove(name);
                closed.ok_or_else(|| fault::error(fault::UNKNOWN_CURSOR, "there is no such cursor"))?;
            }
        }
        Ok(())
    }

    /// Closes what does not outlast a transaction.
    pub(crate) fn end_transaction(&self) {
        self.cursors().retain(|_, open| open.hold);
    }

    fn cursors(&self) -> MutexGuard<'_, BTreeMap<String, OpenCursor>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { cancelled: watch::Sender::new(false), deadline: Mutex::new(Instant::now()) }
    }

    /// What `work` comes to, unless the statement is ended before.
    ///
    /// # Errors
    /// It was cancelled, or takes too long.
    pub(crate) async fn until<T>(&self, work: impl Future<Output = T>) -> PgWireResult<T> {
        let mut cancelled = self.cancelled.subscribe();
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => {
                Err(fault::error(fault::CANCELED, "canceling statement due to user request"))
            }
            () = tokio::time::sleep_until(deadline) => {
                Err(fault::error(fault::CANCELED, "canceling statement due to statement timeout"))
            }
            done = work => Ok(done),
        }
    }
}

/// The connections whose statements can be cancelled, by what only their clients know.
#[derive(Clone, Default)]
pub(crate) struct Cancellable(Arc<Mutex<Watches>>);

/// By the number and the secret of a connection.
type Watches = HashMap<(i32, Vec<u8>), Arc<Watch>>;

/// A place among them, until it is dropped.
pub(crate) struct Entry {
    among: Cancellable,
    key: (i32, Vec<u8>),
}

impl Cancellable {
    pub(crate) fn enter(&self, number: i32, secret: &SecretKey, watch: Arc<Watch>) -> Entry {
        let key = (number, secret.to_bytes().to_vec());
        self.lock().insert(key.clone(), watch);
        Entry { among: self.clone(), key }
    }

    fn lock(&self) -> MutexGuard<'_, Watches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.among.lock().remove(&self.key);
    }
}

#[async_trait]
impl CancelHandler for Cancellable {
    async fn on_cancel_request(&self, request: CancelRequest) {
        let key = (request.pid, request.secret_key.to_bytes().to_vec());
        if let Some(watch) = self.lock().get(&key) {
            watch.cancelled.send_replace(true);
        }
    }
}

/// The connection of a client that came in.
pub(crate) fn of<C: pgwire::api::ClientInfo + ?Sized>(client: &C) -> PgWireResult<Arc<Connection>> {
    let connection = client.session_extensions().get::<Connection>();
    connection.ok_or_else(|| -> PgWireError { fault::fatal(fault::INVALID_AUTHORIZATION, "nobody came in") })
}
