use std::{env, fs, process::Command};

use super::{STAMP, is_made_from, last_words, run};

#[test]
fn only_the_same_requirements_spare_an_installation() {
    let environment = env::temp_dir().join(format!("vermeil-xtask-python-{}", std::process::id()));
    fs::create_dir_all(&environment).expect("a temporary folder");
    let before = is_made_from(&environment, "moto==5\n");
    fs::write(environment.join(STAMP), "moto==5\n").expect("a file");
    let (same, other) = (is_made_from(&environment, "moto==5\n"), is_made_from(&environment, "moto==6\n"));
    fs::remove_dir_all(&environment).expect("removed");
    assert_eq!((before, same, other), (false, true, false));
}

#[test]
fn the_last_words_of_a_program_are_told() {
    assert_eq!(
        last_words(b"Collecting moto\nERROR: no matching distribution\n \n"),
        "ERROR: no matching distribution"
    );
    assert_eq!(last_words(b""), "no message");
}

#[test]
fn a_missing_program_is_named() {
    let problem = run(&mut Command::new("no-such-python")).expect_err("it does not exist");
    assert!(problem.contains("`no-such-python` could not be started"), "{problem}");
}
