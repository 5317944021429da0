//! Gathering what is kept about someone: of them alone, whoever shares their address or their home.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, SecondsFormat};
use datafusion::prelude::{col, lit};
use uuid::Uuid;
use vermeil_model::consent::{ConsentKey, LegalBasis};
use vermeil_model::pipeline::Source;
use vermeil_model::policy::Purpose;
use vermeil_model::{Field, FieldClass, Grant, ProfileId, RecordId};
use vermeil_rights::dossier::{
    Dossier, DossierConsent, DossierField, DossierPurpose, DossierRecipient, DossierRow, DossierSource,
    ProfileValue, UnreadRow,
};
use vermeil_rights::request::RequestKind;
use vermeil_state::{ConsentEvent, KnownRequest};

use crate::columns::{RECORD_ID, SOURCE_KEY_PREFIX};
use crate::engine::{Engine, Reader};
use crate::erase::KitContents;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::second;
use crate::stored;

/// What the parts of a record's key in its source are called.
const KEY: &str = "key";

impl Engine {
    /// What is kept about whoever `closure` is about, as requests of a kind are answered: all of it, or for
    /// portability what they provided.
    pub(crate) async fn gather_dossier(
        &self,
        (known, kind): (&KnownRequest, RequestKind),
        closure: Option<KitContents>,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<Dossier, EngineError> {
        let mut dossier = Dossier {
            controller: self.config.pipeline.name.clone(),
            request: known.number,
            kind,
            received: known.request.clock().received(),
            made: self.day_here(),
            profile: Vec::new(),
            records: Vec::new(),
            events: Vec::new(),
            unread: Vec::new(),
            consents: Vec::new(),
            recipients: Vec::new(),
            sources: Vec::new(),
            fields: Vec::new(),
        };
        let Some(closure) = closure else { return Ok(dossier) };
        let (records, events) = (ids(&closure.records), ids(&closure.events));
        for source in self.config.pipeline.sources.iter().filter(|source| self.may_go(kind, source)) {
            let rows = self.rows_of_subject(source, kind, &records, (reader, grant)).await?;
            let happened = self.rows_of_subject(source, kind, &events, (reader, grant)).await?;
            if !rows.is_empty() || !happened.is_empty() {
                dossier.sources.push(DossierSource {
                    source: source.id.to_string(),
                    rows: (rows.len() + happened.len()) as u64,
                    self_declared: source.self_declared,
                });
            }
            dossier.records.extend(rows);
            dossier.events.extend(happened);
        }
        if kind == RequestKind::Access {
            dossier.profile = self.profile_values(&closure, reader).await?;
            dossier.unread = self.unread_rows(&closure, reader).await?;
            dossier.consents = self.statements_about(&closure).await?;
            dossier.recipients = self.recipients_of(&closure).await?;
        }
        dossier.fields = self.described_fields(&dossier);
        Ok(dossier)
    }

    /// Whether rows of a source belong into an answer: to take elsewhere is what they provided, by typing it
    /// or by what they did (GDPR Art. 20; WP 242 rev.01, II).
    fn may_go(&self, kind: RequestKind, source: &Source) -> bool {
        let of = source.subject.as_ref().and_then(|subject| self.config.pipeline.source(&subject.source));
        kind == RequestKind::Access || of.unwrap_or(source).self_declared
    }

    /// Whether a value of a field belongs into an answer: to take elsewhere is what rests on consent or a
    /// contract. Of a field that is not personal it is what belongs to the rest.
    fn field_may_go(&self, kind: RequestKind, field: &Field) -> bool {
        let purposes = &self.config.pipeline.purposes;
        let rests = |purpose: &String| match purposes.get(&Purpose(purpose.clone())) {
            Some(basis) => matches!(basis, LegalBasis::Consent | LegalBasis::Contract),
            None => purposes.is_empty(),
        };
        kind == RequestKind::Access || !field.class.is_personal() || field.purposes.iter().any(rests)
    }

    async fn rows_of_subject(
        &self,
        source: &Source,
        kind: RequestKind,
        wanted: &HashSet<RecordId>,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<Vec<DossierRow>, EngineError> {
        let schema = self.config.schema_of(source);
        let mut rows = Vec::new();
        if wanted.is_empty() {
            return Ok(rows);
        }
        self.open_every_version_of(source, wanted, (&reader.actor, grant), &mut |record| {
            let mut values = BTreeMap::new();
            for (name, value) in record.fields {
                if name.starts_with(SOURCE_KEY_PREFIX) {
                    let key: &mut String = values.entry(KEY.to_owned()).or_default();
                    let separator = if key.is_empty() { "" } else { " " };
                    key.push_str(separator);
                    key.push_str(value);
                } else if schema.field(name).is_some_and(|field| self.field_may_go(kind, field)) {
                    values.insert((*name).to_owned(), (*value).to_owned());
                }
            }
            rows.push(DossierRow {
                source: source.id.to_string(),
                id: record.record.to_string(),
                version: record.version,
                observed_at: moment(record.observed_at),
                values,
            });
        })
        .await?;
        rows.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
        Ok(rows)
    }

    /// Who received their profile; of exports made before it was kept who was in one, whoever may have: every
    /// recipient since a record of theirs was published.
    async fn recipients_of(&self, closure: &KitContents) -> Result<Vec<DossierRecipient>, EngineError> {
        let Some(publication) = self.publication().await? else { return Ok(Vec::new()) };
        let own = ids(&closure.records).into_iter().map(|record| lit(record.to_string())).collect();
        let own = col(RECORD_ID).in_list(own, false);
        let members = self.published_rows(&publication, &TableName::Members, own).await?;
        let mut since: Option<i64> = None;
        for batch in &members {
            let earliest = stored::times(batch, "since")?.iter().flatten().min();
            since = [since, earliest].into_iter().flatten().min();
        }
        let Some(since) = since.and_then(DateTime::from_timestamp_micros) else { return Ok(Vec::new()) };
        let received = self.received(&closure.profiles).await?.recipients;
        let exports = self.state.exports().await?.into_iter().filter(|export| {
            let has_them = received.get(&export.recipient).is_some_and(|known| {
                let of = |(_, role, purpose): &(_, _, _)| (role, purpose) == (&export.role, &export.purpose);
                known.received_as.iter().any(of)
            });
            export.begun_at >= since && (has_them || !export.has_handles)
        });
        Ok(exports
            .map(|export| DossierRecipient {
                name: export.recipient,
                purpose: export.purpose.to_string(),
                at: second(export.begun_at),
            })
            .collect())
    }

    async fn profile_values(
        &self,
        closure: &KitContents,
        reader: &Reader,
    ) -> Result<Vec<ProfileValue>, EngineError> {
        let mut values = Vec::new();
        for profile in &closure.profiles {
            let profile = ProfileId(u128::from_be_bytes(*profile));
            let explained = match self.explain_profile(profile, reader).await {
                Ok(explained) => explained,
                // One that had gone into another, or that is not made for this purpose.
                Err(EngineError::Unknown { .. } | EngineError::ProfilesNotFor { .. }) => continue,
                Err(cause) => return Err(cause),
            };
            values.extend(explained.values.into_iter().filter_map(|value| {
                Some(ProfileValue {
                    field: value.field,
                    value: value.value?,
                    source: value.source,
                    record: value.record,
                    rule: value.rule,
                    observed_at: value.observed_at,
                })
            }));
        }
        Ok(values)
    }

    async fn unread_rows(
        &self,
        closure: &KitContents,
        reader: &Reader,
    ) -> Result<Vec<UnreadRow>, EngineError> {
        let mut rows = Vec::new();
        for id in &closure.quarantined {
            let id = Uuid::from_bytes(*id).hyphenated().to_string();
            let (entry, row) = self.quarantine_row(&id, reader).await?;
            rows.push(UnreadRow { source: entry.source, since: entry.first_seen, row });
        }
        Ok(rows)
    }

    /// What was said of someone, and of the contact points that their records hold.
    async fn statements_about(&self, closure: &KitContents) -> Result<Vec<DossierConsent>, EngineError> {
        let records = ids(&closure.records).into_iter().map(ConsentKey::of_record);
        let keys: Vec<ConsentKey> = records.chain(closure.contacts.iter().copied()).collect();
        let events = self.state.consent_events(&keys).await?;
        Ok(events.into_iter().map(consent).collect())
    }

    /// What each field means that a dossier has a value of.
    fn described_fields(&self, dossier: &Dossier) -> Vec<DossierField> {
        let rows = dossier.records.iter().chain(&dossier.events);
        let mut used: BTreeSet<&str> = rows.flat_map(|row| row.values.keys().map(String::as_str)).collect();
        used.extend(dossier.profile.iter().map(|value| value.field.as_str()));
        let mut described: Vec<DossierField> = Vec::new();
        let schemas = self.config.pipeline.sources.iter().map(|source| self.config.schema_of(source));
        for field in schemas.flat_map(|schema| &schema.fields) {
            let is_new = described.iter().all(|known| known.field != field.name);
            if is_new && used.contains(field.name.as_str()) && field.class != FieldClass::Plain {
                described.push(self.described(field));
            }
        }
        described
    }

    fn described(&self, field: &Field) -> DossierField {
        let basis = |purpose: &String| self.config.pipeline.purposes.get(&Purpose(purpose.clone()));
        let purposes = field.purposes.iter().map(|purpose| DossierPurpose {
            purpose: purpose.clone(),
            basis: basis(purpose).map(|basis| basis.as_str().to_owned()),
        });
        DossierField {
            field: field.name.clone(),
            description: field.description.clone(),
            class: field.class.to_string(),
            purposes: purposes.collect(),
            retention: field.retention.clone(),
        }
    }
}

fn consent(event: ConsentEvent) -> DossierConsent {
    let ConsentEvent { told, recorded_at, .. } = event;
    DossierConsent {
        scope: told.key.scope.as_str().to_owned(),
        purpose: told.purpose.map(|purpose| purpose.0),
        status: told.status.as_str().to_owned(),
        occurred_at: second(told.occurred_at),
        recorded_at: second(recorded_at),
        expires_at: told.expires_at.map(second),
        detail: told.detail,
    }
}

fn ids(bytes: &[[u8; 16]]) -> HashSet<RecordId> {
    bytes.iter().map(|id| RecordId(u128::from_be_bytes(*id))).collect()
}

fn moment(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
