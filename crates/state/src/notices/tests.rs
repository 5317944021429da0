use chrono::TimeDelta;
use serde_json::json;
use vermeil_rights::notice::ReceiptWay;

use super::*;
use crate::ErasureStep;
use crate::testing::{Fixture, check_code, fixture};

fn kit() -> Kit {
    Kit { sealed: vec![3; 40], key: KeyLocation { page: 7, slot: 3 } }
}

fn receipt() -> Receipt {
    Receipt {
        way: ReceiptWay::Webhook,
        at: Utc::now(),
        status: Some(200),
        digest: "00".repeat(32),
        bytes: 2,
        entered_by: None,
        note: None,
    }
}

async fn running_erasure(fixture: &Fixture) -> i64 {
    let number = fixture.state.begin_erasure().await.unwrap();
    fixture.state.open_erasure(number, "ann", &kit(), &json!({})).await.unwrap();
    fixture.state.approve_erasure(number, "bob").await.unwrap();
    fixture.state.start_erasures(&[number]).await.unwrap();
    number
}

async fn new_notice(fixture: &Fixture, erasure: Option<i64>) -> NewNotice {
    let number = fixture.state.begin_notice().await.unwrap();
    let message = |recipient: &str| (recipient.to_owned(), format!("msg_{number}_{recipient}"));
    NewNotice {
        number,
        kind: if erasure.is_some() { NoticeKind::Erase } else { NoticeKind::Rectify },
        erasure,
        due_at: Utc::now() + TimeDelta::days(14),
        messages: vec![message("mailer"), message("printer")],
        kit: kit(),
    }
}

async fn delivery(fixture: &Fixture, notice: i64, recipient: &str) -> Delivery {
    let notices = fixture.state.notices().await.unwrap();
    let notice = notices.into_iter().find(|known| known.number == notice).unwrap();
    notice.deliveries.into_iter().find(|known| known.recipient == recipient).unwrap()
}

#[tokio::test]
async fn an_erasure_is_not_complete_while_a_recipient_is_open() {
    let fixture = fixture().await;
    let erasure = running_erasure(&fixture).await;
    let notice = new_notice(&fixture, Some(erasure)).await;
    fixture.state.make_notice(&notice, &[]).await.unwrap();
    for step in ErasureStep::ALL {
        fixture.state.begin_erasure_step(&[erasure], step).await.unwrap();
        fixture.state.end_erasure_step(step, &[(erasure, &json!({}))]).await.unwrap();
    }
    let settle = async |recipient: &str, state, receipt: Option<&Receipt>| {
        fixture.state.settle_delivery(notice.number, recipient, state, receipt).await
    };
    check_code(fixture.state.complete_erasure(erasure, "c").await, "state-out-of-turn");
    settle("mailer", DeliveryState::Answered, Some(&receipt())).await.unwrap();
    check_code(fixture.state.complete_erasure(erasure, "c").await, "state-out-of-turn");
    assert_eq!(fixture.state.notice_kit(notice.number).await.unwrap(), Some(kit()));
    settle("printer", DeliveryState::Unanswered, None).await.unwrap();
    assert_eq!(fixture.state.notice_kit(notice.number).await.unwrap(), None, "nobody is left to be told");
    fixture.state.complete_erasure(erasure, "c").await.unwrap();
    check_code(settle("mailer", DeliveryState::Answered, None).await, "state-out-of-turn");
    check_code(settle("nobody", DeliveryState::Answered, None).await, "state-out-of-turn");
    let fixture = fixture.reopened().await;
    let answered = delivery(&fixture, notice.number, "mailer").await;
    assert_eq!((answered.state, answered.receipt.unwrap().status), (DeliveryState::Answered, Some(200)));
}

#[tokio::test]
async fn an_erasure_has_one_notice_and_only_while_it_is_carried_out() {
    let fixture = fixture().await;
    let erasure = running_erasure(&fixture).await;
    let tag = Tag([5; 16]);
    let epoch = fixture.state.erasure_epoch().await.unwrap();
    fixture.state.keep_handles(1, epoch, &[tag]).await.unwrap();
    let (first, second) =
        (new_notice(&fixture, Some(erasure)).await, new_notice(&fixture, Some(erasure)).await);
    let nowhere = new_notice(&fixture, Some(99)).await;
    check_code(fixture.state.make_notice(&nowhere, &[tag]).await, "state-out-of-turn");
    assert_eq!(fixture.state.known_handles(&[tag]).await.unwrap(), [tag], "nothing is half done");
    fixture.state.make_notice(&first, &[tag]).await.unwrap();
    assert!(fixture.state.known_handles(&[tag]).await.unwrap().is_empty());
    check_code(fixture.state.make_notice(&second, &[]).await, "state-out-of-turn");
    assert_eq!(fixture.state.notices().await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_try_at_once_one_does() {
    let fixture = fixture().await;
    let notice = new_notice(&fixture, None).await;
    fixture.state.make_notice(&notice, &[]).await.unwrap();
    let seen = delivery(&fixture, notice.number, "mailer").await;
    let later = Utc::now() + TimeDelta::minutes(1);
    let other = fixture.again().await;
    assert!(fixture.state.begin_delivery(notice.number, &seen, later).await.unwrap());
    assert!(!other.begin_delivery(notice.number, &seen, later).await.unwrap());
    fixture.state.note_delivery(notice.number, "mailer", "status-503").await.unwrap();
    let tried = delivery(&fixture, notice.number, "mailer").await;
    assert_eq!((tried.attempts, tried.code.as_deref()), (1, Some("status-503")));
    assert_eq!(tried.next_at.timestamp_micros(), later.timestamp_micros());
    assert_eq!(tried.message, seen.message, "the message keeps its name");
    assert!(other.begin_delivery(notice.number, &tried, later).await.unwrap(), "the next try");
}
