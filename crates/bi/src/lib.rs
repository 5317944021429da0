//! SQL over the PostgreSQL wire, on the reading session of the engine.
//!
//! ```text
//! server       listens, negotiates TLS, counts connections, ends with its clients
//! gate         who may in: the token as password, slowly and rarely for those who guess
//! connection   one client: its account, settings and cursors
//! command      what a statement asks of the wire: SET, BEGIN, FETCH, COPY, or a query
//! statements   what was prepared, and how it was described
//! handlers     simple and extended protocol
//! run          what comes of each command
//! answer       rows as they come, until a client, a limit or a cancellation ends them
//! catalogue    pg_catalog, over what the reader may see
//! fault        SQLSTATEs
//! ```
//!
//! What must be, whatever a client sends:
//! - every statement is understood and answered in an engine's `ReadingSession` of its own, so that a revoked
//!   token, another policy file or a newer publication shows at the next statement;
//! - the role is the token's, the purpose the client's word (`vermeil.purpose`), and the policy's grant of both
//!   decides; without a purpose nothing personal is opened;
//! - catalogue tables are made from the schemas that the reader sees, and hold no row of a table;
//! - no statement, parameter or value reaches a log or an error: [`fault`] tells kinds.

mod answer;
mod catalogue;
mod command;
mod connection;
mod copy;
mod fault;
mod gate;
mod handlers;
mod login;
mod parameters;
mod run;
mod server;
mod settings;
mod statements;
mod tls;

pub use gate::{Account, Gate};
pub use server::{Limits, serve};
pub use tls::{Tls, TlsError};
