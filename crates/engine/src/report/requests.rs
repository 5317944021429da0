//! What requests of data subjects answer: days, acts, counts; never who.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use vermeil_rights::request::{Act, Urgency};
use vermeil_state::{KnownRequest, RequestStep};

use super::second;

/// A request, and what is due when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubjectRequestReport {
    /// Its number.
    pub number: i64,
    /// `access`, `rectification`, `erasure`, `restriction`, `portability` or `objection`.
    pub kind: String,
    /// How far it has come, such as `pending`.
    pub state: String,
    /// The day on which it was received.
    pub received_at: String,
    /// The last day to answer on; none: it has been answered, or the clock stands still.
    pub due_at: Option<String>,
    /// Whether that day is past, or that of a hold.
    pub overdue: bool,
    /// Whether that day is near.
    pub due_soon: bool,
    /// Whether the clock stands still, for it is in doubt who asks.
    pub paused: bool,
    /// The days on which the clock stood still: from, and until where it runs on.
    pub pauses: Vec<(String, Option<String>)>,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: String,
    /// How it was made sure who asks.
    pub identity: Option<IdentityReport>,
    /// Why there are two months more.
    pub extension: Option<ActReport>,
    /// Why nothing is erased yet.
    pub hold: Option<HoldReport>,
    /// Who approved.
    pub approved: Option<ActReport>,
    /// Why it is not followed.
    pub refusal: Option<RefusalReport>,
    /// The day on which the person was told that the restriction would be lifted.
    pub told_at: Option<String>,
    /// The request that this one repeats.
    pub duplicate_of: Option<i64>,
    /// The erasure that carries it out.
    pub erasure: Option<i64>,
    /// What it is about, in counts; none before it is sure who asks.
    pub summary: Option<Value>,
    /// What was begun.
    pub steps: Vec<RequestStepReport>,
    /// Who ended it, and when.
    pub ended: Option<ActReport>,
}

/// Who did something, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActReport {
    /// The account.
    pub by: String,
    /// When: RFC 3339, UTC.
    pub at: String,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// How it was made sure who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentityReport {
    /// How: `session`, `code`, `in-person`, `document`, `knowledge` or `mandate`.
    pub method: String,
    /// Who checked.
    pub by: String,
    /// When.
    pub at: String,
}

/// Why someone is not erased yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldReport {
    /// What must be kept.
    pub reason: String,
    /// The law that says so.
    pub basis: String,
    /// The hold's last day.
    pub until: String,
    /// Who holds.
    pub by: String,
    /// Since when.
    pub at: String,
}

/// Why a request is not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalReport {
    /// What the law allows it for, such as `legal-obligation`.
    pub ground: String,
    /// Why it is so here.
    pub reason: String,
    /// Who refused.
    pub by: String,
    /// When.
    pub at: String,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestStepReport {
    /// `export`, `rectify-<field>`, `restrict`, `object` or `erase`.
    pub step: String,
    /// When it was begun last.
    pub begun_at: String,
    /// When it ended; none: it is under way, failed, or was cut off.
    pub ended_at: Option<String>,
    /// How often it was begun.
    pub attempts: u64,
    /// Its figures.
    pub detail: Value,
}

/// A link with which somebody sees what is theirs; the link itself is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectLinkReport {
    /// The request that says who it is for.
    pub request: i64,
    /// From when on it is worth nothing: RFC 3339, UTC.
    pub expires_at: String,
}

/// A link with which an answer is taken away; the link itself is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DownloadReport {
    /// Its number.
    pub download: i64,
    /// The request that is answered.
    pub request: i64,
    /// From when on it is worth nothing: RFC 3339, UTC.
    pub expires_at: String,
}

impl SubjectRequestReport {
    pub(crate) fn of(known: KnownRequest, today: NaiveDate, soon_days: u32) -> Self {
        let KnownRequest { number, request, erasure, summary, steps } = known;
        let urgency = request.urgency(today, soon_days);
        let clock = request.clock();
        let is_open = request.state().is_open();
        let act = |act: &Act, reason: Option<&String>| ActReport {
            by: act.by.clone(),
            at: second(act.at),
            reason: reason.cloned(),
        };
        Self {
            number,
            kind: request.kind().as_str().to_owned(),
            state: request.state().as_str().to_owned(),
            received_at: clock.received().to_string(),
            due_at: clock.due().filter(|_| is_open).map(|due| due.to_string()),
            overdue: urgency == Urgency::Overdue,
            due_soon: urgency == Urgency::Soon,
            paused: is_open && !clock.is_running(),
            pauses: clock
                .pauses()
                .iter()
                .map(|pause| (pause.from.to_string(), pause.until.map(|until| until.to_string())))
                .collect(),
            opened_by: request.opened().by.clone(),
            opened_at: second(request.opened().at),
            identity: request.identity().map(|check| IdentityReport {
                method: check.method.as_str().to_owned(),
                by: check.act.by.clone(),
                at: second(check.act.at),
            }),
            extension: request.extension().map(|it| act(&it.act, Some(&it.reason))),
            hold: request.hold().map(|hold| HoldReport {
                reason: hold.reason.clone(),
                basis: hold.basis.clone(),
                until: hold.until.to_string(),
                by: hold.act.by.clone(),
                at: second(hold.act.at),
            }),
            approved: request.approved().map(|it| act(it, None)),
            refusal: request.refusal().map(|refusal| RefusalReport {
                ground: refusal.ground.as_str().to_owned(),
                reason: refusal.reason.clone(),
                by: refusal.act.by.clone(),
                at: second(refusal.act.at),
            }),
            told_at: request.told().map(|told| told.to_string()),
            duplicate_of: request.duplicate_of(),
            erasure,
            summary,
            steps: steps.into_iter().map(RequestStepReport::of).collect(),
            ended: request.ended().map(|it| act(it, None)),
        }
    }
}

impl RequestStepReport {
    fn of(step: RequestStep) -> Self {
        Self {
            step: step.step,
            begun_at: second(step.begun_at),
            ended_at: step.ended_at.map(second),
            attempts: step.attempts,
            detail: step.detail,
        }
    }
}
