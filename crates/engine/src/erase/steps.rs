//! The steps of requests that are carried out together, and their certificates.

use std::time::Instant;

use ahash::AHashMap;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use vermeil_audit::{AuditedBy, Certificate, Erased, Proof, RecipientTold, Rewritten};
use vermeil_model::{Policy, Tag};
use vermeil_protect::KeyLocation;
use vermeil_rights::notice::DeliveryState;
use vermeil_state::{Erasure, ErasureStatus, ErasureStep, Notice};

use super::kit::{KitContents, kit_owner};
use super::names::Names;
use super::prover::Proven;
use super::rewrite::Rewriting;
use super::{Subject, has_proof, intent, summary_of};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::progress::Progress;
use crate::recipients::notice_owner;
use crate::report::{ErasureRunReport, ErasureSummary, second};

/// Backups of the state database are assumed to be kept no longer than this: from then on nothing
/// anywhere opens what was erased. Destroying the generation of keys comes sooner.
const BACKUPS_KEPT: TimeDelta = TimeDelta::days(30);

impl Engine {
    /// The steps of requests that share them. Those that were proven before are left alone.
    pub(super) async fn run_requests(
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
        for (_, kit) in &approved {
            self.refuse_if_held(&kit.records).await?;
        }
        self.refuse_if_grown(&approved).await?;
        if numbers.is_empty() {
            return Ok(());
        }
        self.state.start_erasures(&numbers).await?;
        let tags: Vec<Tag> = kits.iter().flat_map(|kit| kit.suppression.iter().copied().map(Tag)).collect();
        self.state.begin_erasure_step(&numbers, ErasureStep::Suppress).await?;
        self.state.suppress(&tags).await?;
        // After: who opens the database meanwhile must not take it for a restored one.
        self.note_in_ledger(&tags).await?;
        self.end(&numbers, ErasureStep::Suppress, &json!({})).await?;

        let keys: Vec<KeyLocation> = kits.iter().flat_map(KitContents::locations).collect();
        self.state.begin_erasure_step(&numbers, ErasureStep::DestroyKeys).await?;
        self.vault.destroy(&keys).await?;
        self.end(&numbers, ErasureStep::DestroyKeys, &json!({})).await?;
        report.unreadable_after = started.elapsed().as_secs_f64();
        for kit in &kits {
            self.end_requests_about(&kit.records, &numbers).await?;
        }

        let mut names = Names::default();
        kits.iter().enumerate().for_each(|(position, kit)| kit.name(&mut names, position));
        let _lock = self.lock(progress).await?;
        self.state.begin_erasure_step(&numbers, ErasureStep::Rewrite).await?;
        let rewriting = self.rewrite_without(&mut names, progress).await?;
        self.forget_consents(&kits, &mut names).await?;
        self.end(&numbers, ErasureStep::Rewrite, &rewritten_of(&rewriting)).await?;

        self.state.begin_erasure_step(&numbers, ErasureStep::Tell).await?;
        for (position, (number, kit)) in numbers.iter().zip(&kits).enumerate() {
            let forgotten = self.make_erasure_notice(*number, &kit.profiles).await?;
            names.tags.extend(forgotten.into_iter().map(|tag| (tag.0, position)));
        }
        self.state.purge().await?;
        self.end(&numbers, ErasureStep::Tell, &json!({})).await?;

        let proving = Instant::now();
        self.state.begin_erasure_step(&numbers, ErasureStep::Prove).await?;
        let mut proven = self.prove(&kits, &names).await?;
        if proven.is_in_unused_pages() {
            self.state.rebuild().await?;
            proven = self.prove(&kits, &names).await?;
        }
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
        let grant = Policy::erasing();
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

    /// Completes the requests that are proven and wait for no recipient, and the requests of data subjects
    /// that they carry out. Returns their numbers.
    pub(crate) async fn certify_settled(&self, reader: &Reader) -> Result<Vec<i64>, EngineError> {
        let notices = self.state.notices().await?;
        let mut settled = self.state.erasures().await?;
        settled.retain(|request| {
            let mut own = notices.iter().filter(|notice| notice.erasure == Some(request.number));
            let is_open =
                own.any(|notice| notice.deliveries.iter().any(|one| one.state == DeliveryState::Pending));
            request.status == ErasureStatus::Running && has_proof(request) && !is_open
        });
        if !settled.is_empty() {
            self.certify(&settled, &notices, reader).await?;
        }
        let numbers: Vec<i64> = settled.iter().map(|request| request.number).collect();
        self.complete_linked(&numbers, reader).await?;
        Ok(numbers)
    }

    /// Destroys the keys of kits, then signs the certificates, then completes the requests.
    async fn certify(
        &self,
        requests: &[Erasure],
        notices: &[Notice],
        reader: &Reader,
    ) -> Result<(), EngineError> {
        for request in requests {
            self.vault.destroy_owner(&kit_owner(request.number)).await?;
            for notice in notices.iter().filter(|notice| notice.erasure == Some(request.number)) {
                self.vault.destroy_owner(&notice_owner(notice.number)).await?;
            }
        }
        let intents = requests.iter().map(|request| intent(reader, "erase-certify", Some(request.number)));
        let entries = self.audit.begin_all(intents.collect()).await?;
        let checkpoint = self.audit.checkpoint().await?.unwrap_or_default();
        let mut outcome = Ok(());
        for (request, entry) in requests.iter().zip(&entries) {
            let audited = AuditedBy { entry: entry.number(), checkpoint: checkpoint.clone() };
            let certificate = self.certificate_of(request, notices, audited)?;
            let signed = self.audit.certify(certificate).to_text();
            outcome = self.state.complete_erasure(request.number, &signed).await;
            if outcome.is_err() {
                break;
            }
        }
        self.conclude_erasures(entries, outcome.is_ok()).await?;
        Ok(outcome?)
    }

    fn certificate_of(
        &self,
        request: &Erasure,
        notices: &[Notice],
        audit: AuditedBy,
    ) -> Result<Certificate, EngineError> {
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
            recipients: recipients_told(request.number, notices),
            audit,
        })
    }

    async fn end(&self, numbers: &[i64], step: ErasureStep, detail: &Value) -> Result<(), EngineError> {
        let ended: Vec<_> = numbers.iter().map(|number| (*number, detail)).collect();
        Ok(self.state.end_erasure_step(step, &ended).await?)
    }
}

/// Who had the person, and whether they answered.
fn recipients_told(erasure: i64, notices: &[Notice]) -> Vec<RecipientTold> {
    let of_this = notices.iter().filter(|notice| notice.erasure == Some(erasure));
    let told = of_this.flat_map(|notice| &notice.deliveries).map(|delivery| RecipientTold {
        recipient: delivery.recipient.clone(),
        message: delivery.message.clone(),
        answered_at: delivery.receipt.as_ref().map(|receipt| second(receipt.at)),
        receipt: delivery.receipt.as_ref().map(|receipt| receipt.digest.clone()),
    });
    told.collect()
}

fn rewritten_of(rewriting: &Rewriting) -> Value {
    let Rewriting { files_holding, bytes_written, deleted, .. } = *rewriting;
    json!({ "rewritten": Rewritten { files: files_holding, deleted, bytes: bytes_written } })
}
