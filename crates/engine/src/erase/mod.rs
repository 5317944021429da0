//! Erasing a person: asked for, approved by another, carried out step by step, and proven.
//!
//! ```text
//! open ─▶ approve ─▶ run:  suppress ─▶ destroy keys ─│ lock of runs │─▶ rewrite ─▶ prove ─▶ certificate
//! closure, kit               at once, beside a run      whatever landed meanwhile goes too
//! ```
//!
//! Who it is about stands in the kit alone ([`kit`]), sealed under a key of this request that is
//! destroyed before the certificate is signed. Each step is noted before and after, can be done
//! again, and is, where it was cut off. A request is never complete unless the proof ended: the
//! state database asks for it in the change that completes it.
//!
//! An erasure wins over a run that goes on beside it: the run asks before every batch who is
//! suppressed, publishes nothing that it began to read before, and what it landed all the same is
//! found under the lock by the tag of its source key.

mod kit;
mod names;
mod prover;
mod rewrite;
mod subject;
mod values;

use std::time::Instant;

use ahash::{AHashMap, AHashSet};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use vermeil_audit::{AuditedBy, Certificate, Erased, Intent, Proof, Rewritten, Status};
use vermeil_model::{FieldClass, Grant, Tag};
use vermeil_protect::KeyLocation;
use vermeil_state::{Erasure, ErasureStatus, ErasureStep};

pub use self::subject::Subject;

use self::kit::{KitContents, kit_owner};
use self::names::Names;
use self::prover::Proven;
use self::rewrite::Rewriting;
use crate::audit::{Opened, OpeningEntry};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::progress::Progress;
use crate::report::{ErasureReport, ErasureRunReport, ErasureSummary, FlaggedReport, second};

/// Backups of the state database are assumed to be kept no longer than this: from then on nothing
/// anywhere opens what was erased. Destroying the generation of keys comes sooner.
const BACKUPS_KEPT: TimeDelta = TimeDelta::days(30);

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
    /// As [`Engine::open_erasure`].
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

    /// Opens a request for each of `subjects`, to erase everything of their profiles; for all of them
    /// or for none, and in as many passes over the tables as for one. Nothing is erased yet.
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
        let mut proven = self.due_requests(which).await?;
        proven.retain(has_proof);
        if !proven.is_empty() {
            self.certify(&proven, reader).await?;
        }
        report.erasures = self.reports_of(&numbers).await?;
        Ok(report)
    }

    /// Every request, by number.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn erasures(&self) -> Result<Vec<ErasureReport>, EngineError> {
        Ok(self.state.erasures().await?.into_iter().map(ErasureReport::of).collect())
    }

    /// One request.
    ///
    /// # Errors
    /// [`EngineError::Unknown`], or the state database cannot be read.
    pub async fn erasure(&self, number: i64) -> Result<ErasureReport, EngineError> {
        self.request(number).await.map(ErasureReport::of)
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
        let all = self.state.erasures().await?.into_iter();
        Ok(all.filter(|request| wanted.contains(&request.number)).map(ErasureReport::of).collect())
    }

    /// The steps of requests that share them. Those that were proven before are left alone.
    async fn run_requests(
        &self,
        requests: &[Erasure],
        report: &mut ErasureRunReport,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let started = Instant::now();
        let mut numbers = Vec::new();
        let mut kits = Vec::new();
        for request in requests.iter().filter(|request| !has_proof(request)) {
            let damaged = || EngineError::DamagedValue { table: "erasures".to_owned() };
            kits.push(self.open_kit(request.number).await?.ok_or_else(damaged)?);
            numbers.push(request.number);
        }
        let unproven = requests.iter().filter(|request| !has_proof(request)).zip(&kits);
        let approved = unproven.filter(|(request, _)| request.status == ErasureStatus::Approved);
        let approved: Vec<_> = approved.map(|(request, kit)| (request.number, kit)).collect();
        self.refuse_if_grown(&approved).await?;
        if numbers.is_empty() {
            return Ok(());
        }
        self.state.start_erasures(&numbers).await?;
        let tags: Vec<Tag> = kits.iter().flat_map(|kit| kit.suppression.iter().copied().map(Tag)).collect();
        self.state.begin_erasure_step(&numbers, ErasureStep::Suppress).await?;
        self.state.suppress(&tags).await?;
        self.end(&numbers, ErasureStep::Suppress, &json!({})).await?;

        let keys: Vec<KeyLocation> = kits.iter().flat_map(KitContents::locations).collect();
        self.state.begin_erasure_step(&numbers, ErasureStep::DestroyKeys).await?;
        self.vault.destroy(&keys).await?;
        self.end(&numbers, ErasureStep::DestroyKeys, &json!({})).await?;
        report.unreadable_after = started.elapsed().as_secs_f64();

        let mut names = Names::default();
        kits.iter().enumerate().for_each(|(position, kit)| kit.name(&mut names, position));
        let _lock = self.lock(progress).await?;
        self.state.begin_erasure_step(&numbers, ErasureStep::Rewrite).await?;
        let rewriting = self.rewrite_without(&mut names, progress).await?;
        self.end(&numbers, ErasureStep::Rewrite, &rewritten_of(&rewriting)).await?;

        let proving = Instant::now();
        self.state.begin_erasure_step(&numbers, ErasureStep::Prove).await?;
        let proven = self.prove(&kits, &names).await?;
        self.note_proof(&numbers, &proven).await?;
        report.proof_seconds = proving.elapsed().as_secs_f64();
        report.files_searched = proven.proof.files;
        report.bytes_searched = proven.proof.searched_bytes;
        report.files_holding = rewriting.files_holding;
        report.bytes_holding = rewriting.bytes_holding;
        report.bytes_written = rewriting.bytes_written;
        report.deleted = rewriting.deleted;
        report.seconds = started.elapsed().as_secs_f64();
        Ok(())
    }

    /// What was approved must be all there is.
    async fn refuse_if_grown(&self, approved: &[(i64, &KitContents)]) -> Result<(), EngineError> {
        let mut own: AHashMap<[u8; 16], usize> = AHashMap::new();
        for (position, (_, kit)) in approved.iter().enumerate() {
            own.extend(kit.records.iter().map(|record| (*record, position)));
        }
        let publication = self.publication().await?;
        let (_, records) = self.published_with(publication.as_ref(), &own).await?;
        match records.iter().find(|(record, _)| !own.contains_key(*record)) {
            None => Ok(()),
            Some((_, position)) => self.reopen(approved[*position]).await,
        }
    }

    async fn reopen(&self, (number, kit): (i64, &KitContents)) -> Result<(), EngineError> {
        let subject = Subject::Id(u128::from_be_bytes(kit.records[0]));
        let grant = vermeil_model::Policy::erasing();
        if let Some(closure) = self.closures(&[subject], &grant).await?.pop().flatten() {
            let kit = self.seal_kit(number, &closure.kit).await?;
            self.state.reopen_erasure(number, &kit, &summary_of(&closure.summary)).await?;
        }
        Err(EngineError::ErasureChanged { number })
    }

    /// Ends the step for requests of which nothing is left, and notes what is left of the others.
    async fn note_proof(&self, numbers: &[i64], proven: &Proven) -> Result<(), EngineError> {
        let (mut ended, mut left) = (Vec::new(), Vec::new());
        for ((number, traces), keys) in numbers.iter().zip(&proven.traces).zip(&proven.keys) {
            let proof = Proof { found: traces.len() as u64, keys: *keys, ..proven.proof.clone() };
            let detail = json!({ "proof": proof, "traces": traces });
            if traces.is_empty() { &mut ended } else { &mut left }.push((*number, detail));
        }
        for (number, detail) in &left {
            self.state.note_erasure_step(*number, ErasureStep::Prove, detail).await?;
        }
        let ended: Vec<_> = ended.iter().map(|(number, detail)| (*number, detail)).collect();
        Ok(self.state.end_erasure_step(ErasureStep::Prove, &ended).await?)
    }

    /// Destroys the keys of kits, then signs the certificates, then completes the requests.
    async fn certify(&self, requests: &[Erasure], reader: &Reader) -> Result<(), EngineError> {
        for request in requests {
            self.vault.destroy_owner(&kit_owner(request.number)).await?;
        }
        let intents = requests.iter().map(|request| intent(reader, "erase-certify", Some(request.number)));
        let entries = self.audit.begin_all(intents.collect()).await?;
        let checkpoint = self.audit.checkpoint().await?.unwrap_or_default();
        let mut outcome = Ok(());
        for (request, entry) in requests.iter().zip(&entries) {
            let audited = AuditedBy { entry: entry.number(), checkpoint: checkpoint.clone() };
            let certificate = self.certificate_of(request, audited)?;
            let signed = self.audit.certify(certificate).to_text();
            outcome = self.state.complete_erasure(request.number, &signed).await;
            if outcome.is_err() {
                break;
            }
        }
        self.conclude_erasures(entries, outcome.is_ok()).await?;
        Ok(outcome?)
    }

    fn certificate_of(&self, request: &Erasure, audit: AuditedBy) -> Result<Certificate, EngineError> {
        let damaged = || EngineError::DamagedValue { table: "erasures".to_owned() };
        let step =
            |step: ErasureStep| request.steps.iter().find(|known| known.step == step).ok_or_else(damaged);
        let (rewrite, prove) = (step(ErasureStep::Rewrite)?, step(ErasureStep::Prove)?);
        let rewritten: Rewritten =
            serde_json::from_value(rewrite.detail["rewritten"].clone()).map_err(|_| damaged())?;
        let proof: Proof = serde_json::from_value(prove.detail["proof"].clone()).map_err(|_| damaged())?;
        let summary: ErasureSummary =
            serde_json::from_value(request.summary.clone()).map_err(|_| damaged())?;
        Ok(Certificate {
            pipeline: self.config.pipeline.name.clone(),
            keyring: self.keyring.id().to_string(),
            request: request.number,
            opened_at: second(request.opened_at),
            approved_at: request.approved.as_ref().map(|(_, at)| second(*at)).unwrap_or_default(),
            proven_at: second(prove.ended_at.ok_or_else(damaged)?),
            final_after: second(Utc::now() + BACKUPS_KEPT),
            erased: Erased {
                records: summary.records,
                events: summary.events,
                profiles: summary.profiles,
                quarantined: summary.quarantined,
                keys: proof.keys,
            },
            rewritten,
            proof,
            audit,
        })
    }

    async fn end(&self, numbers: &[i64], step: ErasureStep, detail: &Value) -> Result<(), EngineError> {
        let ended: Vec<_> = numbers.iter().map(|number| (*number, detail)).collect();
        Ok(self.state.end_erasure_step(step, &ended).await?)
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
fn intent(reader: &Reader, action: &str, number: Option<i64>) -> Intent {
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

fn rewritten_of(rewriting: &Rewriting) -> Value {
    let Rewriting { files_holding, bytes_written, deleted, .. } = *rewriting;
    json!({ "rewritten": Rewritten { files: files_holding, deleted, bytes: bytes_written } })
}
