//! Listens, and ends with its clients.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pgwire::api::auth::StartupHandler;
use pgwire::api::cancel::CancelHandler;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ErrorHandler, PgWireServerHandlers, RandomPidSecretKeyGenerator};
use pgwire::tokio::process_socket;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use vermeil_engine::Engine;

use crate::catalogue::StaticTables;
use crate::connection::Cancellable;
use crate::gate::{Gate, Refusals};
use crate::handlers::{Errors, Handlers};
use crate::login::Login;
use crate::tls::Tls;

/// How much the wire does at once, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Clients that came in, at once.
    pub connections: usize,
    /// The longest that a statement may take, whatever the client sets.
    pub statement: Duration,
    /// How long statements that run may go on once the service ends.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 64, statement: Duration::from_secs(300), farewell: Duration::from_secs(10) }
    }
}

/// Sockets for each client that may come in: some ask for a password or cancel a statement.
const SOCKETS: usize = 4;
/// How often it is looked whether a client is still there.
const LOOK: Duration = Duration::from_millis(200);

/// What answers one client.
struct Wire {
    login: Arc<Login>,
    handlers: Arc<Handlers>,
}

/// Serves clients of PostgreSQL on `listener` until `shutdown`, then gives those that are there the time of
/// [`Limits::farewell`].
///
/// Without `tls` a password is taken from the machine itself only.
///
/// # Errors
/// The tables of the catalogue, which come with the program, cannot be read.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    gate: Arc<dyn Gate>,
    tls: Option<Tls>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let login = Arc::new(Login {
        engine,
        gate,
        limits,
        places: Arc::new(Semaphore::new(limits.connections)),
        refusals: Refusals::default(),
        cancellable: Cancellable::default(),
        numbers: RandomPidSecretKeyGenerator::default(),
        tables: StaticTables::read().map_err(io::Error::other)?,
    });
    let handlers = Arc::new(Handlers::new());
    let sockets = Arc::new(Semaphore::new(limits.connections.saturating_mul(SOCKETS)));
    let mut clients = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
            Some(_) = clients.join_next() => continue,
        };
        let Ok((socket, _)) = accepted else {
            // Out of files, mostly: those that are open end some time.
            tokio::time::sleep(LOOK).await;
            continue;
        };
        // Who finds no place among the sockets is not answered at all.
        let Ok(place) = Arc::clone(&sockets).try_acquire_owned() else { continue };
        let wire = Wire { login: Arc::clone(&login), handlers: Arc::clone(&handlers) };
        let tls = tls.clone();
        clients.spawn(async move {
            let _place = place;
            serve_client(socket, tls, wire).await;
        });
    }
    drop(listener);
    let ended = async { while clients.join_next().await.is_some() {} };
    // Whoever only keeps its connection open would never end.
    let _ = tokio::time::timeout(limits.farewell, ended).await;
    clients.shutdown().await;
    Ok(())
}

/// Until the client or the service ends it. A client that dies without a word ends what it asked for.
async fn serve_client(socket: TcpStream, tls: Option<Tls>, wire: Wire) {
    let Ok((socket, seen)) = twice(socket) else { return };
    tokio::select! {
        ended = process_socket(socket, tls.map(|tls| tls.0), wire) => {
            if let Err(cause) = ended {
                tracing::debug!(kind = %cause.kind(), "a client went away");
            }
        }
        () = gone(&seen) => {}
    }
}

/// The socket again, to look after it while the first is read and written.
fn twice(socket: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let socket = socket.into_std()?;
    let again = socket.try_clone()?;
    Ok((TcpStream::from_std(socket)?, TcpStream::from_std(again)?))
}

/// Returns soon after the client has closed its side: what it sent before is read.
async fn gone(socket: &TcpStream) {
    loop {
        let ready = socket.ready(Interest::READABLE).await;
        tokio::time::sleep(LOOK).await;
        if !matches!(ready, Ok(ready) if !ready.is_read_closed() && !ready.is_error()) {
            return;
        }
    }
}

impl PgWireServerHandlers for Wire {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.handlers)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.handlers)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.login)
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::new(self.login.cancellable.clone())
    }

    fn error_handler(&self) -> Arc<impl ErrorHandler> {
        Arc::new(Errors)
    }
}
