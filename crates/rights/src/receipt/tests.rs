use super::*;

fn said(purpose: &str, scope: ConsentScope, status: ConsentStatus, second: i64) -> Said {
    Said {
        scope,
        purpose: purpose.to_owned(),
        status,
        at: DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a moment"),
        until: None,
        channel: Some("web".to_owned()),
        text_version: Some("v3".to_owned()),
    }
}

fn made(said: Vec<Said>) -> Value {
    receipt(&ReceiptSource {
        identifier: "a6f58318-72e6-46a2-bfd7-f36d795e30cd",
        made: DateTime::from_timestamp(1_800_000_100, 0).expect("a moment"),
        controller: "boutique",
        kept: "P3Y",
        said,
        basis: &|purpose| (purpose == "marketing").then_some(LegalBasis::Consent),
        recipients: &|purpose| if purpose == "marketing" { vec!["mailer".to_owned()] } else { Vec::new() },
    })
}

#[test]
fn a_receipt_has_a_record_for_each_purpose_and_way_with_all_that_was_said() {
    use ConsentScope::{Email, Phone};
    use ConsentStatus::{Given, Withdrawn};
    let receipt = made(vec![
        said("marketing", Email, Given, 0),
        said("marketing", Phone, Given, 1),
        said("marketing", Email, Withdrawn, 2),
        said("statistics", Email, Given, 3),
    ]);
    assert_eq!(receipt["@type"], "dpv:ConsentReceipt");
    assert_eq!(receipt["dct:created"], "2027-01-15T08:01:40Z");
    let records = receipt["dpv:hasRecordOfActivity"].as_array().expect("records");
    let titles: Vec<_> =
        records.iter().map(|record| &record["dpv:hasProcess"]["dpv:hasPurpose"]["dct:title"]).collect();
    assert_eq!(titles, ["marketing", "marketing", "statistics"]);
    let first = &records[0];
    let statuses: Vec<_> = first["dpv:hasConsentStatus"]
        .as_array()
        .expect("states")
        .iter()
        .map(|status| &status["@type"][0])
        .collect();
    assert_eq!(statuses, ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"], "what was taken back is no gap");
    assert_eq!(first["dpv:hasProcess"]["dpv:hasPersonalData"]["@type"], "pd:EmailAddress");
    assert_eq!(first["dpv:hasProcess"]["dpv:hasRecipient"][0]["dct:title"], "mailer");
    assert_eq!(
        (&first["dpv:hasLegalBasis"], &records[2]["dpv:hasLegalBasis"]),
        (&json!("eu-gdpr:A6-1-a"), &json!(null))
    );
    assert_eq!(first["dpv:hasNotice"], json!([{ "@type": "dpv:ConsentNotice", "dct:identifier": "v3" }]));
    assert!(
        records
            .iter()
            .all(|record| record["dct:conformsTo"] == "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr")
    );
}

#[test]
fn what_is_no_consent_stands_in_no_receipt() {
    use ConsentScope::Record;
    let receipt = made(vec![
        said("marketing", Record, ConsentStatus::Objected, 0),
        said("marketing", Record, ConsentStatus::Restricted, 1),
    ]);
    assert_eq!(receipt["dpv:hasRecordOfActivity"], json!([]));
    let expired = made(vec![said("marketing", Record, ConsentStatus::Expired, 0)]);
    let status = &expired["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"][0];
    assert_eq!(
        (&status["@type"], &status["dpv:isIndicatedBy"]),
        (&json!(["dpv:ConsentExpired"]), &json!(null))
    );
}
