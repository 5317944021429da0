use super::*;
use crate::testing::{Fixture, check_code, fixture};

fn records(ids: impl IntoIterator<Item = u128>) -> Vec<RecordId> {
    ids.into_iter().map(RecordId).collect()
}

fn reason(text: &str) -> Reason {
    text.parse().unwrap()
}

async fn decide(
    fixture: &Fixture,
    kind: DecisionKind,
    one: impl IntoIterator<Item = u128>,
    other: impl IntoIterator<Item = u128>,
) -> i64 {
    let number = fixture.state.begin_decision().await.unwrap();
    let (one, other) = (records(one), records(other));
    let new = NewDecision { kind, one, other, author: "ann".to_owned(), reason: reason("seen") };
    fixture.state.decide::<StateError>(number, &new, |_| Ok(())).await.unwrap();
    number
}

/// What is left of each decision: its number and its two groups.
async fn left(fixture: &Fixture) -> Vec<(i64, Vec<RecordId>, Vec<RecordId>)> {
    let decisions = fixture.state.decisions().await.unwrap().into_iter();
    decisions.map(|decision| (decision.number, decision.one, decision.other)).collect()
}

#[tokio::test]
async fn decisions_last_with_author_reason_and_groups() {
    let fixture = fixture().await;
    let merge = decide(&fixture, DecisionKind::Merge, [3, 1], 1_000..2_500).await;
    let split = decide(&fixture, DecisionKind::Split, [7], [5]).await;
    fixture.state.undo_decision(split, "bob", &reason("a mistake")).await.unwrap();

    let fixture = fixture.reopened().await;
    let decisions = fixture.state.decisions().await.unwrap();
    let [first, second] = decisions.as_slice() else { panic!("{} decisions", decisions.len()) };
    assert_eq!((first.number, first.kind, &first.undone), (merge, DecisionKind::Merge, &None));
    assert_eq!((first.author.as_str(), first.reason.as_str()), ("ann", "seen"));
    assert_eq!((&first.one, &first.other), (&records([1, 3]), &records(1_000..2_500)));
    assert_eq!((second.number, second.kind), (split, DecisionKind::Split));
    let undone = second.undone.as_ref().expect("undone");
    assert_eq!((undone.by.as_str(), undone.reason.as_str()), ("bob", "a mistake"));
}

#[tokio::test]
async fn what_is_not_permitted_is_not_recorded() {
    let fixture = fixture().await;
    decide(&fixture, DecisionKind::NeverLink, [1], [2]).await;
    let number = fixture.state.begin_decision().await.unwrap();
    let (one, other) = (records([2]), records([1]));
    let new =
        NewDecision { kind: DecisionKind::Merge, one, other, author: "ann".to_owned(), reason: reason("x") };
    let refused = fixture
        .state
        .decide(number, &new, |others| {
            assert_eq!(others.len(), 1);
            Err(StateError::OutOfTurn { what: "decision", number })
        })
        .await;
    check_code(refused, "state-out-of-turn");
    assert_eq!(left(&fixture).await.len(), 1);
}

#[tokio::test]
async fn of_several_decisions_all_are_recorded_or_none() {
    let fixture = fixture().await;
    let first = fixture.state.begin_decisions(2).await.unwrap();
    let new = |kind, one, other| NewDecision {
        kind,
        one: records([one]),
        other: records([other]),
        author: "ann".to_owned(),
        reason: reason("seen"),
    };
    let pair = [new(DecisionKind::Merge, 1, 2), new(DecisionKind::NeverLink, 3, 4)];
    // One number for both: the second is refused by the database, after the first was written.
    let twice = fixture.state.decide_all([first, first].into_iter().zip(&pair), |_| Ok::<_, StateError>(()));
    assert!(twice.await.is_err());
    assert!(left(&fixture).await.is_empty());

    let both =
        fixture.state.decide_all([first, first + 1].into_iter().zip(&pair), |_| Ok::<_, StateError>(()));
    both.await.unwrap();
    assert_eq!(
        left(&fixture).await,
        [(first, records([1]), records([2])), (first + 1, records([3]), records([4]))]
    );
    assert_eq!(fixture.state.begin_decision().await.unwrap(), first + 2);
}

#[tokio::test]
async fn only_a_decision_in_force_is_undone() {
    let fixture = fixture().await;
    let number = decide(&fixture, DecisionKind::Merge, [1], [2]).await;
    check_code(fixture.state.undo_decision(number + 1, "bob", &reason("x")).await, "state-out-of-turn");
    fixture.state.undo_decision(number, "bob", &reason("x")).await.unwrap();
    check_code(fixture.state.undo_decision(number, "bob", &reason("x")).await, "state-out-of-turn");
}

#[tokio::test]
async fn erased_records_take_their_decisions_with_them() {
    let fixture = fixture().await;
    let merge = decide(&fixture, DecisionKind::Merge, [1], [2, 3]).await;
    let split = decide(&fixture, DecisionKind::Split, [1], [2, 3]).await;
    let never = decide(&fixture, DecisionKind::NeverLink, [4], [3]).await;
    fixture.state.forget_decided_records(&records([1, 99])).await.unwrap();
    assert_eq!(
        left(&fixture).await,
        [(merge, vec![], records([2, 3])), (never, records([4]), records([3]))],
        "split {split} is about nobody any more"
    );
    fixture.state.forget_decided_records(&records([3])).await.unwrap();
    assert_eq!(left(&fixture).await, []);
    let again = decide(&fixture, DecisionKind::Merge, [7], [8]).await;
    assert!(again > never, "numbers do not come back");
}
