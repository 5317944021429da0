use std::process::{Command, ExitCode};

use super::{Summary, Verdict, run_to_end};

#[track_caller]
fn check(verdicts: Vec<Verdict>, code: ExitCode) -> String {
    let mut summary = Summary::default();
    for verdict in verdicts {
        summary.step("step", || verdict);
    }
    assert_eq!(format!("{:?}", summary.conclude()), format!("{code:?}"));
    summary.render()
}

#[test]
fn one_failure_fails_the_run_but_later_steps_still_run() {
    let table = check(vec![Verdict::Failed("broken\ndetails".into()), Verdict::Passed], ExitCode::FAILURE);
    assert!(table.contains("FAILED: broken\n"), "{table}");
    assert!(table.contains("passed"), "{table}");
}

#[test]
fn a_run_without_failure_succeeds() {
    check(vec![Verdict::Passed, Verdict::Passed], ExitCode::SUCCESS);
}

#[test]
fn a_command_that_cannot_be_started_or_fails_is_an_error() {
    let absent = run_to_end(&mut Command::new("no-such-program-anywhere")).expect_err("it does not exist");
    assert!(absent.contains("could not be started"), "{absent}");
    let failing =
        run_to_end(Command::new("cargo").arg("no-such-command")).expect_err("not a command of cargo");
    assert!(failing.contains("cargo no-such-command"), "{failing}");
}
