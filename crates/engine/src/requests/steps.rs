//! The steps of requests: each noted before and after, and done again where it was cut off.

use chrono::Utc;
use serde_json::{Value, json};
use vermeil_model::consent::{ConsentKey, ConsentStatus};
use vermeil_model::decision::Reason;
use vermeil_model::policy::Purpose;
use vermeil_model::{Grant, Plaintext, RecordId};
use vermeil_rights::consent::knows_objection;
use vermeil_rights::request::{Request, RequestKind, RequestState};
use vermeil_state::{ErasureStatus, KnownRequest, NewConsent, RequestStep};

use super::kit::{RequestKit, request_owner};
use super::{Delivery, act};
use crate::audit::OpeningEntry;
use crate::engine::{Engine, Reader};
use crate::erase::WhichErasures;
use crate::error::EngineError;
use crate::progress::Progress;
use crate::rectify::Rectify;

pub(super) const EXPORT: &str = "export";
pub(super) const RESTRICT: &str = "restrict";
const OBJECT: &str = "object";
const ERASE: &str = "erase";

/// What someone objects to where neither they nor the pipeline say what.
const MARKETING: &str = "marketing";

impl Engine {
    /// Everything that is left to do of a request that may start.
    pub(super) async fn carry_out(
        &self,
        known: &KnownRequest,
        delivery: Delivery<'_>,
        (reader, grant): (&Reader, &Grant),
        (entry, progress): (OpeningEntry, &dyn Progress),
    ) -> Result<(), EngineError> {
        let number = known.number;
        self.state.change_request(number, Request::start).await?;
        let kind = known.request.kind();
        if !self.has_request_kit(number).await? || !self.has_work(known) {
            return self.complete_request(number, reader).await;
        }
        match kind {
            RequestKind::Access | RequestKind::Portability => {
                self.request_step(number, EXPORT, async {
                    self.write_package(known, delivery, (reader, grant), entry).await
                })
                .await?;
            }
            RequestKind::Rectification => self.rectify_fields(known, (reader, grant), progress).await?,
            RequestKind::Objection => {
                self.request_step(number, OBJECT, async {
                    self.record_objection(known, (reader, grant)).await
                })
                .await?;
            }
            RequestKind::Restriction => return self.restrict_subject(known, (reader, grant)).await,
            RequestKind::Erasure if known.request.hold().is_some() => {
                return self.restrict_subject(known, (reader, grant)).await;
            }
            RequestKind::Erasure => {
                let is_proven = self.erase_linked(known, reader, progress).await?;
                if !is_proven {
                    return Ok(());
                }
            }
        }
        self.complete_request(number, reader).await
    }

    /// Whether a step is left that did not end.
    fn has_work(&self, known: &KnownRequest) -> bool {
        let steps: Vec<&str> = match known.request.kind() {
            RequestKind::Access | RequestKind::Portability => vec![EXPORT],
            RequestKind::Objection => vec![OBJECT],
            RequestKind::Erasure if known.request.hold().is_none() => vec![ERASE],
            // Their own steps tell.
            _ => return true,
        };
        let is_done =
            |name: &&str| known.steps.iter().any(|step| step.step == **name && step.ended_at.is_some());
        !steps.iter().all(is_done)
    }

    async fn request_step(
        &self,
        number: i64,
        step: &str,
        work: impl Future<Output = Result<Value, EngineError>>,
    ) -> Result<(), EngineError> {
        self.state.begin_request_step(number, step).await?;
        let detail = work.await?;
        Ok(self.state.end_request_step(number, step, &detail).await?)
    }

    /// Destroys the key of the kit, then says that all is done.
    async fn complete_request(&self, number: i64, reader: &Reader) -> Result<(), EngineError> {
        self.vault.destroy_owner(&request_owner(number)).await?;
        Ok(self.state.change_request(number, |request| request.complete(act(reader))).await?)
    }

    /// One step for each field, so that what was cut off goes on behind those that are done.
    async fn rectify_fields(
        &self,
        known: &KnownRequest,
        (reader, grant): (&Reader, &Grant),
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let contents = self.open_request_kit(known.number, grant).await?;
        if contents.records.is_empty() {
            return Ok(());
        }
        let (records, profile) = self.records_now(&contents).await?;
        let target = profile.or_else(|| records.first().map(|record| record.0)).unwrap_or_default();
        let reason: Reason = format!("request {}", known.number).parse().expect("a line without a number");
        for (field, value) in &contents.changes {
            let name = format!("rectify-{field}");
            if known.steps.iter().any(|step| step.step == name && step.ended_at.is_some()) {
                continue;
            }
            let set = async {
                let change = Rectify::Set(Plaintext::new(value.clone()));
                let done = self.rectify(target, field, change, (reader, &reason), progress).await?;
                Ok(json!({ "records": done.len() }))
            };
            self.request_step(known.number, &name, set).await?;
        }
        Ok(())
    }

    async fn record_objection(
        &self,
        known: &KnownRequest,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<Value, EngineError> {
        let contents = self.open_request_kit(known.number, grant).await?;
        let purposes = match contents.purposes.is_empty() {
            true => self.purposes_to_object_to(),
            false => contents.purposes.iter().cloned().map(Purpose).collect(),
        };
        let (records, _) = self.records_now(&contents).await?;
        for purpose in &purposes {
            self.record_statements(known.number, &records, (ConsentStatus::Objected, Some(purpose)), reader)
                .await?;
        }
        let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.0.as_str()).collect();
        Ok(json!({ "records": records.len(), "purposes": purposes }))
    }

    /// Restricts someone, and leaves the request there: its kit says who it is until that ends.
    async fn restrict_subject(
        &self,
        known: &KnownRequest,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<(), EngineError> {
        let contents = self.open_request_kit(known.number, grant).await?;
        if contents.records.is_empty() && known.request.kind() == RequestKind::Restriction {
            return self.complete_request(known.number, reader).await;
        }
        self.request_step(known.number, RESTRICT, async {
            let (records, _) = self.records_now(&contents).await?;
            self.record_statements(known.number, &records, (ConsentStatus::Restricted, None), reader).await?;
            Ok(json!({ "records": records.len() }))
        })
        .await?;
        Ok(self.state.change_request(known.number, Request::restrict).await?)
    }

    /// Lets everything be done again with what was restricted.
    pub(super) async fn release_subject(
        &self,
        known: &KnownRequest,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<(), EngineError> {
        let contents: RequestKit = self.open_request_kit(known.number, grant).await?;
        let (records, _) = self.records_now(&contents).await?;
        self.record_statements(known.number, &records, (ConsentStatus::Released, None), reader).await
    }

    /// Says whether the erasure that carries the request out is complete now, and the request is not.
    async fn erase_linked(
        &self,
        known: &KnownRequest,
        reader: &Reader,
        progress: &dyn Progress,
    ) -> Result<bool, EngineError> {
        self.state.begin_request_step(known.number, ERASE).await?;
        let Some(erasure) = known.erasure else {
            self.state.end_request_step(known.number, ERASE, &json!({ "records": 0 })).await?;
            return Ok(true);
        };
        if self.erasure(erasure).await?.status != ErasureStatus::Complete.as_str() {
            let ran = self.run_erasures(&WhichErasures::Numbered(vec![erasure]), reader, progress).await;
            if matches!(ran, Err(EngineError::ErasureChanged { .. })) {
                self.state.change_request(known.number, Request::disapprove).await?;
            }
            ran?;
        }
        let is_proven = self.erasure(erasure).await?.status == ErasureStatus::Complete.as_str();
        // Where this very run completed the erasure, it has completed the request with it.
        let now = self.state.request(known.number).await?;
        if is_proven && now.is_some_and(|now| now.request.state() == RequestState::InProgress) {
            let detail = json!({ "erasure": erasure });
            self.state.end_request_step(known.number, ERASE, &detail).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Completes the requests that these erasures carried out.
    pub(crate) async fn complete_linked(&self, erasures: &[i64], reader: &Reader) -> Result<(), EngineError> {
        for known in self.state.requests().await? {
            let Some(erasure) = known.erasure.filter(|erasure| erasures.contains(erasure)) else { continue };
            let begun = |step: &&RequestStep| step.step == ERASE && step.ended_at.is_none();
            if known.request.state() == RequestState::InProgress && known.steps.iter().find(begun).is_some() {
                let detail = json!({ "erasure": erasure });
                self.state.end_request_step(known.number, ERASE, &detail).await?;
                self.complete_request(known.number, reader).await?;
            }
        }
        Ok(())
    }

    /// Records what a request says of records: it holds before this returns.
    async fn record_statements(
        &self,
        number: i64,
        records: &[RecordId],
        (status, purpose): (ConsentStatus, Option<&Purpose>),
        reader: &Reader,
    ) -> Result<(), EngineError> {
        if records.is_empty() {
            return Ok(());
        }
        let occurred_at = Utc::now();
        let said = |record: &RecordId| NewConsent {
            key: ConsentKey::of_record(*record),
            purpose: purpose.cloned(),
            status,
            occurred_at,
            expires_at: None,
            recorded_by: reader.actor.clone(),
            detail: json!({ "request": number }),
        };
        let events: Vec<NewConsent> = records.iter().map(said).collect();
        self.state.record_consents(&events).await?;
        Ok(())
    }

    fn purposes_to_object_to(&self) -> Vec<Purpose> {
        let declared = self.config.pipeline.purposes.iter();
        let known: Vec<Purpose> = declared
            .filter(|(_, basis)| knows_objection(**basis))
            .map(|(purpose, _)| purpose.clone())
            .collect();
        match known.is_empty() {
            true => vec![Purpose(MARKETING.to_owned())],
            false => known,
        }
    }
}
