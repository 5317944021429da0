//! Progress on standard error: bars on a terminal, log lines elsewhere.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use vermeil_engine::{KeysMoved, Progress, Stage};

use crate::args::LogFormat;
use crate::language::Catalog;

/// The progress that suits where standard error goes.
///
/// Log lines appear only where the log level lets them: always with `--log json`,
/// else with `-v`.
pub fn reporter(catalog: &Arc<Catalog>, log: LogFormat, verbose: u8) -> Box<dyn Progress> {
    if log == LogFormat::Text && verbose == 0 && io::stderr().is_terminal() {
        Box::new(Bars { catalog: Arc::clone(catalog), bar: Mutex::new(None) })
    } else {
        Box::new(Lines)
    }
}

/// One line a stage, drawn in place while it works and left standing when it is over.
struct Bars {
    catalog: Arc<Catalog>,
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    fn label(&self, stage: Stage) -> String {
        self.catalog.text(&format!("stage-{}", stage.as_str()))
    }

    fn replace(&self, bar: Option<ProgressBar>) -> Option<ProgressBar> {
        // Holding the lock does nothing that can panic, so it is never poisoned.
        std::mem::replace(&mut *self.bar.lock().expect("no holder panics"), bar)
    }

    fn start(&self, label: String) {
        let style = ProgressStyle::with_template("{spinner} {prefix:<32} {msg}")
            .expect("the template is well-formed");
        let bar = ProgressBar::new_spinner().with_style(style).with_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Some(unfinished) = self.replace(Some(bar)) {
            unfinished.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn stage_started(&self, stage: Stage) {
        self.start(self.label(stage));
    }

    fn rows_done(&self, _stage: Stage, source: Option<&str>, rows: u64) {
        if let Some(bar) = self.bar.lock().expect("no holder panics").as_ref() {
            bar.inc(rows);
            let done = self.catalog.language.integer(bar.position());
            bar.set_message(match source {
                Some(source) => format!("{done} ({source})"),
                None => done,
            });
        }
    }

    fn stage_finished(&self, _stage: Stage, rows: u64, seconds: f64) {
        if let Some(bar) = self.replace(None) {
            let language = self.catalog.language;
            bar.finish_with_message(format!("{} · {}", language.integer(rows), language.seconds(seconds)));
        }
    }

    fn waiting_for_other_run(&self) {
        self.start(self.catalog.text("progress-waiting"));
    }

    fn keys_moved(&self, moved: KeysMoved) {
        let begun = self.bar.lock().expect("no holder panics").is_some();
        if !begun {
            let style = ProgressStyle::with_template("{prefix:<32} {wide_bar} {percent:>3}%  {eta}")
                .expect("the template is well-formed");
            let label = self.catalog.text("progress-rotating");
            self.replace(Some(ProgressBar::new(moved.pages_in_all).with_style(style).with_prefix(label)));
        }
        if let Some(bar) = self.bar.lock().expect("no holder panics").as_ref() {
            bar.set_position(moved.pages);
            if moved.pages == moved.pages_in_all {
                bar.finish();
            }
        }
    }
}

/// One log line when a stage begins and one when it ends.
struct Lines;

impl Progress for Lines {
    fn stage_started(&self, stage: Stage) {
        tracing::info!(stage = stage.as_str(), "stage started");
    }

    fn rows_done(&self, stage: Stage, source: Option<&str>, rows: u64) {
        tracing::debug!(stage = stage.as_str(), source, rows, "rows done");
    }

    fn stage_finished(&self, stage: Stage, rows: u64, seconds: f64) {
        tracing::info!(stage = stage.as_str(), rows, seconds, "stage finished");
    }

    fn waiting_for_other_run(&self) {
        tracing::warn!("another run holds the lake: waiting for it to end");
    }

    fn keys_moved(&self, moved: KeysMoved) {
        let KeysMoved { pages, pages_in_all, keys } = moved;
        tracing::info!(pages, pages_in_all, keys, "key pages moved");
    }
}
