//! A process that dies while it tells a recipient: the message comes again under the same name.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::server::{Mailer, Manner};
use super::{SECRET, certified, exported, handle_of, retried, standing, telling, webhook};
use crate::erase::{approved, found_in};
use crate::pipeline::profile_of;

#[test]
fn a_process_killed_between_telling_and_noting_tells_again_under_the_same_name() {
    let mailer = Mailer::start(Manner::Hang);
    let workspace = telling(&webhook("mailer", &mailer));
    let handle = handle_of(&exported(&workspace, "mailer", "a.csv"), 8);
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
    let mut command = workspace.command(&["erase", "run", &number.to_string()]);
    command.env("MAILER_SECRET", SECRET).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = command.spawn().expect("the binary starts");
    mailer.wait(1);
    run.kill().expect("a child");
    run.wait().expect("a child");
    assert_eq!(standing(&workspace, number).0, "running", "who was told has not said so");
    mailer.behave(Manner::Answer(200));
    assert_eq!(retried(&workspace)["completed"], json!([number]));
    let letters = mailer.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].header("webhook-id"), letters[1].header("webhook-id"));
    assert_eq!(letters[0].body, letters[1].body);
    assert_eq!(certified(&workspace, number), [("mailer".to_owned(), true)]);
    assert_eq!(found_in(&workspace, "state", &[handle]), Vec::<String>::new());
}

#[test]
fn an_erasure_killed_at_any_moment_tells_everyone_once_more_and_forgets_them() {
    for delay in [300, 600, 900, 1_200, 1_500] {
        let mailer = Mailer::start(Manner::Answer(200));
        let workspace = telling(&webhook("mailer", &mailer));
        let handle = handle_of(&exported(&workspace, "mailer", "a.csv"), 8);
        let number = approved(&workspace, &profile_of(&workspace, "shop", "S8"));
        let mut command = workspace.command(&["erase", "run", &number.to_string()]);
        command.env("MAILER_SECRET", SECRET).stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().expect("the binary starts");
        thread::sleep(Duration::from_millis(delay));
        let _ = run.kill();
        run.wait().expect("a child");
        if standing(&workspace, number).0 != "complete" {
            super::run(&workspace, &["erase", "run", &number.to_string()]);
            retried(&workspace);
        }
        assert_eq!(certified(&workspace, number), [("mailer".to_owned(), true)], "killed after {delay} ms");
        let letters = mailer.letters();
        assert!(!letters.is_empty(), "killed after {delay} ms");
        for letter in &letters {
            assert_eq!(letter.header("webhook-id"), letters[0].header("webhook-id"));
            assert_eq!(letter.json()["data"]["handles"], json!([handle]));
        }
        assert_eq!(workspace.state("SELECT count(*) FROM notices"), 1, "killed after {delay} ms");
        assert_eq!(found_in(&workspace, "state", &[handle]), Vec::<String>::new());
    }
}
