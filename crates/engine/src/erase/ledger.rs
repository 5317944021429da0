//! Doing again, in a restored backup, the erasures that came after it.
//!
//! Which ones these are the ledger beside the audit log tells: keyed tags that bar someone from coming back, of
//! which the restored state database lacks some. Whoever has a record whose source key is barred is erased
//! before anything else is done, in a request of its own: first the keys, then everything as ever, up to the proof.
//! The tags are taken over last, so that a replay that is cut off is begun again.

use ahash::AHashSet;
use vermeil_model::{Policy, RecordId, Tag};

use super::subject::key_of;
use super::{WhichErasures, summary_of};
use crate::audit::ENGINE;
use crate::engine::{Access, Engine, Reader};
use crate::error::EngineError;
use crate::progress::Silent;
use crate::records::OpenedRecord;

/// Who opens and who approves the request of a replay: it was approved when it was made.
const OPENED_BY: &str = "vermeil/restored";
const APPROVED_BY: &str = "vermeil/ledger";

impl Engine {
    /// Notes in the ledger what bars someone from coming back, unless it stands there.
    pub(super) async fn note_in_ledger(&self, tags: &[Tag]) -> Result<(), EngineError> {
        let mut known = AHashSet::new();
        for entry in self.audit.ledger().await? {
            known.extend(entry.tags().into_iter().flatten());
        }
        let new: Vec<Tag> = tags.iter().filter(|tag| !known.contains(*tag)).copied().collect();
        if new.is_empty() { Ok(()) } else { self.audit.note_erased(new).await }
    }

    /// Carries out what the ledger knows and the state database does not. A preview only tells that it must be.
    pub(crate) async fn replay_erasures(&self, access: Access) -> Result<(), EngineError> {
        let unknown = self.unknown_erasures().await?;
        if unknown.is_empty() {
            return Ok(());
        }
        if access == Access::Preview {
            return Err(EngineError::RestoredBackup);
        }
        tracing::warn!("the state database is older than the ledger of erasures: they are carried out again");
        let records = self.records_barred_by(&unknown).await?;
        if !records.is_empty() {
            self.erase_again(&records).await?;
        }
        Ok(self.state.suppress(&Vec::from_iter(unknown)).await?)
    }

    /// Tags of the ledger that the state database lacks.
    pub(super) async fn unknown_erasures(&self) -> Result<AHashSet<Tag>, EngineError> {
        let mut unknown = AHashSet::new();
        for entry in self.audit.ledger().await? {
            let tags = entry.tags().unwrap_or_default();
            let known = self.state.suppressed(&tags).await?;
            let lacking: Vec<Tag> =
                tags.iter().zip(&known).filter(|(_, known)| !**known).map(|(tag, _)| *tag).collect();
            if !lacking.is_empty() || tags.is_empty() {
                self.audit.check_signed(&entry)?;
                unknown.extend(lacking);
            }
        }
        Ok(unknown)
    }

    /// The records whose source key one of `tags` bars.
    pub(super) async fn records_barred_by(&self, tags: &AHashSet<Tag>) -> Result<Vec<RecordId>, EngineError> {
        let mut records = Vec::new();
        for source in self.config.record_sources() {
            let mut visit = |record: OpenedRecord<'_>| {
                if tags.contains(&self.suppression_tag_of_record(&source.id, key_of(record.fields))) {
                    records.push(record.record);
                }
            };
            self.open_records(source, ENGINE, &Policy::erasing(), &mut visit).await?;
        }
        Ok(records)
    }

    async fn erase_again(&self, records: &[RecordId]) -> Result<(), EngineError> {
        let Some(closure) = self.closure_of_records(records).await? else { return Ok(()) };
        let number = self.state.begin_erasure().await?;
        let kit = self.seal_kit(number, &closure.kit).await?;
        self.state.open_erasure(number, OPENED_BY, &kit, &summary_of(&closure.summary)).await?;
        self.state.approve_erasure(number, APPROVED_BY).await?;
        self.state.start_erasures(&[number]).await?;
        self.vault.destroy(&closure.kit.locations()).await?;
        let grant = Policy::erasing();
        let reader = Reader {
            actor: ENGINE.to_owned(),
            role: grant.role().clone(),
            purpose: Some(grant.purpose().clone()),
        };
        self.carry_out_erasures(&WhichErasures::Numbered(vec![number]), &reader, &Silent).await?;
        Ok(())
    }
}
