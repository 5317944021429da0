//! Receipts of consent.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;
use vermeil_rights::receipt::{ReceiptSource, Said, receipt};

use super::ConsentSubject;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::report::ConsentEntry;

impl Engine {
    /// A receipt of what someone consented to, refused and took back: ISO/IEC TS 27560 in JSON-LD.
    ///
    /// # Errors
    /// As [`Engine::consents_of`].
    pub async fn consent_receipt(
        &self,
        subject: &ConsentSubject,
        reader: &Reader,
    ) -> Result<Value, EngineError> {
        let said = self.consents_of(subject, reader).await?;
        let exports = self.state.exports().await?;
        let pipeline = &self.config.pipeline;
        let recipients = |purpose: &str| {
            let own = exports.iter().filter(|export| export.purpose.0 == purpose);
            let mut names: Vec<String> = own.map(|export| export.recipient.clone()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        Ok(receipt(&ReceiptSource {
            identifier: &Uuid::new_v4().to_string(),
            made: Utc::now(),
            controller: &pipeline.name,
            kept: &pipeline.retention.prospects,
            said: said.iter().filter_map(said_of).collect(),
            basis: &|purpose| pipeline.purposes.get(&Purpose(purpose.to_owned())).copied(),
            recipients: &recipients,
        }))
    }
}

/// What an entry says of one purpose.
fn said_of(entry: &ConsentEntry) -> Option<Said> {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc());
    let text = |key: &str| entry.detail[key].as_str().map(str::to_owned);
    Some(Said {
        scope: ConsentScope::parse(&entry.scope)?,
        purpose: entry.purpose.clone()?,
        status: ConsentStatus::parse(&entry.status)?,
        at: moment(&entry.occurred_at)?,
        until: entry.expires_at.as_deref().and_then(moment),
        channel: text("channel"),
        text_version: text("text_version"),
    })
}
