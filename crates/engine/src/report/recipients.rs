//! What telling recipients answers; never whom it is about.

use serde::Serialize;
use vermeil_rights::notice::Receipt;
use vermeil_state::{Delivery, Notice};

use super::second;

/// Somebody who is declared as a recipient or received something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecipientReport {
    /// Their name.
    pub recipient: String,
    /// `webhook`, `folder` or `manual`.
    pub way: String,
    /// Where people reach them.
    pub contact: Option<String>,
    /// Whether the pipeline says how to tell them.
    pub is_declared: bool,
    /// How many exports they received, cut off ones included.
    pub exports: u64,
    /// Notices that they have not answered yet.
    pub pending: u64,
    /// Notices that they answered.
    pub answered: u64,
    /// Notices that they never answered.
    pub unanswered: u64,
}

/// How telling one recipient stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// The number of the notice.
    pub notice: i64,
    /// Who is told.
    pub recipient: String,
    /// `erase` or `rectify`.
    pub kind: String,
    /// The erasure that it belongs to.
    pub erasure: Option<i64>,
    /// `webhook`, `folder` or `manual`.
    pub way: String,
    /// Where people reach them.
    pub contact: Option<String>,
    /// What the recipient knows the message by.
    pub message: String,
    /// `pending`, `answered`, `unanswered` or `superseded`.
    pub state: String,
    /// When the notice was made.
    pub made_at: String,
    /// Until when an answer is awaited.
    pub due_at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, where it is.
    pub next_at: Option<String>,
    /// Why the last try brought no receipt.
    pub code: Option<String>,
    /// When it was settled.
    pub settled_at: Option<String>,
    /// That the recipient knows.
    pub receipt: Option<ReceiptReport>,
}

/// That a recipient knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptReport {
    /// When it came.
    pub at: String,
    /// The status of HTTP.
    pub status: Option<u16>,
    /// SHA-256 of the answer, in hexadecimal digits.
    pub digest: String,
    /// The answer's length in bytes.
    pub bytes: u64,
    /// Who entered it.
    pub entered_by: Option<String>,
    /// What they entered.
    pub note: Option<String>,
}

/// What trying to tell recipients did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TellReport {
    /// How many were tried.
    pub tried: u64,
    /// Erasures that are complete now.
    pub completed: Vec<i64>,
    /// Who has not answered.
    pub pending: Vec<DeliveryReport>,
}

impl DeliveryReport {
    pub(crate) fn of(notice: &Notice, delivery: &Delivery, way: &str, contact: Option<String>) -> Self {
        let is_tried = delivery.settled_at.is_none() && way != "manual";
        Self {
            notice: notice.number,
            recipient: delivery.recipient.clone(),
            kind: notice.kind.as_str().to_owned(),
            erasure: notice.erasure,
            way: way.to_owned(),
            contact,
            message: delivery.message.clone(),
            state: delivery.state.as_str().to_owned(),
            made_at: second(notice.made_at),
            due_at: second(notice.due_at),
            attempts: delivery.attempts,
            next_at: is_tried.then(|| second(delivery.next_at)),
            code: delivery.code.clone(),
            settled_at: delivery.settled_at.map(second),
            receipt: delivery.receipt.as_ref().map(ReceiptReport::of),
        }
    }
}

impl ReceiptReport {
    fn of(receipt: &Receipt) -> Self {
        Self {
            at: second(receipt.at),
            status: receipt.status,
            digest: receipt.digest.clone(),
            bytes: receipt.bytes,
            entered_by: receipt.entered_by.clone(),
            note: receipt.note.clone(),
        }
    }
}
