//! The HTTP service: who may in, what it answers, what it does on time.
//!
//! ```text
//! server     an address, TLS, an end without broken answers
//!   frame    request id, figures, no internal text in an error ([`problem`])
//!   limits   size, time, how many at once, how many a second
//!   door     who asks ([`ports::Gate`], [`oidc`]), and whether their kind of role may ([`access`])
//!   routes   one file a resource: from JSON to a port and back
//! scheduler  jobs on time, each once, under a lease
//! ```
//!
//! It knows no engine: what it asks are the traits of [`ports`], which the command line implements.
//! Personal values stand in the bodies of requests and answers and nowhere else: neither addresses nor logs,
//! errors or figures hold one.

mod access;
mod answers;
mod api;
mod archive;
mod body;
pub mod courier;
mod door;
mod frame;
mod limits;
mod metrics;
mod oidc;
mod opendsr;
mod pages;
pub mod ports;
mod problem;
mod routes;
mod scheduler;
mod server;
mod service;

pub use answers::*;
pub use api::document;
pub use opendsr::OpenDsrFiles;
pub use problem::{Language, Problem, ProblemKind};
pub use scheduler::{Job, Schedule, ScheduleError, Scheduled};
pub use server::{ServeError, TlsFiles, Transport, serve};
pub use service::{Limits, Settings};
