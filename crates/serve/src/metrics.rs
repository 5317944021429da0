//! Figures for Prometheus: by endpoint, method, status and job. Never by who, whom or what.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::ports::Waiting;
use crate::scheduler::Job;

/// Upper bounds in seconds: from what a check of consent takes to what is given up.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: String,
    path: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    method: String,
    path: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Done {
    job: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// The figures of one process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    jobs: Family<Done, Counter>,
    last_done: Family<Done, Gauge<f64, AtomicU64>>,
    waiting: Family<Kind, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("vermeil");
        let requests = Family::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let seconds = Family::new_with_constructor(histogram);
        registry.register("http_request_seconds", "Seconds until the answer began", seconds.clone());
        let in_flight = Gauge::default();
        registry.register("http_requests_in_flight", "Requests under way", in_flight.clone());
        let jobs = Family::default();
        registry.register("jobs", "Jobs that this process did", jobs.clone());
        let last_done = Family::default();
        registry.register("job_last_ended_seconds", "When a job ended last, since 1970", last_done.clone());
        let waiting = Family::default();
        registry.register(
            "waiting",
            "Requests and recipients that wait, in the whole service",
            waiting.clone(),
        );
        Self { registry, requests, seconds, in_flight, jobs, last_done, waiting }
    }

    /// Counts a request that comes in.
    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    /// Counts a request that was answered.
    pub(crate) fn end(&self, method: &str, path: &str, status: u16, took: Duration) {
        self.in_flight.dec();
        let (method, path) = (method.to_owned(), path.to_owned());
        let asked = Asked { method: method.clone(), path: path.clone() };
        self.seconds.get_or_create(&asked).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, path, status }).inc();
    }

    /// Counts a job that ended.
    pub(crate) fn job(&self, job: Job, outcome: &'static str) {
        let done = Done { job: job.as_str(), outcome };
        self.jobs.get_or_create(&done).inc();
        self.last_done.get_or_create(&done).set(chrono::Utc::now().timestamp() as f64);
    }

    /// Tells what waits for somebody now.
    pub(crate) fn wait(&self, waiting: Waiting) {
        let Waiting { requests_overdue, requests_due_soon, recipients } = waiting;
        for (kind, number) in [
            ("request_overdue", requests_overdue),
            ("request_due_soon", requests_due_soon),
            ("recipient", recipients),
        ] {
            self.waiting.get_or_create(&Kind { kind }).set(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    /// All of them, in the text format of OpenMetrics.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("text takes all that is written to it");
        text
    }
}
