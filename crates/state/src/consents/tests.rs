use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::testing::fixture;

fn email(byte: u8) -> ConsentKey {
    ConsentKey { scope: ConsentScope::Email, id: Tag([byte; 16]) }
}

fn said(key: ConsentKey, status: ConsentStatus, ago: TimeDelta) -> NewConsent {
    NewConsent {
        key,
        purpose: (!status.is_of_every_purpose()).then(|| Purpose("marketing".to_owned())),
        status,
        occurred_at: Utc::now() - ago,
        expires_at: None,
        recorded_by: "ada".to_owned(),
        detail: json!({ "channel": "web" }),
    }
}

async fn statuses(state: &StateDatabase, key: ConsentKey) -> Vec<&'static str> {
    let states = state.consent_states(&[key]).await.unwrap();
    states.iter().map(|state| state.status.as_str()).collect()
}

#[tokio::test]
async fn what_happened_last_holds_whenever_it_is_told() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let day = TimeDelta::days(1);
    state.record_consents(&[said(email(1), ConsentStatus::Withdrawn, day)]).await.unwrap();
    state.record_consents(&[said(email(1), ConsentStatus::Given, day * 2)]).await.unwrap();
    assert_eq!(statuses(state, email(1)).await, ["withdrawn"]);
    state.record_consents(&[said(email(1), ConsentStatus::Given, TimeDelta::zero())]).await.unwrap();
    assert_eq!(statuses(state, email(1)).await, ["given"]);
    let events = state.consent_events(&[email(1)]).await.unwrap();
    assert_eq!(events.len(), 3, "nothing that was said is lost");
}

#[tokio::test]
async fn a_no_of_just_now_holds_although_a_clock_was_ahead() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let ahead = said(email(1), ConsentStatus::Given, -TimeDelta::minutes(2));
    state.record_consents(&[ahead]).await.unwrap();
    state.record_consents(&[said(email(1), ConsentStatus::Withdrawn, TimeDelta::zero())]).await.unwrap();
    assert_eq!(statuses(state, email(1)).await, ["withdrawn"]);
}

#[tokio::test]
async fn what_is_told_at_once_holds_as_if_it_were_told_one_by_one() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let (now, day) = (TimeDelta::zero(), TimeDelta::days(1));
    let events = [
        said(email(1), ConsentStatus::Given, day),
        said(email(2), ConsentStatus::Given, now),
        said(email(1), ConsentStatus::Withdrawn, now),
        said(email(2), ConsentStatus::Refused, day),
        said(email(1), ConsentStatus::Given, day * 2),
    ];
    let first = state.record_consents(&events).await.unwrap();
    for (key, status, number) in [(email(1), "withdrawn", first + 2), (email(2), "given", first + 1)] {
        let states = state.consent_states(&[key]).await.unwrap();
        assert_eq!(
            states.iter().map(|state| (state.status.as_str(), state.number)).collect::<Vec<_>>(),
            [(status, number)]
        );
    }
    assert_eq!(state.consent_events(&[email(1), email(2)]).await.unwrap().len(), 5);
}

#[tokio::test]
async fn subjects_of_one_tag_and_two_kinds_are_two() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let phone = ConsentKey { scope: ConsentScope::Phone, ..email(1) };
    state.record_consents(&[said(email(1), ConsentStatus::Given, TimeDelta::zero())]).await.unwrap();
    assert_eq!(statuses(state, phone).await, [""; 0]);
    state.record_consents(&[said(phone, ConsentStatus::Refused, TimeDelta::zero())]).await.unwrap();
    assert_eq!(state.consent_states(&[email(1), phone, email(2)]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_restriction_is_of_every_purpose() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let record = ConsentKey { scope: ConsentScope::Record, ..email(7) };
    state.record_consents(&[said(record, ConsentStatus::Restricted, TimeDelta::zero())]).await.unwrap();
    let states = state.consent_states(&[record]).await.unwrap();
    assert_eq!(states.iter().map(|state| &state.purpose).collect::<Vec<_>>(), [&None]);
}

#[tokio::test]
async fn another_process_learns_what_changed_and_no_more() {
    let fixture = fixture().await;
    let other = fixture.again().await;
    let (mark, states) = other.consent_states_since(ConsentMark::default()).await.unwrap();
    assert!(states.is_empty());
    let many: Vec<NewConsent> = (0..=255)
        .flat_map(|byte| {
            let record = ConsentKey { scope: ConsentScope::Record, ..email(byte) };
            [email(byte), record].map(|key| said(key, ConsentStatus::Given, TimeDelta::days(1)))
        })
        .collect();
    fixture.state.record_consents(&many).await.unwrap();
    let (mark, states) = other.consent_states_since(mark).await.unwrap();
    assert_eq!(states.len(), 512);
    let no = said(email(9), ConsentStatus::Withdrawn, TimeDelta::zero());
    fixture.state.record_consents(&[no]).await.unwrap();
    let (mark, states) = other.consent_states_since(mark).await.unwrap();
    assert_eq!(states.iter().map(|state| state.key).collect::<Vec<_>>(), [email(9)]);
    fixture.state.erase_consents(&[email(9)]).await.unwrap();
    let (_, states) = other.consent_states_since(mark).await.unwrap();
    assert_eq!(states.len(), 511, "after an erasure everything that is left is told anew");
}

#[tokio::test]
async fn erasing_takes_out_every_event_of_a_subject_and_none_of_another() {
    let fixture = fixture().await;
    let state = &fixture.state;
    let both = [
        said(email(1), ConsentStatus::Given, TimeDelta::zero()),
        said(email(2), ConsentStatus::Given, TimeDelta::zero()),
    ];
    state.record_consents(&both).await.unwrap();
    assert_eq!(state.erase_consents(&[email(1)]).await.unwrap(), 1);
    assert!(state.consent_events(&[email(1)]).await.unwrap().is_empty());
    assert_eq!(statuses(state, email(2)).await, ["given"]);
}
