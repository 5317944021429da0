//! A data subject's request, and the only ways that it can go.
//!
//! ```text
//! identity_unverified ─verify─▶ pending ─approve─▶ approved ─start─▶ in_progress ─▶ completed
//!    ▲      │                    │   ▲   (erasure)                    │       ▲
//!    └pause─┼────────────────────┤   └──review──── restricted ◀───────┘       │
//!           ▼                    │   (hold ended)      └──────lift────────────┘
//!       duplicate                └─▶ refused, cancelled
//! ```
//!
//! What is not erasure starts from `pending`. An erasure that is held, for the invoices must be
//! kept, say, restricts instead, and is looked at again when the hold ends.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use vermeil_model::decision::Reason;

use crate::deadline::Clock;

mod error;
mod kind;

pub use error::RequestError;
pub use kind::{Ground, IdentityMethod, RequestKind, RequestState};

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The account.
    pub by: String,
    /// When.
    #[serde(with = "crate::text")]
    pub at: DateTime<Utc>,
}

/// How it was made sure whose request it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityCheck {
    /// Who checked, and when.
    pub act: Act,
    /// How.
    pub method: IdentityMethod,
}

/// Why there are two months more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Who extended, and when.
    pub act: Act,
    /// Why: the person is told.
    pub reason: String,
}

/// Why someone is not erased yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who holds, and since when.
    pub act: Act,
    /// What must be kept, such as invoices.
    pub reason: String,
    /// The law that says so.
    pub basis: String,
    /// The last day; from the next on it is looked at again.
    #[serde(with = "crate::text")]
    pub until: NaiveDate,
}

/// Why a request is not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who refused, and when.
    pub act: Act,
    /// What the law allows it for.
    pub ground: Ground,
    /// Why it is so here: the person is told.
    pub reason: String,
}

/// A request. Only its methods change it, so that it goes legal ways only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    kind: RequestKind,
    state: RequestState,
    opened: Act,
    clock: Clock,
    identity: Option<IdentityCheck>,
    extension: Option<Extension>,
    hold: Option<Hold>,
    approved: Option<Act>,
    refusal: Option<Refusal>,
    /// When the person was told that a restriction would be lifted.
    #[serde(with = "crate::text::optional")]
    told: Option<NaiveDate>,
    duplicate_of: Option<i64>,
    ended: Option<Act>,
}

/// How urgent a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Ended, or nothing is due of the controller.
    Nothing,
    /// There is time.
    Time,
    /// The last day comes soon, or a hold ends soon.
    Soon,
    /// The last day, or that of a hold, is past.
    Overdue,
}

impl Request {
    /// A request that was received on a day.
    pub fn open(kind: RequestKind, received: NaiveDate, act: Act) -> Self {
        Self {
            kind,
            state: RequestState::IdentityUnverified,
            opened: act,
            clock: Clock::starting(received),
            identity: None,
            extension: None,
            hold: None,
            approved: None,
            refusal: None,
            told: None,
            duplicate_of: None,
            ended: None,
        }
    }

    /// What is asked for.
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// How far it has come.
    pub fn state(&self) -> RequestState {
        self.state
    }

    /// Who opened it.
    pub fn opened(&self) -> &Act {
        &self.opened
    }

    /// The clock that runs against the controller.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How it was made sure whose it is.
    pub fn identity(&self) -> Option<&IdentityCheck> {
        self.identity.as_ref()
    }

    /// Why there are two months more.
    pub fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// Why nothing is erased yet.
    pub fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Who approved.
    pub fn approved(&self) -> Option<&Act> {
        self.approved.as_ref()
    }

    /// Why it is not followed.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// When the person was told that the restriction would be lifted.
    pub fn told(&self) -> Option<NaiveDate> {
        self.told
    }

    /// The request that this one repeats.
    pub fn duplicate_of(&self) -> Option<i64> {
        self.duplicate_of
    }

    /// Who ended it, and when.
    pub fn ended(&self) -> Option<&Act> {
        self.ended.as_ref()
    }

    /// How urgent it is on a day, if what comes within `days` is soon.
    pub fn urgency(&self, today: NaiveDate, days: u32) -> Urgency {
        let last = match self.state {
            RequestState::Restricted => self.hold.as_ref().map(|hold| hold.until),
            state if state.is_open() => self.clock.due(),
            _ => return Urgency::Nothing,
        };
        match last {
            None if self.state == RequestState::Restricted => Urgency::Nothing,
            None => Urgency::Time,
            Some(last) if last < today => Urgency::Overdue,
            Some(last) if (last - today).num_days() <= i64::from(days) => Urgency::Soon,
            Some(_) => Urgency::Time,
        }
    }

    /// It is sure whose request it is; the clock runs on if it stood still.
    ///
    /// # Errors
    /// [`RequestError::Transition`], [`RequestError::Clock`].
    pub fn verify(&mut self, on: NaiveDate, method: IdentityMethod, act: Act) -> Result<(), RequestError> {
        let mut clock = self.clock.clone();
        if !clock.is_running() {
            clock.resume(on)?;
        }
        self.go(&[RequestState::IdentityUnverified], RequestState::Pending)?;
        self.clock = clock;
        self.identity = Some(IdentityCheck { act, method });
        Ok(())
    }

    /// The same person asked for the same before, and that request is open.
    ///
    /// # Errors
    /// [`RequestError::Transition`]: only one whose identity was just verified can be told so. Whoever
    /// proved nothing must not keep another from being heard.
    pub fn repeats(&mut self, other: i64, act: Act) -> Result<(), RequestError> {
        self.go(&[RequestState::Pending], RequestState::Duplicate)?;
        self.duplicate_of = Some(other);
        self.ended = Some(act);
        Ok(())
    }

    /// It is in doubt who asks: the clock stops until they prove it.
    ///
    /// # Errors
    /// [`RequestError::Identified`] once it was decided, [`RequestError::Transition`], [`RequestError::Clock`].
    pub fn pause(&mut self, on: NaiveDate) -> Result<(), RequestError> {
        let undecided = [RequestState::IdentityUnverified, RequestState::Pending];
        if self.state.is_open() && !undecided.contains(&self.state) {
            return Err(RequestError::Identified);
        }
        let mut clock = self.clock.clone();
        clock.pause(on)?;
        self.go(&undecided, RequestState::IdentityUnverified)?;
        self.clock = clock;
        self.identity = None;
        Ok(())
    }

    /// Lets the clock run on: what was asked for came.
    ///
    /// # Errors
    /// [`RequestError::Transition`], [`RequestError::Clock`].
    pub fn resume(&mut self, on: NaiveDate) -> Result<(), RequestError> {
        self.must_be_open()?;
        Ok(self.clock.resume(on)?)
    }

    /// Two months more.
    ///
    /// # Errors
    /// [`RequestError::Transition`], [`RequestError::Clock`].
    pub fn extend(&mut self, on: NaiveDate, reason: &Reason, act: Act) -> Result<(), RequestError> {
        self.must_be_open()?;
        self.clock.extend(on)?;
        self.extension = Some(Extension { act, reason: reason.as_str().to_owned() });
        Ok(())
    }

    /// The person is not erased before the end of a day, but restricted. An approval is void.
    ///
    /// # Errors
    /// [`RequestError::NotHeld`]: only erasure is held; [`RequestError::Transition`];
    /// [`RequestError::Past`]: the hold would have ended.
    pub fn place_hold(&mut self, hold: Hold, today: NaiveDate) -> Result<(), RequestError> {
        if self.kind != RequestKind::Erasure {
            return Err(RequestError::NotHeld);
        }
        if hold.until < today {
            return Err(RequestError::Past);
        }
        let from = [RequestState::Pending, RequestState::Approved, RequestState::Restricted];
        let to = if self.state == RequestState::Restricted { self.state } else { RequestState::Pending };
        self.go(&from, to)?;
        self.hold = Some(hold);
        self.approved = None;
        Ok(())
    }

    /// The hold ended, or its reason is gone: whether to erase is looked at again.
    ///
    /// # Errors
    /// [`RequestError::NotHeld`], [`RequestError::Transition`].
    pub fn release(&mut self) -> Result<(), RequestError> {
        if self.hold.is_none() {
            return Err(RequestError::NotHeld);
        }
        self.go(&[RequestState::Pending, RequestState::Restricted], RequestState::Pending)?;
        self.hold = None;
        Ok(())
    }

    /// Another account than the one that opened it approves that someone is erased.
    ///
    /// # Errors
    /// [`RequestError::NoApproval`]: only erasure takes one; [`RequestError::Held`],
    /// [`RequestError::SameAccount`], [`RequestError::Transition`].
    pub fn approve(&mut self, act: Act) -> Result<(), RequestError> {
        if self.kind != RequestKind::Erasure {
            return Err(RequestError::NoApproval);
        }
        if let Some(hold) = &self.hold {
            return Err(RequestError::Held { until: hold.until });
        }
        if self.opened.by == act.by {
            return Err(RequestError::SameAccount);
        }
        self.go(&[RequestState::Pending], RequestState::Approved)?;
        self.approved = Some(act);
        Ok(())
    }

    /// More would be erased than was approved.
    ///
    /// # Errors
    /// [`RequestError::Transition`].
    pub fn disapprove(&mut self) -> Result<(), RequestError> {
        self.go(&[RequestState::Approved, RequestState::InProgress], RequestState::Pending)?;
        self.approved = None;
        Ok(())
    }

    /// It is being carried out. Saying so again is harmless.
    ///
    /// # Errors
    /// [`RequestError::Transition`]: an erasure starts approved, or held.
    pub fn start(&mut self) -> Result<(), RequestError> {
        let from = match self.kind {
            RequestKind::Erasure if self.hold.is_none() => RequestState::Approved,
            _ => RequestState::Pending,
        };
        self.go(&[from, RequestState::InProgress], RequestState::InProgress)
    }

    /// The person is restricted from now on: as they asked, or instead of being erased.
    ///
    /// # Errors
    /// [`RequestError::NotHeld`], [`RequestError::Transition`].
    pub fn restrict(&mut self) -> Result<(), RequestError> {
        if self.kind != RequestKind::Restriction && self.hold.is_none() {
            return Err(RequestError::NotHeld);
        }
        self.go(&[RequestState::InProgress], RequestState::Restricted)
    }

    /// The restriction that the person had asked for is lifted; they were told so before (GDPR Art. 18(3)).
    ///
    /// # Errors
    /// [`RequestError::NotTold`]: that day is still to come; [`RequestError::Held`]: it stands for an
    /// erasure that is held, which is released instead; [`RequestError::Transition`].
    pub fn lift(&mut self, told: NaiveDate, today: NaiveDate, act: Act) -> Result<(), RequestError> {
        if let Some(hold) = &self.hold {
            return Err(RequestError::Held { until: hold.until });
        }
        if told > today {
            return Err(RequestError::NotTold);
        }
        self.go(&[RequestState::Restricted], RequestState::Completed)?;
        self.told = Some(told);
        self.ended = Some(act);
        Ok(())
    }

    /// Everything is done.
    ///
    /// # Errors
    /// [`RequestError::Transition`].
    pub fn complete(&mut self, act: Act) -> Result<(), RequestError> {
        self.go(&[RequestState::InProgress], RequestState::Completed)?;
        self.ended = Some(act);
        Ok(())
    }

    /// It is not followed.
    ///
    /// # Errors
    /// [`RequestError::Absolute`]: nothing outweighs an objection to direct marketing, nor is any other
    /// ground of objection weighed here; [`RequestError::Transition`].
    pub fn refuse(&mut self, ground: Ground, reason: &Reason, act: Act) -> Result<(), RequestError> {
        if self.kind == RequestKind::Objection && !ground.is_about_the_request() {
            return Err(RequestError::Absolute);
        }
        self.go(&RequestState::UNDECIDED, RequestState::Refused)?;
        self.refusal = Some(Refusal { act: act.clone(), ground, reason: reason.as_str().to_owned() });
        self.ended = Some(act);
        Ok(())
    }

    /// The person called it back.
    ///
    /// # Errors
    /// [`RequestError::Transition`].
    pub fn cancel(&mut self, act: Act) -> Result<(), RequestError> {
        self.go(&RequestState::UNDECIDED, RequestState::Cancelled)?;
        self.ended = Some(act);
        Ok(())
    }

    /// Whom it is about was erased meanwhile: there is nothing left to answer about.
    ///
    /// # Errors
    /// [`RequestError::Transition`]: it has ended.
    pub fn outlived(&mut self, act: Act) -> Result<(), RequestError> {
        let from = [&RequestState::UNDECIDED[..], &[RequestState::InProgress, RequestState::Restricted]];
        self.go(&from.concat(), RequestState::Cancelled)?;
        self.ended = Some(act);
        Ok(())
    }

    fn must_be_open(&self) -> Result<(), RequestError> {
        match self.state.is_open() {
            true => Ok(()),
            false => Err(RequestError::Transition { from: self.state, to: self.state }),
        }
    }

    fn go(&mut self, from: &[RequestState], to: RequestState) -> Result<(), RequestError> {
        if !from.contains(&self.state) {
            return Err(RequestError::Transition { from: self.state, to });
        }
        self.state = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
