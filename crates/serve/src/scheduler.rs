//! Jobs on time. Every instance wakes at every tick; the state database gives a tick to one of them, under a lease
//! that it renews while it works. Times are UTC, so that no day has 23 or 25 hours.

use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::pipeline;
use vermeil_model::{Diagnose, Diagnostic};

use crate::opendsr::callbacks;
use crate::problem::Problem;
use crate::service::Service;

/// How long whoever does a job has it without a word.
const LEASE: Duration = Duration::from_secs(60);
/// How often it gives word.
const WORD: Duration = Duration::from_secs(15);
/// How long a sleeper may miss that the clock was set.
const NAP: Duration = Duration::from_secs(20);
/// The code of a job that was given up because the process ended.
const STOPPED: &str = "stopped";
/// The code of a failure that has none.
const FAILED: &str = "failed";

/// Something that is done on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// The pipeline.
    Run,
    /// Compaction.
    Optimize,
    /// Approved erasures.
    Erase,
    /// A new generation of keys.
    RotateKeys,
    /// Telling recipients again who have not answered.
    Recipients,
    /// Erasures of those who are kept past their time.
    Retention,
    /// Whether a request is late.
    Deadlines,
    /// Telling controllers how far their requests have come.
    Callbacks,
}

impl Job {
    /// The job as pipelines and histories name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Optimize => "optimize",
            Self::Erase => "erase",
            Self::RotateKeys => "rotate_keys",
            Self::Recipients => "recipients",
            Self::Retention => "retention",
            Self::Deadlines => "deadlines",
            Self::Callbacks => "callbacks",
        }
    }
}

/// When each job is done.
#[derive(Debug, Clone, Default)]
pub struct Schedule(Vec<Scheduled>);

/// When a job is done.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// Which.
    pub job: Job,
    expression: String,
    cron: Cron,
}

/// What stands for a schedule is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`schedule.{job}` is no cron expression: {expression}")]
pub struct ScheduleError {
    /// The job's key.
    pub job: &'static str,
    /// What stands there.
    pub expression: String,
}

impl Diagnose for ScheduleError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new("schedule-not-cron").with("job", self.job).with("expression", &self.expression))
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl Schedule {
    /// Reads the expressions of a pipeline: five fields, or six from the second on, or `@daily` and the like.
    ///
    /// # Errors
    /// The first that is none.
    pub fn parse(schedule: &pipeline::Schedule) -> Result<Self, ScheduleError> {
        let pipeline::Schedule {
            run,
            optimize,
            erase,
            rotate_keys,
            recipients,
            retention,
            deadlines,
            callbacks,
        } = schedule;
        let jobs = [
            (Job::Run, run),
            (Job::Optimize, optimize),
            (Job::Erase, erase),
            (Job::RotateKeys, rotate_keys),
            (Job::Recipients, recipients),
            (Job::Retention, retention),
            (Job::Deadlines, deadlines),
            (Job::Callbacks, callbacks),
        ];
        let scheduled = jobs.into_iter().filter_map(|(job, expression)| {
            let expression = expression.clone()?;
            Some(match expression.parse() {
                Ok(cron) => Ok(Scheduled { job, expression, cron }),
                Err(_) => Err(ScheduleError { job: job.as_str(), expression }),
            })
        });
        scheduled.collect::<Result<_, _>>().map(Self)
    }

    /// The jobs.
    pub fn jobs(&self) -> &[Scheduled] {
        &self.0
    }
}

impl Scheduled {
    /// When it is done, as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The next tick after a moment; none: there is none any more.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&moment, false).ok()
    }
}

/// Does one job at each of its ticks, until `ending` says so.
pub(crate) async fn keep(service: Service, scheduled: Scheduled, mut ending: watch::Receiver<bool>) {
    let mut last = Utc::now();
    while let Some(due_at) = scheduled.next_after(last) {
        tokio::select! {
            () = reached(due_at) => {}
            () = ended(&mut ending) => return,
        }
        match service.ports.jobs.claim(scheduled.job, due_at, LEASE).await {
            Ok(Some(run)) => attempt(&service, scheduled.job, run, &mut ending).await,
            Ok(None) => {}
            Err(problem) => {
                tracing::error!(job = scheduled.job.as_str(), code = code(&problem), "not claimed")
            }
        }
        // Ticks that went by meanwhile are not made up for: the next does what they would have done.
        last = Utc::now().max(due_at);
    }
}

/// Sleeps until a moment of the clock, which may be set meanwhile.
async fn reached(moment: DateTime<Utc>) {
    while let Ok(left) = (moment - Utc::now()).to_std()
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(NAP)).await;
    }
}

/// Waits until the process is to end.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // Whoever would have said so is gone: that is an end too.
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Does a job that was claimed, for as long as the lease is held.
async fn attempt(service: &Service, job: Job, run: i64, ending: &mut watch::Receiver<bool>) {
    let name = job.as_str();
    tracing::info!(job = name, run, "begun");
    let worker = service.clone();
    let mut work = tokio::spawn(async move {
        match job {
            Job::Callbacks => callbacks::tell(&worker).await,
            _ => worker.ports.jobs.perform(job).await,
        }
    });
    let mut words = interval_at(Instant::now() + WORD, WORD);
    let mut held_until = Instant::now() + LEASE;
    let failure = loop {
        tokio::select! {
            ended = &mut work => break match ended {
                Ok(Ok(())) => None,
                Ok(Err(problem)) => Some(code(&problem)),
                Err(_) => Some(FAILED.to_owned()),
            },
            () = ended(ending) => {
                work.abort();
                break Some(STOPPED.to_owned());
            }
            _ = words.tick() => match service.ports.jobs.renew(run, LEASE).await {
                Ok(true) => held_until = Instant::now() + LEASE,
                // The lease may still be ours; once it may be another's, nothing more is done under it.
                Err(_) if Instant::now() + WORD < held_until => {}
                Ok(false) | Err(_) => {
                    work.abort();
                    tracing::error!(job = name, run, "given up: another instance has the job");
                    return;
                }
            },
        }
    };
    service.metrics.job(job, if failure.is_none() { "done" } else { "failed" });
    match &failure {
        None => tracing::info!(job = name, run, "done"),
        Some(code) => tracing::error!(job = name, run, code, "failed"),
    }
    if let Err(problem) = service.ports.jobs.finish(run, failure).await {
        tracing::error!(job = name, run, code = code(&problem), "how it ended is not in the state database");
    }
}

fn code(problem: &Problem) -> String {
    problem.code.as_deref().unwrap_or(problem.kind.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(expression: &str) -> Result<Schedule, ScheduleError> {
        Schedule::parse(&pipeline::Schedule { run: Some(expression.to_owned()), ..Default::default() })
    }

    #[track_caller]
    fn check(expression: &str, after: &str, next: &str) {
        let schedule = parsed(expression).expect("a cron expression");
        let after = DateTime::parse_from_rfc3339(after).expect("a moment").to_utc();
        let found = schedule.jobs()[0].next_after(after).expect("a tick");
        assert_eq!(found, DateTime::parse_from_rfc3339(next).expect("a moment"), "{expression}");
    }

    #[test]
    fn a_tick_is_the_first_after_a_moment() {
        check("0 3 * * *", "2026-03-28T03:00:00Z", "2026-03-29T03:00:00Z");
        check("*/5 * * * *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z");
        // The months without a 31st are left out.
        check("0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z");
        check("*/2 * * * * *", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:02Z");
        check("@daily", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for expression in ["", "every day", "61 * * * *", "* * *"] {
            assert_eq!(parsed(expression).expect_err(expression).job, "run");
        }
        assert!(Schedule::parse(&pipeline::Schedule::default()).expect("nothing").jobs().is_empty());
    }
}
