use serde_json::json;

use crate::testing::{check_code, fixture};

#[tokio::test]
async fn a_publication_is_current_once_published() {
    let fixture = fixture().await;
    assert_eq!(fixture.state.current_publication().await.unwrap(), None);
    let first = fixture.state.begin_publication().await.unwrap();
    assert_eq!(fixture.state.current_publication().await.unwrap(), None);
    let snapshot = json!({"golden.profiles": 4});
    fixture.state.publish(first, &snapshot, "abc").await.unwrap();

    let fixture = fixture.reopened().await;
    let current = fixture.state.current_publication().await.unwrap().unwrap();
    assert_eq!((current.number, current.snapshot, current.fingerprint.as_str()), (first, snapshot, "abc"));
    check_code(fixture.state.publish(first, &json!({}), "abc").await, "state-out-of-turn");
    check_code(fixture.state.publish(99, &json!({}), "abc").await, "state-out-of-turn");
}

#[tokio::test]
async fn a_publication_cut_short_is_found_and_discarded() {
    let fixture = fixture().await;
    let first = fixture.state.begin_publication().await.unwrap();
    fixture.state.publish(first, &json!({}), "a").await.unwrap();
    let cut_short = fixture.state.begin_publication().await.unwrap();

    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.abandoned_publications().await.unwrap(), [cut_short]);
    fixture.state.discard_publication(cut_short).await.unwrap();
    fixture.state.discard_publication(cut_short).await.unwrap();
    assert!(fixture.state.abandoned_publications().await.unwrap().is_empty());
    assert_eq!(
        fixture.state.begin_publication().await.unwrap(),
        cut_short + 1,
        "its number is not given again"
    );
    check_code(fixture.state.publish(cut_short, &json!({}), "b").await, "state-out-of-turn");
    assert_eq!(fixture.state.current_publication().await.unwrap().unwrap().number, first);
}

#[tokio::test]
async fn what_was_replaced_is_known_until_it_is_discarded() {
    let fixture = fixture().await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let number = fixture.state.begin_publication().await.unwrap();
        fixture.state.publish(number, &json!({}), "a").await.unwrap();
        numbers.push(number);
    }
    assert_eq!(fixture.state.superseded_publications().await.unwrap(), numbers[..2]);
    fixture.state.discard_publication(numbers[0]).await.unwrap();
    assert_eq!(fixture.state.superseded_publications().await.unwrap(), numbers[1..2]);
    check_code(fixture.state.discard_publication(numbers[2]).await, "state-out-of-turn");
}

#[tokio::test]
async fn an_overtaken_publication_cannot_take_the_place_of_a_later_one() {
    let fixture = fixture().await;
    let slow = fixture.state.begin_publication().await.unwrap();
    let fast = fixture.again().await.begin_publication().await.unwrap();
    fixture.state.publish(fast, &json!({}), "fast").await.unwrap();
    check_code(fixture.state.publish(slow, &json!({}), "slow").await, "state-out-of-turn");
    assert_eq!(fixture.state.current_publication().await.unwrap().unwrap().number, fast);
}
