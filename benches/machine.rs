//! The machine that figures come from: without it they mean nothing.

use std::fmt;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

/// What a reader must know to compare figures with those of another machine.
#[derive(Serialize)]
pub struct Machine {
    /// Threads that can run at once.
    cores: usize,
    /// As the processor calls itself.
    processor: Option<String>,
    /// Main memory.
    memory_gib: Option<f64>,
    /// Processes that wanted to run during the last 1, 5 and 15 minutes. Well above zero, others were at work
    /// and the figures are too low.
    load_before: Option<String>,
    /// How this was compiled.
    profile: &'static str,
}

impl Machine {
    /// This machine, now. What the system does not tell is left out.
    pub fn here() -> Self {
        Self {
            cores: cores(),
            processor: entry("/proc/cpuinfo", "model name"),
            memory_gib: entry("/proc/meminfo", "MemTotal")
                .and_then(|text| text.strip_suffix(" kB")?.trim().parse::<f64>().ok())
                .map(|kib| kib / f64::from(1 << 20)),
            load_before: fs::read_to_string("/proc/loadavg")
                .ok()
                .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")),
            profile: if cfg!(debug_assertions) {
                "debug build: the figures mean nothing"
            } else {
                "release build"
            },
        }
    }
}

/// How many threads a run uses.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How long this thread has been running on a core: what else runs does not count. Linux alone tells.
///
/// # Errors
/// The system does not tell.
pub fn processor_time() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("no time of this thread")?;
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map(Duration::from_nanos).context("no time of this thread")
}

/// The value of `name: value` or `name : value` in a file of such lines.
pub fn entry(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let values = text.lines().filter_map(|line| line.split_once(':'));
    let value = values.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).next();
    value.map(str::to_owned)
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        write!(f, "{} cores ({}), ", self.cores, known(&self.processor))?;
        match self.memory_gib {
            Some(gib) => write!(f, "{gib:.1} GiB of memory, ")?,
            None => write!(f, "unknown memory, ")?,
        }
        write!(f, "load before {}, {}", known(&self.load_before), self.profile)
    }
}
