use super::*;
use crate::testing::{check_code, fixture};

fn intent(action: &str, classes: &[FieldClass]) -> AuditIntent {
    AuditIntent {
        actor: "analyst-7".to_owned(),
        role: Role("care".to_owned()),
        purpose: Purpose("customer_care".to_owned()),
        action: action.to_owned(),
        table: "golden.profiles".to_owned(),
        classes: classes.to_vec(),
    }
}

#[tokio::test]
async fn an_intent_stands_before_its_outcome_and_both_last() {
    let fixture = fixture().await;
    let query = intent("query", &[FieldClass::Identifier, FieldClass::Contact]);
    let first = fixture.state.append_intent(&query).await.unwrap();
    let outcome = AuditOutcome { rows: 12, key_pages: 3, status: AuditStatus::Done };
    fixture.state.append_outcome(first, &outcome).await.unwrap();
    let second = fixture.state.append_intent(&intent("explain", &[])).await.unwrap();

    let fixture = fixture.reopened().await;
    let entries = fixture.state.audit_entries(10).await.unwrap();
    let told: Vec<_> =
        entries.iter().map(|entry| (entry.number, entry.intent.clone(), entry.outcome)).collect();
    assert_eq!(told, [(second, intent("explain", &[]), None), (first, query, Some(outcome))]);
    assert_eq!(fixture.state.audit_entries(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_intent_has_one_outcome() {
    let fixture = fixture().await;
    let number = fixture.state.append_intent(&intent("query", &[])).await.unwrap();
    let outcome = AuditOutcome { rows: 0, key_pages: 0, status: AuditStatus::Refused };
    fixture.state.append_outcome(number, &outcome).await.unwrap();
    check_code(fixture.state.append_outcome(number, &outcome).await, "state-out-of-turn");
    check_code(fixture.state.append_outcome(99, &outcome).await, "state-out-of-turn");
}

#[tokio::test]
async fn the_trail_cannot_be_changed_or_shortened() {
    let fixture = fixture().await;
    let number = fixture.state.append_intent(&intent("query", &[])).await.unwrap();
    let outcome = AuditOutcome { rows: 1, key_pages: 1, status: AuditStatus::Failed };
    fixture.state.append_outcome(number, &outcome).await.unwrap();
    for statement in [
        "UPDATE audit_intents SET actor = 'someone else'",
        "DELETE FROM audit_intents",
        "UPDATE audit_outcomes SET row_count = 0",
        "DELETE FROM audit_outcomes",
    ] {
        let mut change = fixture.state.begin().await.unwrap();
        assert!(sqlx::query(statement).execute(&mut *change).await.is_err(), "{statement}");
    }
    assert_eq!(fixture.state.audit_entries(9).await.unwrap()[0].outcome, Some(outcome));
}
