use chrono::TimeDelta;

use super::*;
use crate::testing::{check_code, fixture};

const LEASE: Duration = Duration::from_secs(60);
const OVER: Duration = Duration::ZERO;

fn tick(number: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + number * 60, 0).expect("a moment")
}

async fn claim(state: &StateDatabase, number: i64, lease: Duration) -> Option<i64> {
    state.claim_job("run", tick(number), "this", lease).await.unwrap()
}

#[tokio::test]
async fn of_many_who_ask_at_one_tick_one_gets_the_job() {
    let fixture = fixture().await;
    let mut asking = Vec::new();
    for _ in 0..8 {
        let state = fixture.again().await;
        asking.push(tokio::spawn(async move { claim(&state, 1, LEASE).await }));
    }
    let mut taken = 0;
    for one in asking {
        taken += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn who_still_does_a_job_keeps_it() {
    let fixture = fixture().await;
    let first = claim(&fixture.state, 1, LEASE).await.expect("free");
    assert_eq!(claim(&fixture.state, 2, LEASE).await, None);
    fixture.state.renew_job(first, LEASE).await.unwrap();
    fixture.state.finish_job(first, &JobOutcome::Done).await.unwrap();
    assert_eq!(claim(&fixture.state, 1, LEASE).await, None, "done for this tick");
    assert!(claim(&fixture.state, 2, LEASE).await.is_some());
    assert!(
        fixture.state.claim_job("optimize", tick(1), "this", LEASE).await.unwrap().is_some(),
        "other jobs are free"
    );
}

#[tokio::test]
async fn whoever_died_loses_the_job_at_the_next_tick() {
    let fixture = fixture().await;
    let dead = claim(&fixture.state, 1, OVER).await.expect("free");
    assert_eq!(claim(&fixture.state, 1, LEASE).await, None, "begun for this tick");
    let next = claim(&fixture.state, 2, LEASE).await.expect("the lease is over");
    check_code(fixture.state.renew_job(dead, LEASE).await, "state-out-of-turn");
    let statuses: Vec<_> = fixture.state.job_runs(10).await.unwrap();
    assert_eq!(
        statuses.iter().map(|run| (run.number, run.status())).collect::<Vec<_>>(),
        [(next, "running"), (dead, "interrupted")]
    );
}

#[tokio::test]
async fn how_a_job_ended_is_kept() {
    let fixture = fixture().await;
    let first = claim(&fixture.state, 1, LEASE).await.expect("free");
    let failed = JobOutcome::Failed { code: "no-lake".to_owned() };
    fixture.state.finish_job(first, &failed).await.unwrap();
    check_code(fixture.state.finish_job(first, &JobOutcome::Done).await, "state-out-of-turn");
    let fixture = fixture.reopened().await;
    let [run] = fixture.state.job_runs(10).await.unwrap().try_into().expect("one run");
    assert_eq!((run.outcome.as_ref(), run.status(), run.owner.as_str()), (Some(&failed), "failed", "this"));
    assert_eq!(run.due_at, tick(1));
    assert!(run.ended_at.expect("ended") >= run.begun_at && run.begun_at > tick(1) - TimeDelta::days(365));
}
