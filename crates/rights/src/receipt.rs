//! Receipts of consent for the person who gave it: ISO/IEC TS 27560:2023 in JSON-LD, by the profile of the Data
//! Privacy Vocabulary.
//!
//! A receipt holds a record for each purpose and way of reaching someone, and in it everything that was said,
//! the oldest first: what was taken back is no gap. Statements that are no consent, such as objections, stand in
//! no receipt. Who the person is does not stand in it either: they have it in their hands.
//!
//! Source: W3C DPVCG, "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV".

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use vermeil_model::consent::{ConsentScope, ConsentStatus, LegalBasis};

const PROFILE: &str = "https://w3id.org/dpv/schema/dpv-27560#";

/// What a receipt is made of.
pub struct ReceiptSource<'a> {
    /// A UUID of this receipt (RFC 9562).
    pub identifier: &'a str,
    /// When it is made.
    pub made: DateTime<Utc>,
    /// Who keeps the data.
    pub controller: &'a str,
    /// How long data is kept after the last contact: an ISO 8601 duration.
    pub kept: &'a str,
    /// What was said, the oldest first.
    pub said: Vec<Said>,
    /// Purpose → its legal basis.
    pub basis: &'a dyn Fn(&str) -> Option<LegalBasis>,
    /// Purpose → who received data for it.
    pub recipients: &'a dyn Fn(&str) -> Vec<String>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Of which way to reach the person.
    pub scope: ConsentScope,
    /// For what.
    pub purpose: String,
    /// What.
    pub status: ConsentStatus,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// How it was said.
    pub channel: Option<String>,
    /// Which text was shown.
    pub text_version: Option<String>,
}

/// The receipt as a JSON-LD document.
pub fn receipt(source: &ReceiptSource<'_>) -> Value {
    let mut places: Vec<(&str, ConsentScope)> = Vec::new();
    for said in source.said.iter().filter(|said| status_of(said.status).is_some()) {
        let place = (said.purpose.as_str(), said.scope);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let records = (1..).zip(&places).map(|(number, place)| record(source, number, *place));
    json!({
        "@context": {
            "dpv": "https://w3id.org/dpv#",
            "pd": "https://w3id.org/dpv/pd#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
            "dct": "http://purl.org/dc/terms/",
        },
        "@id": format!("urn:uuid:{}", source.identifier),
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": format!("{PROFILE}receipt-eu-gdpr"),
        "dpv:hasIdentifier": source.identifier,
        "dct:created": rfc3339(source.made),
        "dpv:hasRecordOfActivity": records.collect::<Vec<_>>(),
    })
}

fn record(source: &ReceiptSource<'_>, number: u64, (purpose, scope): (&str, ConsentScope)) -> Value {
    let name = format!("urn:uuid:{}#record-{number}", source.identifier);
    let of_this = || source.said.iter().filter(|said| said.purpose == purpose && said.scope == scope);
    let mut process = Map::new();
    process.insert("@type".to_owned(), json!("dpv:Process"));
    process.insert("dpv:hasPurpose".to_owned(), json!({ "@type": "dpv:Purpose", "dct:title": purpose }));
    if let Some(data) = data_of(scope) {
        process.insert("dpv:hasPersonalData".to_owned(), json!({ "@type": data }));
    }
    let recipients: Vec<Value> =
        (source.recipients)(purpose).iter().map(|name| entity("dpv:Recipient", name)).collect();
    process.insert("dpv:hasRecipient".to_owned(), json!(recipients));
    let kept = json!({ "@type": "dpv:StorageDuration", "dpv:hasDuration": source.kept });
    process.insert("dpv:hasStorageCondition".to_owned(), json!([kept]));
    let statuses: Vec<Value> = of_this().filter_map(status).collect();
    let mut texts: Vec<&str> = of_this().filter_map(|said| said.text_version.as_deref()).collect();
    texts.dedup();
    let notices: Vec<Value> =
        texts.iter().map(|text| json!({ "@type": "dpv:ConsentNotice", "dct:identifier": text })).collect();
    json!({
        "@id": name,
        "@type": "dpv:ConsentRecord",
        "dct:identifier": name,
        "dct:conformsTo": format!("{PROFILE}record-eu-gdpr"),
        "dpv:hasDataSubject": {
            "@id": format!("urn:uuid:{}#subject", source.identifier),
            "@type": "dpv:DataSubject",
        },
        "dpv:hasDataController": entity("dpv:DataController", source.controller),
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasLegalBasis": (source.basis)(purpose).map(article),
        "dpv:hasProcess": process,
        "dpv:hasNotice": notices,
        "dpv:hasRight": [{
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
            "dct:title": "Right to Withdraw Consent",
        }],
        "dpv:hasConsentStatus": statuses,
    })
}

fn entity(kind: &str, name: &str) -> Value {
    json!({ "@type": kind, "dct:title": name })
}

fn status(said: &Said) -> Option<Value> {
    let mut status = Map::new();
    status.insert("@type".to_owned(), json!(status_of(said.status)?));
    // Time ended it, and nobody said so.
    if said.status != ConsentStatus::Expired {
        status.insert("dpv:isIndicatedBy".to_owned(), json!("dpv:DataSubject"));
    }
    if let Some(channel) = &said.channel {
        status.insert("dpv:hasIndicationMethod".to_owned(), json!(channel));
    }
    status.insert("dpv:isIndicatedAtTime".to_owned(), json!(rfc3339(said.at)));
    if let Some(until) = said.until {
        status.insert("dct:valid".to_owned(), json!(rfc3339(until)));
    }
    Some(Value::Object(status))
}

/// The states of consent that a statement stands for; `None`: it is about something else.
fn status_of(status: ConsentStatus) -> Option<Vec<&'static str>> {
    match status {
        ConsentStatus::Given => Some(vec!["dpv:ConsentGiven", "dpv:ExpressedConsent"]),
        ConsentStatus::Refused => Some(vec!["dpv:ConsentRefused"]),
        ConsentStatus::Withdrawn => Some(vec!["dpv:ConsentWithdrawn"]),
        ConsentStatus::Expired => Some(vec!["dpv:ConsentExpired"]),
        ConsentStatus::Objected | ConsentStatus::Restricted | ConsentStatus::Released => None,
    }
}

fn data_of(scope: ConsentScope) -> Option<&'static str> {
    match scope {
        ConsentScope::Email => Some("pd:EmailAddress"),
        ConsentScope::Phone => Some("pd:TelephoneNumber"),
        ConsentScope::Record => None,
    }
}

fn article(basis: LegalBasis) -> &'static str {
    match basis {
        LegalBasis::Consent => "eu-gdpr:A6-1-a",
        LegalBasis::Contract => "eu-gdpr:A6-1-b",
        LegalBasis::LegalObligation => "eu-gdpr:A6-1-c",
        LegalBasis::VitalInterests => "eu-gdpr:A6-1-d",
        LegalBasis::PublicTask => "eu-gdpr:A6-1-e",
        LegalBasis::LegitimateInterests => "eu-gdpr:A6-1-f",
    }
}

fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
