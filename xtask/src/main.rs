//! Development tasks, run as `cargo xtask <task>` from anywhere in the workspace.
//!
//! Standard library only: this must build in a second, before anything else does.

#[cfg(test)]
mod architecture;
mod postgres;
mod python;
mod quality;
mod smoke;
mod softhsm;
mod steps;
mod surroundings;
mod test;
mod traces;

use std::process::{Command, ExitCode};

use surroundings::Surroundings;

const HELP: &str = "\
cargo xtask <task>

  test           everything that must hold before a change goes in: format, traces of
                 machines, clippy, all tests, doc tests, and the demo as a smoke test
  tools          only what `test` installs for the tests: a Python environment and,
                 for an administrator on Debian, the package softhsm2
  fmt            formats every crate
  lint           clippy on every target, warnings are errors
  quality [--update] [NAME…]
                 how well `vermeil dedupe` does on the real data, beside its peers; fails where
                 a figure is lower than the last one by more than 0.005; `--update` stores them;
                 of a data set with few entities that is named, those that came out wrong too
  simulate [SEEDS [FIRST]]
                 histories of loads, merges, erasures and power failures, one a seed, by default
                 10,000 from 0 on; `test` plays 200
  bench [ARGS]   the benchmarks of the README, in the release profile
  help           this text

Builds go to $CARGO_TARGET_DIR, by default <user cache folder>/vermeil/target, so that a
fresh clone finds the dependencies built. Delete that folder to get its disk space back.
Tests on real data read $VERMEIL_TEST_DATA, by default ../shared/data beside the clone.
Tests against other programs use the interpreter $VERMEIL_TEST_PYTHON, by default the one
in <user cache folder>/vermeil/python, which `test` and `tools` fill.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", &[][..]),
    };
    let surroundings = Surroundings::discover();
    match (task, rest) {
        ("test", []) => test::run(&surroundings),
        ("fmt", []) => finish(surroundings.cargo(["fmt", "--all"])),
        ("lint", []) => test::lint(&surroundings),
        ("quality", arguments) => quality::run(&surroundings, arguments),
        ("tools", []) => test::tools(&surroundings),
        ("simulate", seeds) if seeds.len() <= 2 => test::simulate(&surroundings, seeds),
        ("bench", arguments) => {
            let mut bench =
                surroundings.cargo(["run", "--release", "--locked", "-p", "vermeil-benches", "--"]);
            // Beside the program that `cargo run --release` built: its libraries serve both.
            bench.env_remove("CARGO_TARGET_DIR").args(arguments);
            finish(bench)
        }
        ("help" | "--help" | "-h", []) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("not a task: `{}`\n\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

/// Runs a command to its end and passes on whether it succeeded.
fn finish(mut command: Command) -> ExitCode {
    match steps::run_to_end(&mut command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
