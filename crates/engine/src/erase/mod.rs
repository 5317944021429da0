//! Erasing a person: asked for, approved by another, carried out step by step, and proven.
//!
//! ```text
//! open ─▶ approve ─▶ run:  suppress ─▶ destroy keys ─│ lock of runs │─▶ rewrite ─▶ tell ─▶ prove ─▶ certificate
//! closure, kit               at once, beside a run      whatever landed meanwhile goes too
//! ```
//!
//! Who it is about stands in the kit alone ([`kit`]), sealed under a key of this request that is
//! destroyed before the certificate is signed. Each step is noted before and after, can be done
//! again, and is, where it was cut off. A request is never complete unless the proof ended and every
//! recipient answered or let its last day go by: the state database asks for it in the change that
//! completes it. Recipients are told behind the lock ([`crate::recipients`]), so that one that hangs holds
//! nobody up.
//!
//! What bars someone from coming back is noted in a ledger outside of the state database first: a backup of
//! before that is restored knows nothing of the erasure, and what the ledger knows is done again ([`ledger`]), which
//! [`restore_drill`] tries out.
//!
//! An erasure wins over a run that goes on beside it: the run asks before every batch who is
//! suppressed, publishes nothing that it began to read before, and what it landed all the same is
//! found under the lock by the tag of its source key.

mod consents;
mod drill;
mod kit;
mod ledger;
mod look_back;
mod marks;
mod names;
mod prover;
mod rewrite;
mod steps;
mod subject;
mod values;

use ahash::AHashSet;
use serde_json::Value;
use vermeil_audit::{Intent, Status};
use vermeil_model::{FieldClass, Grant};
use vermeil_state::{Erasure, ErasureStatus, ErasureStep};

pub use self::drill::{RestoredBackup, restore_drill};
pub(crate) use self::kit::KitContents;
pub use self::subject::Subject;
pub(crate) use self::subject::{Opener, Owners};

use self::kit::kit_owner;
use crate::audit::{Opened, OpeningEntry};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::progress::Progress;
use crate::recipients::WhichDeliveries;
use crate::report::{ErasureReport, ErasureRunReport, ErasureSummary, FlaggedReport, second};

/// Which requests to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichErasures {
    /// Every one that is approved or was begun.
    AllApproved,
    /// Those of these numbers.
    Numbered(Vec<i64>),
}

impl Engine {
    /// What erasing `subject` would take, without writing anything but the audit log.
    ///
    /// # Errors
    /// As [`Engine::open_erasures`].
    pub async fn plan_erasure(
        &self,
        subject: &Subject,
        reader: &Reader,
    ) -> Result<ErasureSummary, EngineError> {
        let grant = self.erasing(reader)?;
        let entry = self.announce_erasure(reader, "erase-plan", None).await?;
        let closures = self.closures(std::slice::from_ref(subject), &grant).await;
        self.conclude_erasure(entry, closures.is_ok()).await?;
        Ok(closures?.pop().flatten().ok_or(EngineError::NobodyFound)?.summary)
    }

    /// Opens a request for each of `subjects`, to erase everything of their profiles, in as many passes
    /// over the tables as for one; none where one of them is not found. Nothing is erased yet.
    ///
    /// # Errors
    /// - [`EngineError::EraseDenied`]: it takes leave to open every class;
    /// - [`EngineError::NobodyFound`]: one was never known, is erased already, or is named twice;
    /// - [`EngineError::SeveralPeople`]: more than one has that value;
    /// - the lake, the keys, the state database or the audit log fail.
    pub async fn open_erasures(
        &self,
        subjects: &[Subject],
        reader: &Reader,
    ) -> Result<Vec<ErasureReport>, EngineError> {
        let grant = self.erasing(reader)?;
        let mut numbers = Vec::with_capacity(subjects.len());
        for _ in subjects {
            numbers.push(self.state.begin_erasure().await?);
        }
        let intents = numbers.iter().map(|number| intent(reader, "erase-open", Some(*number)));
        let entries = self.audit.begin_all(intents.collect()).await?;
        let opened = self.open_requests(&numbers, subjects, (reader, &grant)).await;
        self.conclude_erasures(entries, opened.is_ok()).await?;
        opened?;
        self.reports_of(&numbers).await
    }

    /// Opens a request under a number that was taken for it, in the name of whoever asked for it.
    pub(crate) async fn open_erasure_under(
        &self,
        number: i64,
        subject: &Subject,
        (reader, opener): (&Reader, &Reader),
    ) -> Result<(), EngineError> {
        let grant = self.erasing(reader)?;
        let entry = self.announce_erasure(reader, "erase-open", Some(number)).await?;
        let opened = self.open_requests(&[number], std::slice::from_ref(subject), (opener, &grant)).await;
        self.conclude_erasure(entry, opened.is_ok()).await?;
        opened
    }

    /// Approves a request that another account opened.
    ///
    /// # Errors
    /// [`EngineError::EraseDenied`], [`EngineError::SameAccount`], [`EngineError::ErasureNotDue`],
    /// [`EngineError::Unknown`]; or the state database or the audit log fail.
    pub async fn approve_erasure(&self, number: i64, reader: &Reader) -> Result<ErasureReport, EngineError> {
        self.erasing(reader)?;
        let request = self.request(number).await?;
        if request.opened_by == reader.actor {
            return Err(EngineError::SameAccount { number });
        }
        due(&request, &[ErasureStatus::Open])?;
        let entry = self.announce_erasure(reader, "erase-approve", Some(number)).await?;
        let approved = self.state.approve_erasure(number, &reader.actor).await;
        self.conclude_erasure(entry, approved.is_ok()).await?;
        approved?;
        self.erasure(number).await
    }

    /// Calls a request back that has not begun, and forgets who it was about.
    ///
    /// # Errors
    /// As [`Engine::approve_erasure`], but for the account.
    pub async fn cancel_erasure(&self, number: i64, reader: &Reader) -> Result<ErasureReport, EngineError> {
        self.erasing(reader)?;
        due(&self.request(number).await?, &[ErasureStatus::Open, ErasureStatus::Approved])?;
        let entry = self.announce_erasure(reader, "erase-cancel", Some(number)).await?;
        let cancelled = self.state.cancel_erasure(number).await;
        self.conclude_erasure(entry, cancelled.is_ok()).await?;
        cancelled?;
        self.vault.destroy_owner(&kit_owner(number)).await?;
        self.erasure(number).await
    }

    /// Carries out approved requests together, and goes on with those that were cut off. Requests of
    /// which something is left stay `running`; what it is, their reports say.
    ///
    /// # Errors
    /// - [`EngineError::EraseDenied`], [`EngineError::Unknown`];
    /// - [`EngineError::ErasureNotDue`]: one is not approved, or has ended;
    /// - [`EngineError::ErasureChanged`]: the person has records now that were not approved;
    /// - the lake, the keys, the state database or the audit log fail. Asking again goes on.
    pub async fn run_erasures(
        &self,
        which: &WhichErasures,
        reader: &Reader,
        progress: &dyn Progress,
    ) -> Result<ErasureRunReport, EngineError> {
        self.erasing(reader)?;
        self.carry_out_erasures(which, reader, progress).await
    }

    pub(super) async fn carry_out_erasures(
        &self,
        which: &WhichErasures,
        reader: &Reader,
        progress: &dyn Progress,
    ) -> Result<ErasureRunReport, EngineError> {
        let requests = self.due_requests(which).await?;
        let mut report = ErasureRunReport::default();
        if requests.is_empty() {
            return Ok(report);
        }
        let intents = requests.iter().map(|request| intent(reader, "erase-run", Some(request.number)));
        let entries = self.audit.begin_all(intents.collect()).await?;
        let ran = self.run_requests(&requests, &mut report, progress).await;
        self.conclude_erasures(entries, ran.is_ok()).await?;
        ran?;
        let numbers: Vec<i64> = requests.iter().map(|request| request.number).collect();
        for request in &requests {
            self.deliver(WhichDeliveries::Due, Some(request.number)).await?;
        }
        self.certify_settled(reader).await?;
        report.erasures = self.reports_of(&numbers).await?;
        Ok(report)
    }

    /// Every request, by number.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn erasures(&self) -> Result<Vec<ErasureReport>, EngineError> {
        let notices = self.state.notices().await?;
        let all = self.state.erasures().await?.into_iter();
        Ok(all.map(|erasure| ErasureReport::of(erasure, &notices)).collect())
    }

    /// One request.
    ///
    /// # Errors
    /// [`EngineError::Unknown`], or the state database cannot be read.
    pub async fn erasure(&self, number: i64) -> Result<ErasureReport, EngineError> {
        let notices = self.state.notices().await?;
        self.request(number).await.map(|erasure| ErasureReport::of(erasure, &notices))
    }

    /// The signed certificate of a complete request, as JSON.
    ///
    /// # Errors
    /// [`EngineError::ErasureNotDue`], [`EngineError::Unknown`], or the state database cannot be read.
    pub async fn erasure_certificate(&self, number: i64) -> Result<String, EngineError> {
        let request = self.request(number).await?;
        due(&request, &[ErasureStatus::Complete])?;
        Ok(request.certificate.unwrap_or_default())
    }

    /// The records that landed although someone erased has one of their contact points.
    ///
    /// # Errors
    /// [`EngineError::EraseDenied`], or the state database cannot be read.
    pub async fn flagged_records(&self, reader: &Reader) -> Result<Vec<FlaggedReport>, EngineError> {
        self.erasing(reader)?;
        let flagged = self.state.flagged_records().await?.into_iter().map(|flagged| FlaggedReport {
            record_id: flagged.record.to_string(),
            source: flagged.source.to_string(),
            flagged_at: second(flagged.flagged_at),
        });
        Ok(flagged.collect())
    }

    async fn open_requests(
        &self,
        numbers: &[i64],
        subjects: &[Subject],
        (reader, grant): (&Reader, &Grant),
    ) -> Result<(), EngineError> {
        let closures = self.closures(subjects, grant).await?;
        let closures: Vec<_> = closures.into_iter().collect::<Option<_>>().ok_or(EngineError::NobodyFound)?;
        for (number, closure) in numbers.iter().zip::<Vec<self::subject::Closure>>(closures) {
            let kit = self.seal_kit(*number, &closure.kit).await?;
            self.state.open_erasure(*number, &reader.actor, &kit, &summary_of(&closure.summary)).await?;
        }
        Ok(())
    }

    async fn reports_of(&self, numbers: &[i64]) -> Result<Vec<ErasureReport>, EngineError> {
        let wanted: AHashSet<i64> = numbers.iter().copied().collect();
        let mut reports = self.erasures().await?;
        reports.retain(|report| wanted.contains(&report.number));
        Ok(reports)
    }

    async fn due_requests(&self, which: &WhichErasures) -> Result<Vec<Erasure>, EngineError> {
        let is_due = [ErasureStatus::Approved, ErasureStatus::Running];
        match which {
            WhichErasures::AllApproved => {
                let all = self.state.erasures().await?.into_iter();
                Ok(all.filter(|request| is_due.contains(&request.status)).collect())
            }
            WhichErasures::Numbered(numbers) => {
                let mut requests: Vec<Erasure> = Vec::new();
                for number in numbers {
                    let request = self.request(*number).await?;
                    due(&request, &is_due)?;
                    if requests.iter().all(|known| known.number != *number) {
                        requests.push(request);
                    }
                }
                Ok(requests)
            }
        }
    }

    async fn request(&self, number: i64) -> Result<Erasure, EngineError> {
        let found = self.state.erasure(number).await?;
        found.ok_or_else(|| EngineError::Unknown { what: "erasure", id: number.to_string() })
    }

    /// Leave to erase: whoever may open every class.
    fn erasing(&self, reader: &Reader) -> Result<Grant, EngineError> {
        let grant = self.grant(reader)?;
        if FieldClass::PERSONAL.iter().all(|class| grant.covers(*class)) {
            return Ok(grant);
        }
        let (role, purpose) = (grant.role().to_string(), grant.purpose().to_string());
        Err(EngineError::EraseDenied { role, purpose })
    }

    async fn announce_erasure(
        &self,
        reader: &Reader,
        action: &str,
        number: Option<i64>,
    ) -> Result<OpeningEntry, EngineError> {
        self.audit.begin(intent(reader, action, number)).await
    }

    async fn conclude_erasures(&self, entries: Vec<OpeningEntry>, done: bool) -> Result<(), EngineError> {
        let status = if done { Status::Done } else { Status::Failed };
        let ended = entries.into_iter().map(|entry| (entry, Opened::default()));
        self.audit.end(ended.collect(), status).await
    }

    async fn conclude_erasure(&self, entry: OpeningEntry, done: bool) -> Result<(), EngineError> {
        let status = if done { Status::Done } else { Status::Failed };
        self.audit.conclude(entry, 0, status).await
    }
}

/// What the audit log tells of a step: who, what, and the number of the request.
pub(crate) fn intent(reader: &Reader, action: &str, number: Option<i64>) -> Intent {
    Intent {
        actor: reader.actor.clone(),
        role: reader.role.clone(),
        purpose: reader
            .purpose
            .clone()
            .unwrap_or(vermeil_model::policy::Purpose(vermeil_model::policy::NO_PURPOSE.to_owned())),
        action: action.to_owned(),
        table: number.map_or_else(|| "erasures".to_owned(), |number| format!("erasures/{number}")),
        classes: FieldClass::PERSONAL.to_vec(),
    }
}

fn due(request: &Erasure, statuses: &[ErasureStatus]) -> Result<(), EngineError> {
    if statuses.contains(&request.status) {
        return Ok(());
    }
    let (number, status) = (request.number, request.status.as_str().to_owned());
    Err(EngineError::ErasureNotDue { number, status })
}

fn has_proof(request: &Erasure) -> bool {
    let ended = request.steps.iter().filter(|step| step.ended_at.is_some());
    ended.count() == ErasureStep::ALL.len()
}

fn summary_of(summary: &ErasureSummary) -> Value {
    serde_json::to_value(summary).expect("counts always serialise")
}
