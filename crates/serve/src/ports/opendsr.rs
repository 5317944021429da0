//! Requests that other controllers hand over.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_model::Plaintext;
use vermeil_rights::request::RequestKind;

use super::Asking;
use crate::problem::Problem;

/// What a controller hands over. It has no `Debug`.
pub struct HandedOver {
    /// Its id of the request.
    pub id: String,
    /// What is asked for.
    pub kind: RequestKind,
    /// Fields that records are found by, with values.
    pub identifiers: Vec<(String, Plaintext<String>)>,
    /// All that it sent, so that the same is known again.
    pub sent: Plaintext<String>,
    /// Whom to tell of changes.
    pub callbacks: Vec<String>,
}

/// How far a request has come that a controller handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDsrStatus {
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The last day to answer on.
    pub expected: Option<String>,
    /// `pending`, `in_progress`, `completed` or `cancelled`.
    pub status: &'static str,
    /// The state here, which says more.
    pub state: String,
}

/// Something that a controller is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Its number.
    pub number: i64,
    /// The account of the controller.
    pub controller: String,
    /// Its id of the request.
    pub id: String,
    /// Where.
    pub url: String,
    /// What.
    pub status: String,
    /// The last day to answer on.
    pub expected: Option<String>,
}

/// Whether a controller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It said that it was.
    Yes,
    /// It could not be reached, or said something else.
    No,
}

/// Requests that other controllers hand over: each sees its own alone.
#[async_trait]
pub trait OpenDsr: Send + Sync {
    /// Takes a request over; the same under the same id is the same request.
    async fn take_over(&self, asking: &Asking, handed: HandedOver) -> Result<OpenDsrStatus, Problem>;

    /// How far one has come; `None`: this account handed none over under that id.
    async fn status(&self, asking: &Asking, id: &str) -> Result<Option<OpenDsrStatus>, Problem>;

    /// Calls one back of which nothing was begun.
    async fn call_back(&self, asking: &Asking, id: &str) -> Result<Option<OpenDsrStatus>, Problem>;

    /// What is to be told now, at most so much.
    async fn take_callbacks(&self, limit: u32) -> Result<Vec<Callback>, Problem>;

    /// Notes that a controller was told, or that it could not be.
    async fn end_callback(&self, number: i64, told: Told) -> Result<(), Problem>;
}
