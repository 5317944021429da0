//! What a service does on time, and that two never do the same.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Served, published};
use crate::common::Workspace;
use crate::erase::approved;
use crate::pipeline::{PEOPLE, person, profile_of};
use crate::recipients::server::{Mailer, Manner};
use crate::recipients::{exported, standing, telling, told, webhook};

/// The latest runs that a service tells.
fn runs(served: &Served, token: &str) -> Vec<Value> {
    let jobs = served.get("/v1/jobs", token).expect(200);
    jobs["runs"].as_array().expect("a list").clone()
}

/// Waits until `enough` of the runs have ended.
#[track_caller]
fn wait(workspace: &Workspace, enough: impl Fn() -> bool) {
    let started = Instant::now();
    while !enough() {
        assert!(started.elapsed() < Duration::from_secs(90), "{}", workspace.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn text<'a>(run: &'a Value, key: &str) -> &'a str {
    run[key].as_str().unwrap_or_default()
}

#[test]
fn two_services_never_do_the_same_job_at_one_tick() {
    let workspace = published();
    let token = workspace.token("ada", "data_engineer");
    workspace.append("pipeline.yaml", "schedule: { optimize: \"* * * * * *\" }\n");
    let (one, other) = (Served::start(&workspace), Served::start(&workspace));
    wait(&workspace, || runs(&one, &token).iter().filter(|run| run["status"] == "done").count() >= 6);
    let all = runs(&other, &token);
    let mut ticks: BTreeMap<&str, usize> = BTreeMap::new();
    for run in &all {
        assert_eq!(run["job"], "optimize");
        assert!(matches!(text(run, "status"), "done" | "running"), "{run}");
        *ticks.entry(text(run, "due_at")).or_default() += 1;
    }
    assert!(ticks.values().all(|count| *count == 1), "{ticks:?}");
    // The log tells who claimed what: as many beginnings as runs, whoever did them.
    let begun = workspace.log().lines().filter(|line| line.contains("\"begun\"")).count();
    assert!((all.len()..=all.len() + 2).contains(&begun), "{begun} beginnings of {} runs", all.len());
    // Runs of one job do not overlap: newest first, each begins after the one before it ended.
    for pair in all.windows(2) {
        assert!(text(&pair[0], "begun_at") >= text(&pair[1], "ended_at"), "{pair:?}");
    }
}

#[test]
fn a_scheduled_run_lands_what_has_changed() {
    let workspace = published();
    let token = workspace.token("ada", "data_engineer");
    workspace.append("pipeline.yaml", "schedule: { run: \"* * * * * *\" }\n");
    let served = Served::start(&workspace);
    workspace.edit("data/shop.csv", &person(8).street, "99 quai des Brumes Perdues");
    let sql = "SELECT count(*) FROM golden.profiles WHERE street LIKE '99 quai%'";
    wait(&workspace, || workspace.cell(sql) == 1);
    let done: Vec<Value> = runs(&served, &token).into_iter().filter(|run| run["status"] == "done").collect();
    assert!(!done.is_empty());
    let figures = served.get("/metrics", &token).text;
    assert!(figures.contains("vermeil_jobs_total{job=\"run\",outcome=\"done\"}"), "{figures}");
}

#[test]
fn a_job_that_fails_is_told_with_its_code_and_tried_again() {
    let workspace = published();
    let token = workspace.token("ada", "data_engineer");
    workspace.append("pipeline.yaml", "schedule: { run: \"* * * * * *\" }\n");
    let (data, aside) = (workspace.file("data/shop.csv"), workspace.file("aside.csv"));
    std::fs::rename(&data, &aside).expect("moved");
    let served = Served::start(&workspace);
    wait(&workspace, || runs(&served, &token).iter().any(|run| run["status"] == "failed"));
    let failed = runs(&served, &token).into_iter().find(|run| run["status"] == "failed").expect("one");
    assert!(!text(&failed, "code").is_empty(), "{failed}");
    std::fs::rename(&aside, &data).expect("moved back");
    wait(&workspace, || runs(&served, &token).iter().any(|run| run["status"] == "done"));
}

#[test]
fn the_schedule_is_told_with_its_next_tick() {
    let workspace = published();
    let token = workspace.token("ada", "dpo");
    workspace.append("pipeline.yaml", "schedule: { erase: \"0 3 29 2 *\" }\n");
    let served = Served::start(&workspace);
    let jobs = served.get("/v1/jobs", &token).expect(200);
    let [job] = jobs["schedule"].as_array().expect("a list").as_slice() else { panic!("{jobs}") };
    assert_eq!((text(job, "job"), text(job, "cron")), ("erase", "0 3 29 2 *"));
    assert!(text(job, "next_at").ends_with("-02-29T03:00:00Z"), "{job}");
}

#[test]
fn a_schedule_that_is_none_is_refused_before_anything_listens() {
    let workspace = published();
    workspace.append("pipeline.yaml", "schedule: { run: \"every night\" }\n");
    let refused = workspace.run(&["serve", "--http", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.stderr.contains("schedule.run"), "{}", refused.stderr);
}

#[test]
fn recipients_are_told_on_time_until_the_erasure_is_complete() {
    let mailer = Mailer::start(Manner::Answer(503));
    let workspace = telling(&webhook("mailer", &mailer));
    workspace.append("pipeline.yaml", "schedule: { recipients: \"* * * * * *\" }\n");
    workspace.edit("pipeline.yaml", "days: 9", "days: 9, first_retry_seconds: 1");
    exported(&workspace, "mailer", "a.csv");
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
    told(&workspace, &["erase", "run", &number.to_string()]);
    let token = workspace.token("ada", "data_engineer");
    let (one, other) = (Served::start(&workspace), Served::start(&workspace));
    let waiting = one.get("/metrics", &token).text;
    assert!(waiting.contains("vermeil_waiting{kind=\"recipient\"} 1"), "{waiting}");
    wait(&workspace, || mailer.letters().len() >= 3);
    mailer.behave(Manner::Answer(200));
    wait(&workspace, || standing(&workspace, number).0 == "complete");
    let told = mailer.letters().len();
    let seconds: Vec<String> =
        mailer.letters().iter().map(|letter| letter.header("webhook-timestamp").to_owned()).collect();
    let mut apart = seconds.clone();
    apart.dedup();
    assert_eq!(seconds, apart, "two services told it at once");
    let waiting = other.get("/metrics", &token).text;
    assert!(waiting.contains("vermeil_waiting{kind=\"recipient\"} 0"), "{waiting}");
    assert_eq!(mailer.letters().len(), told, "whoever answered is told no more");
}

#[test]
fn whoever_is_kept_too_long_is_found_on_time_and_once() {
    let workspace = published();
    workspace.append(
        "pipeline.yaml",
        "retention: { until: { shop: 2020-01-01, web: 2020-01-01, club: 2020-01-01 } }\nschedule: { retention: \"* * * * * *\" }\n",
    );
    let token = workspace.token("ada", "data_engineer");
    let served = Served::start(&workspace);
    wait(&workspace, || runs(&served, &token).iter().filter(|run| run["status"] == "done").count() >= 2);
    let erasures = workspace.json_lines(&["erase", "status"]);
    assert_eq!(erasures.len(), PEOPLE, "each of them has one erasure");
    assert!(erasures.iter().all(|one| one["status"] == "open" && one["opened_by"] == "scheduler"));
}

#[test]
fn a_late_request_is_told_by_job_and_figure() {
    let workspace = published();
    let received = (chrono::Utc::now() - chrono::TimeDelta::days(40)).date_naive().to_string();
    let open = ["request", "open", "access", "--received", &received];
    let opened = crate::requests::ask(&workspace, &open, &crate::requests::email_of(3));
    assert_eq!(opened.code, 0, "{}", opened.stderr);
    workspace.append("pipeline.yaml", "schedule: { deadlines: \"* * * * * *\" }\n");
    let token = workspace.token("ada", "data_engineer");
    let served = Served::start(&workspace);
    wait(&workspace, || runs(&served, &token).iter().any(|run| run["status"] == "failed"));
    let failed = runs(&served, &token).into_iter().find(|run| run["status"] == "failed").expect("one");
    assert_eq!((text(&failed, "job"), text(&failed, "code")), ("deadlines", "request-overdue"));
    let figures = served.get("/metrics", &token).text;
    assert!(figures.contains("vermeil_waiting{kind=\"request_overdue\"} 1"), "{figures}");
}
