//! Writing openings of personal fields to the audit log, and reading them.

use std::collections::HashSet;
use std::sync::Arc;

use vermeil_audit::{
    AuditLog, Certificate, ExpiredSegments, Intent, LedgerEntry, LogKey, Manifest, Month, Opening,
    OpeningFilter, Outcome, SignedCertificate, SignedManifest, Status, VerifierKey,
};
use vermeil_model::{Grant, Tag};
use vermeil_protect::{Keyring, audit_signing_seed};

use crate::engine::{Engine, EngineConfig, Reader};
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::OpeningStatus;

/// Who the log names when the engine itself opens records.
pub(crate) const ENGINE: &str = "vermeil";

/// The audit log, for asynchronous callers: it waits for the disk on threads of its own.
#[derive(Clone)]
pub(crate) struct AuditTrail(Arc<AuditLog>);

/// An opening that was announced; its outcome is due.
#[derive(Clone, Copy)]
#[must_use]
pub(crate) struct OpeningEntry(u64);

impl OpeningEntry {
    /// The number of its entry in the log.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// What an opening opened.
#[derive(Default)]
pub(crate) struct Opened {
    /// Rows.
    pub(crate) rows: u64,
    /// The pages that their keys lie in.
    pub(crate) pages: HashSet<i64>,
    /// Whose they are, where that is one person or a few.
    pub(crate) subjects: Vec<Tag>,
}

impl AuditTrail {
    /// The log of a pipeline, signed with the keyring's key.
    pub(crate) fn of(folder: &std::path::Path, keyring: &Keyring, config: &EngineConfig) -> Self {
        let name = log_name(&keyring.id().to_string(), &config.pipeline.name);
        let key = LogKey::new(&name, &audit_signing_seed(keyring)).expect("a name without spaces");
        Self(Arc::new(AuditLog::new(folder, key)))
    }

    /// Announces an opening. Where this fails, nothing may be opened.
    pub(crate) async fn begin(&self, intent: Intent) -> Result<OpeningEntry, EngineError> {
        Ok(self.begin_all(vec![intent]).await?[0])
    }

    /// Announces several in one append.
    pub(crate) async fn begin_all(&self, intents: Vec<Intent>) -> Result<Vec<OpeningEntry>, EngineError> {
        let log = Arc::clone(&self.0);
        let numbers = blocking(move || Ok(log.begin(&intents)?)).await?;
        Ok(numbers.into_iter().map(OpeningEntry).collect())
    }

    /// Writes how openings ended, in one append.
    pub(crate) async fn end(
        &self,
        ended: Vec<(OpeningEntry, Opened)>,
        status: Status,
    ) -> Result<(), EngineError> {
        if ended.is_empty() {
            return Ok(());
        }
        let outcomes = ended
            .into_iter()
            .map(|(entry, opened)| Outcome {
                intent: entry.0,
                status,
                rows: opened.rows,
                key_pages: opened.pages.len() as u64,
                pages: opened.pages.into_iter().collect(),
                subjects: opened.subjects,
            })
            .collect();
        self.append(outcomes).await
    }

    /// Writes how something ended that opened no record, such as moving `key_pages` pages of keys.
    pub(crate) async fn conclude(
        &self,
        entry: OpeningEntry,
        key_pages: u64,
        status: Status,
    ) -> Result<(), EngineError> {
        let (pages, subjects) = (std::iter::empty().collect(), Vec::new());
        self.append(vec![Outcome { intent: entry.0, status, rows: 0, key_pages, pages, subjects }]).await
    }

    async fn append(&self, outcomes: Vec<Outcome>) -> Result<(), EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(log.end(&outcomes)?)).await
    }

    /// The last checkpoint of the log, as it is signed.
    pub(crate) async fn checkpoint(&self) -> Result<Option<String>, EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(log.checkpoint()?)).await
    }

    /// Signs a certificate with the key of the log.
    pub(crate) fn certify(&self, certificate: Certificate) -> SignedCertificate {
        self.0.certify(certificate)
    }

    /// Signs the manifest of a package with the key of the log.
    pub(crate) fn seal(&self, manifest: Manifest) -> SignedManifest {
        self.0.seal(manifest)
    }

    /// Notes in the ledger of erasures what bars someone from coming back.
    pub(crate) async fn note_erased(&self, tags: Vec<Tag>) -> Result<(), EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(log.note_erased(&tags)?)).await
    }

    /// The ledger of erasures, and of each line whether it may be acted upon.
    pub(crate) async fn ledger(&self) -> Result<Vec<LedgerEntry>, EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(log.ledger()?)).await
    }

    /// Fails where a line of the ledger is not as it was written.
    pub(crate) fn check_signed(&self, entry: &LedgerEntry) -> Result<(), EngineError> {
        Ok(self.0.has_signed(entry)?)
    }

    /// The openings that a filter lets through, the oldest first.
    pub(crate) async fn openings(&self, filter: OpeningFilter) -> Result<Vec<Opening>, EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(vermeil_audit::openings(log.folder(), &filter)?)).await
    }

    /// The last openings, the newest first.
    pub(crate) async fn latest(&self, limit: usize) -> Result<Vec<Opening>, EngineError> {
        let log = Arc::clone(&self.0);
        blocking(move || Ok(vermeil_audit::latest_openings(log.folder(), limit)?)).await
    }
}

impl Engine {
    /// The key that verifies the audit log.
    pub fn audit_key(&self) -> &VerifierKey {
        self.audit.0.verifier()
    }

    /// The openings that `reader` asks for, the oldest first.
    ///
    /// # Errors
    /// [`EngineError::Denied`] or [`EngineError::AuditDenied`] unless the policy lets the reader;
    /// or the log cannot be read.
    pub async fn audit_openings(
        &self,
        reader: &Reader,
        filter: OpeningFilter,
    ) -> Result<Vec<OpeningStatus>, EngineError> {
        if !self.grant(reader)?.audits() {
            return Err(EngineError::AuditDenied { role: reader.role.to_string() });
        }
        Ok(self.audit.openings(filter).await?.into_iter().map(OpeningStatus::of).collect())
    }

    /// Deletes the segments of the audit log of months before `month`, but never the newest.
    ///
    /// # Errors
    /// The log cannot be written, or was changed behind this program's back.
    pub async fn audit_expire(&self, month: Month) -> Result<ExpiredSegments, EngineError> {
        let log = Arc::clone(&self.audit.0);
        blocking(move || Ok(log.expire(month)?)).await
    }

    /// Announces an opening. Where this fails, nothing may be opened.
    pub(crate) async fn begin_opening(
        &self,
        actor: &str,
        grant: &Grant,
        table: &str,
    ) -> Result<OpeningEntry, EngineError> {
        let intent = Intent {
            actor: actor.to_owned(),
            role: grant.role().clone(),
            purpose: grant.purpose().clone(),
            action: "open".to_owned(),
            table: table.to_owned(),
            classes: grant.classes().iter().copied().collect(),
        };
        self.audit.begin(intent).await
    }

    /// Writes how an opening ended.
    pub(crate) async fn end_opening(
        &self,
        entry: OpeningEntry,
        opened: Opened,
        status: Status,
    ) -> Result<(), EngineError> {
        self.audit.end(vec![(entry, opened)], status).await
    }
}

/// How a fallible opening ended.
pub(crate) fn status_of<T>(outcome: &Result<T, EngineError>) -> Status {
    match outcome {
        Ok(_) => Status::Done,
        Err(_) => Status::Failed,
    }
}

/// The name of a pipeline's log: unique to its keyring and tenant, and one that checkpoints can carry.
fn log_name(keyring: &str, tenant: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let tenant: String = tenant.chars().map(plain).collect();
    format!("vermeil/{keyring}/{tenant}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_tenant_gives_a_name_that_checkpoints_can_carry() {
        assert_eq!(log_name("k", "La Boutique+\n"), "vermeil/k/La-Boutique--");
        for tenant in ["", "a b", "é\u{2003}+"] {
            assert!(LogKey::new(&log_name("k", tenant), &zeroize::Zeroizing::new([1; 32])).is_ok());
        }
    }
}
