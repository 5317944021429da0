use proptest::prelude::*;

use super::*;

const PATIENCE: Patience = Patience { first: TimeDelta::minutes(1), longest: TimeDelta::hours(12) };

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a moment")
}

#[test]
fn pauses_double_up_to_the_longest() {
    let minutes = |tries| PATIENCE.pause_after(tries).num_minutes();
    assert_eq!([0, 1, 2, 3, 4, 10, 11, 200].map(minutes), [1, 1, 2, 4, 8, 512, 720, 720]);
}

proptest! {
    #[test]
    fn every_recipient_is_tried_on_its_last_day_and_then_given_up(days in 1i64..60, first in 1i64..10_000) {
        let patience = Patience { first: TimeDelta::seconds(first), ..PATIENCE };
        let due = at(days * 86_400);
        let (mut now, mut tries, mut before) = (at(0), 0, TimeDelta::zero());
        loop {
            tries += 1;
            match patience.next(tries, now, due) {
                Next::GiveUp => break,
                Next::Try(next) => {
                    prop_assert!(next > now && next <= due, "{now} {next} {due}");
                    // Only the last one, on the last day, may come sooner than the one before.
                    prop_assert!(next == due || next - now >= before);
                    before = next - now;
                    now = next;
                }
            }
            prop_assert!(tries < 1_000);
        }
        prop_assert_eq!(now, due);
    }

    #[test]
    fn a_clock_that_was_set_gives_nobody_up_before_the_last_day(now in -1_000_000i64..1_000_000, tries in 0u32..500) {
        let due = at(0);
        match PATIENCE.next(tries, at(now), due) {
            Next::GiveUp => prop_assert!(now >= 0),
            Next::Try(next) => prop_assert!(now < 0 && next <= due),
        }
    }
}

#[test]
fn a_message_says_what_whom_and_until_when_and_is_the_same_each_time() {
    let handles = BTreeSet::from(["b".to_owned(), "a".to_owned()]);
    let data = || MessageData {
        notice: 7,
        recipient: "mailer",
        due: String::new(),
        handles: &handles,
        fields: None,
    };
    let message = |kind| Message::new(kind, at(0), at(86_400), data()).to_bytes();
    let text = String::from_utf8(message(NoticeKind::Erase)).expect("UTF-8");
    assert_eq!(
        text,
        r#"{"type":"person.erase","timestamp":"2027-01-15T08:00:00Z","data":{"notice":7,"recipient":"mailer","due":"2027-01-16T08:00:00Z","handles":["a","b"]}}"#
    );
    assert_eq!(text.as_bytes(), message(NoticeKind::Erase));
    let fields = BTreeMap::from([("city".to_owned(), Some("Lyon".to_owned())), ("iban".to_owned(), None)]);
    let rectified = MessageData { fields: Some(&fields), ..data() };
    let text = Message::new(NoticeKind::Rectify, at(0), at(0), rectified).to_bytes();
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(
        text.contains(r#""type":"person.rectify""#)
            && text.contains(r#""fields":{"city":"Lyon","iban":null}"#),
        "{text}"
    );
}

#[test]
fn a_receipt_is_read_as_it_was_written() {
    let receipt = Receipt {
        way: ReceiptWay::Manual,
        at: at(5),
        status: None,
        digest: "00".repeat(32),
        bytes: 4,
        entered_by: Some("ada".to_owned()),
        note: Some("by letter".to_owned()),
    };
    let text = serde_json::to_string(&receipt).expect("plain data");
    assert_eq!(serde_json::from_str::<Receipt>(&text).expect("a receipt"), receipt);
    assert!(!text.contains("status"), "{text}");
}
