use serde_json::json;

use super::*;
use crate::testing::{check_code, fixture};

#[tokio::test]
async fn a_run_without_an_end_was_interrupted() {
    let fixture = fixture().await;
    let first = fixture.state.begin_run("run").await.unwrap();
    fixture.state.finish_run(first, RunOutcome::Done, &json!({"records_in": 3})).await.unwrap();
    let second = fixture.state.begin_run("run").await.unwrap();
    let third = fixture.state.begin_run("optimize").await.unwrap();
    fixture.state.finish_run(third, RunOutcome::Failed, &json!({})).await.unwrap();

    let fixture = fixture.reopened().await;
    let runs = fixture.state.last_runs(10).await.unwrap();
    let told: Vec<_> = runs.iter().map(|run| (run.id, run.kind.as_str(), run.status())).collect();
    assert_eq!(told, [(third, "optimize", "failed"), (second, "run", "interrupted"), (first, "run", "done")]);
    assert_eq!(runs[2].summary, Some(json!({"records_in": 3})));
    assert!(runs[2].ended_at.unwrap() >= runs[2].begun_at);
    assert_eq!(fixture.state.last_runs(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_ends_once() {
    let fixture = fixture().await;
    let id = fixture.state.begin_run("run").await.unwrap();
    fixture.state.finish_run(id, RunOutcome::OverLimit, &json!({})).await.unwrap();
    check_code(fixture.state.finish_run(id, RunOutcome::Done, &json!({})).await, "state-out-of-turn");
    check_code(fixture.state.finish_run(99, RunOutcome::Done, &json!({})).await, "state-out-of-turn");
    assert_eq!(fixture.state.last_runs(1).await.unwrap()[0].status(), "over_limit");
}

#[tokio::test]
async fn conflicts_that_name_a_record_are_forgotten_with_it() {
    let fixture = fixture().await;
    let [one, other, third] = [1, 2, 3].map(RecordId);
    let conflict =
        |left: RecordId, right: RecordId| json!({"left": left.to_string(), "right": right.to_string()});
    let summary = json!({"rows": 7, "conflicts": [conflict(one, other), conflict(other, third)]});
    let run = fixture.state.begin_run("run").await.unwrap();
    fixture.state.finish_run(run, RunOutcome::Done, &summary).await.unwrap();
    fixture.state.forget_in_runs(&HashSet::from([one])).await.unwrap();
    let left = fixture.state.last_runs(1).await.unwrap().pop().unwrap().summary.unwrap();
    assert_eq!(left, json!({"rows": 7, "conflicts": [conflict(other, third)]}));
}
