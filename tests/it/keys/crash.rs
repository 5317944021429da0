//! `keys rotate` and `keys destroy-generation` killed with SIGKILL, at whatever
//! point, and asked for again.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{check_readable, generations, published, start, with_pages};
use crate::common::Workspace;

/// Enough that moving them takes a while.
const PAGES: usize = 2_500;

const ROTATE: &[&str] = &["keys", "rotate"];
const DESTROY: &[&str] = &["keys", "destroy-generation", "1", "--yes"];

/// Kills once `reached` holds; says whether that was before the end.
fn kill_when(mut child: Child, mut reached: impl FnMut() -> bool) -> bool {
    loop {
        let ended = child.try_wait().expect("a child").is_some();
        if ended || reached() {
            // An error here means that it has ended meanwhile.
            let _ = child.kill();
            return child.wait().expect("a child").code().is_none();
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Everything can be read right after the kill, and the same command continues.
#[track_caller]
fn check_rotated(workspace: &Workspace, killed: &str) {
    check_readable(workspace);
    let report = workspace.json(ROTATE);
    let newest = report["generation"].as_u64().expect("a number");
    // A kill at the very end finds it ended, and asking again is another rotation.
    assert!((2..=3).contains(&newest), "generation {newest} after a kill at {killed}");
    let status = workspace.json(&["keys", "status"]);
    assert_eq!(status["rotation"], json!(null), "{killed}");
    let (last, older) = split(generations(workspace));
    assert_eq!(last.0, newest, "{killed}");
    for (generation, _, pages) in older {
        assert_eq!(pages, 0, "pages under generation {generation} after a kill at {killed}");
        workspace.json(&["keys", "destroy-generation", &generation.to_string(), "--yes"]);
    }
    check_readable(workspace);
}

/// Number, state, pages.
type Generation = (u64, String, u64);

fn split(mut generations: Vec<Generation>) -> (Generation, Vec<Generation>) {
    let last = generations.pop().expect("a generation");
    (last, generations)
}

#[track_caller]
fn check_destroyed(workspace: &Workspace, killed: &str) {
    check_readable(workspace);
    let report = workspace.json(DESTROY);
    assert_eq!(report["state"], json!("destroyed"), "after a kill at {killed}");
    assert_eq!(generations(workspace)[0].1, "destroyed", "after a kill at {killed}");
    check_readable(workspace);
}

fn not_rotated() -> Workspace {
    let workspace = published();
    with_pages(&workspace, PAGES);
    workspace
}

fn rotated() -> Workspace {
    let workspace = published();
    workspace.json(ROTATE);
    workspace
}

/// How long a command takes that nobody kills.
fn undisturbed(workspace: &Workspace, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    workspace.json(arguments);
    started.elapsed()
}

#[track_caller]
fn check_parts(
    arguments: &[&str],
    made: fn() -> Workspace,
    check: fn(&Workspace, &str),
    parts: impl IntoIterator<Item = u32>,
) {
    let took = undisturbed(&made(), arguments);
    let mut killed = false;
    for part in parts {
        let workspace = made();
        let moment = Instant::now() + took.mul_f64(f64::from(part) / 9.0);
        killed |= kill_when(start(&workspace, arguments), || Instant::now() >= moment);
        check(&workspace, &format!("{part}/9 of the time"));
    }
    assert!(killed, "not one kill came in time");
}

#[test]
fn a_rotation_killed_at_any_time_is_continued() {
    check_parts(ROTATE, not_rotated, check_rotated, 1..=8);
}

#[test]
fn a_destruction_killed_at_any_time_is_completed() {
    check_parts(DESTROY, rotated, check_destroyed, 1..=8);
}

/// Whether a step is seen to be done.
type Reached<'a> = &'a dyn Fn(&Workspace) -> bool;

/// Kills as soon as a step is seen to be done.
#[track_caller]
fn check_steps(
    arguments: &[&str],
    made: fn() -> Workspace,
    check: fn(&Workspace, &str),
    steps: &[(&str, Reached<'_>)],
) {
    for (step, reached) in steps {
        let workspace = made();
        let mut seen = false;
        kill_when(start(&workspace, arguments), || {
            seen = reached(&workspace);
            seen
        });
        // The last steps may be seen only when all is over, which is a moment like any other.
        assert!(seen || reached(&workspace), "{step} was never seen");
        check(&workspace, step);
    }
}

fn keyring_has(text: &'static str) -> impl Fn(&Workspace) -> bool {
    move |workspace| {
        let keyring: Option<Value> = std::fs::read(workspace.file("state/keyring.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        keyring.expect("always whole").to_string().contains(text)
    }
}

fn state_has(sql: &'static str, at_least: i64) -> impl Fn(&Workspace) -> bool {
    move |workspace| workspace.state(sql) >= at_least
}

#[test]
fn a_rotation_killed_after_any_of_its_steps_is_continued() {
    const MOVED: &str = "SELECT count(*) FROM key_pages WHERE generation = 2";
    check_steps(
        ROTATE,
        not_rotated,
        check_rotated,
        &[
            ("announced", &|workspace| !workspace.audited("rotate").is_empty()),
            ("begun", &state_has("SELECT count(*) FROM key_rotations", 1)),
            ("made in the keyring", &keyring_has("\"number\":2")),
            ("opened", &state_has("SELECT count(opened_at) FROM key_rotations", 1)),
            ("the first pages moved", &state_has(MOVED, 1)),
            ("half of the pages moved", &state_has(MOVED, PAGES as i64 / 2)),
            ("the last pages moved", &state_has(MOVED, PAGES as i64)),
            ("ended", &state_has("SELECT count(ended_at) FROM key_rotations", 1)),
        ],
    );
}

#[test]
fn a_destruction_killed_after_any_of_its_steps_is_completed() {
    check_steps(
        DESTROY,
        rotated,
        check_destroyed,
        &[
            ("announced", &|workspace| !workspace.audited("destroy").is_empty()),
            ("asked for", &keyring_has("destr")),
            ("destroyed in the keyring", &keyring_has("destroyed_at")),
            ("concluded", &|workspace| {
                workspace.audited("destroy").iter().any(|(_, outcome)| outcome.is_some())
            }),
        ],
    );
}

#[test]
fn a_rotation_killed_again_and_again_is_continued() {
    let workspace = not_rotated();
    let mut killed = 0;
    for pages in [1, 300, 900, 1_500, 2_100] {
        let reached = || workspace.state("SELECT count(*) FROM key_pages WHERE generation = 2") >= pages;
        killed += u32::from(kill_when(start(&workspace, ROTATE), reached));
        check_readable(&workspace);
    }
    assert!(killed > 2, "only {killed} kills came in time");
    check_rotated(&workspace, "five moments");
}
