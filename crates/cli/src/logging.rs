//! Logs on standard error.

use std::io;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::args::LogFormat;

/// Starts logging for the rest of this process.
///
/// Only our own crates are heard, at any level: database drivers and query
/// engines log statement texts, and a statement may hold a personal value.
pub fn start(log: LogFormat, verbose: u8) {
    let level = match (log, verbose) {
        (LogFormat::Text, 0) => Level::WARN,
        (LogFormat::Text, 1) | (LogFormat::Json, 0) => Level::INFO,
        (LogFormat::Text, 2) | (LogFormat::Json, 1) => Level::DEBUG,
        _ => Level::TRACE,
    };
    let layer = match log {
        LogFormat::Text => fmt::layer().with_writer(io::stderr).with_target(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
    };
    let ours = Targets::new().with_target("vermeil", level);
    tracing_subscriber::registry().with(layer.with_filter(ours)).init();
}
