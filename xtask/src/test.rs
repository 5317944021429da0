//! `cargo xtask test`: the one test command, for developers and for continuous integration.
//!
//! Cold, nearly all of its time goes into compiling dependencies, so it compiles them once. `cargo clippy` would
//! not share them with the tests (it wants metadata, tests want code). Instead clippy's driver stands in for the
//! compiler of the workspace's own crates while everything is built for the tests: one build that lints.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use crate::{
    postgres, python, quality, smoke, softhsm,
    steps::{Summary, Verdict, run_to_end, succeeds},
    surroundings::Surroundings,
    traces,
};

/// Runs every step; the exit code is 0 only if all of them passed.
pub fn run(surroundings: &Surroundings) -> ExitCode {
    let mut summary = Summary::default();
    println!("builds in {}", surroundings.target.display());
    say_what_is_missing(surroundings, &mut summary);

    summary.step("format", || run_to_end(&mut surroundings.cargo(["fmt", "--all", "--check"])).into());
    summary.step("traces of machines", || traces::search(&surroundings.root).into());

    let linter = Linter::choose();
    let linted = summary.step("build with clippy", || linter.run(surroundings).into());
    // A lint stops the linting compiler. The tests are still worth knowing, so they get the plain one.
    let compiler = if linted { linter.compiler() } else { Compiler::Plain };

    get_tools(surroundings, &mut summary);
    let nextest = nextest_is_here_or_gets_installed(surroundings, &mut summary);
    let runner: &[&str] = if nextest {
        &["nextest", "run", "--no-fail-fast"]
    } else {
        &["test", "--no-fail-fast", "--lib", "--bins", "--tests"]
    };
    summary.step("tests", || {
        let arguments = runner.iter().chain(&["--workspace", "--locked"]);
        let mut tests = compiler.cargo(surroundings, arguments);
        run_to_end(&mut tests).into()
    });
    summary.step("doc tests", || {
        run_to_end(&mut compiler.cargo(surroundings, ["test", "--doc", "--workspace", "--locked"])).into()
    });
    summary.step("demo", || {
        // Only says which of several builds `debug/vermeil` is, and fails where there is none.
        let build = ["build", "--workspace", "--bins", "--locked"];
        match run_to_end(&mut compiler.cargo(surroundings, build)) {
            Ok(()) => smoke::demo(&surroundings.dev_binary("vermeil")).into(),
            Err(_) => Verdict::Skipped("the program does not build".into()),
        }
    });
    summary.step("quality", || quality::quick(surroundings));
    summary.conclude()
}

/// Only the simulation of `vermeil-engine`: how many seeds, and the first of them.
pub fn simulate(surroundings: &Surroundings, seeds: &[String]) -> ExitCode {
    let seed = |position: usize, otherwise: u64| match seeds.get(position) {
        None => Ok(otherwise),
        Some(typed) => typed.parse().map_err(|_| format!("not a number of seeds: `{typed}`")),
    };
    let mut summary = Summary::default();
    summary.step("simulation", || {
        let (count, first) = match (seed(0, 10_000), seed(1, 0)) {
            (Ok(count), Ok(first)) => (count, first),
            (Err(problem), _) | (_, Err(problem)) => return Verdict::Failed(problem),
        };
        let tests = ["test", "--workspace", "--lib", "--locked", "--", "simulation::"];
        let mut tests = surroundings.cargo(tests);
        tests.env("VERMEIL_SIMULATION_SEEDS", count.to_string());
        tests.env("VERMEIL_SIMULATION_FIRST", first.to_string());
        run_to_end(&mut tests).into()
    });
    summary.conclude()
}

/// Only the linting build.
pub fn lint(surroundings: &Surroundings) -> ExitCode {
    let mut summary = Summary::default();
    summary.step("build with clippy", || Linter::choose().run(surroundings).into());
    summary.conclude()
}

/// Only what the tests need beside this workspace.
pub fn tools(surroundings: &Surroundings) -> ExitCode {
    let mut summary = Summary::default();
    if get_tools(surroundings, &mut summary) { summary.conclude() } else { ExitCode::FAILURE }
}

/// What compiles the workspace's own crates. Dependencies always get plain rustc.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compiler {
    Plain,
    Linting,
}

/// How `cargo clippy -- -D warnings` hands its arguments to the driver. `Linter::choose` tries it out first.
const CLIPPY_ARGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

impl Compiler {
    /// Cargo with this compiler. The same one for all commands of a run, or the workspace is built again.
    fn cargo<A: AsRef<std::ffi::OsStr>>(
        self,
        surroundings: &Surroundings,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = surroundings.cargo(arguments);
        if self == Self::Linting {
            command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", CLIPPY_ARGS);
        }
        command
    }
}

/// Two ways to the same lints.
enum Linter {
    /// The driver compiles: dependencies are shared with the tests.
    WhileBuilding,
    /// `cargo clippy`, which checks all dependencies once more.
    Apart,
}

impl Linter {
    /// Shows the driver a snippet it must refuse. Were its interface to change, a build without warnings would
    /// otherwise prove nothing.
    fn choose() -> Self {
        let snippet = "#![crate_type = \"lib\"]\n//! S\n/// F\npub fn f(b: bool) -> bool { b == true }\n";
        match driver_accepts(snippet) {
            Some(false) => Self::WhileBuilding,
            Some(true) | None => Self::Apart,
        }
    }

    fn compiler(&self) -> Compiler {
        match self {
            Self::WhileBuilding => Compiler::Linting,
            Self::Apart => Compiler::Plain,
        }
    }

    fn run(&self, surroundings: &Surroundings) -> Result<(), String> {
        let everything = ["--workspace", "--all-targets", "--locked"];
        match self {
            Self::WhileBuilding => run_to_end(
                &mut Compiler::Linting.cargo(surroundings, [&["build"], everything.as_slice()].concat()),
            ),
            Self::Apart => run_to_end(
                &mut surroundings
                    .cargo([&["clippy"], everything.as_slice(), &["--", "-D", "warnings"]].concat()),
            ),
        }
    }
}

/// `None` if the driver is absent.
fn driver_accepts(snippet: &str) -> Option<bool> {
    let compiled = std::env::temp_dir().join(format!("vermeil-snippet-{}.rmeta", std::process::id()));
    let mut driver = Command::new("clippy-driver")
        .args(["rustc", "-", "--edition", "2024", "--emit=metadata", "-o"])
        .arg(&compiled)
        .env("CLIPPY_ARGS", CLIPPY_ARGS)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    driver.stdin.take()?.write_all(snippet.as_bytes()).ok()?;
    let accepted = driver.wait().ok()?.success();
    // A snippet that was refused left nothing behind.
    let _ = std::fs::remove_file(&compiled);
    Some(accepted)
}

/// Without most of them the tests that need them are skipped, which fails nothing.
fn get_tools(surroundings: &Surroundings, summary: &mut Summary) -> bool {
    let python = get_tool("tools: Python", "tests against other programs are skipped", summary, || {
        python::prepare(surroundings)
    });
    let token =
        get_tool("tools: SoftHSM", "tests against a PKCS#11 token are skipped", summary, softhsm::prepare);
    // Its tests fail without it: what holds on one database only is not known to hold.
    let server = get_tool(
        "tools: PostgreSQL",
        "tests of a state database at a server fail",
        summary,
        postgres::prepare,
    );
    python && token && server
}

fn get_tool(
    step: &'static str,
    without: &str,
    summary: &mut Summary,
    prepare: impl FnOnce() -> Result<(), String>,
) -> bool {
    let mut missing = None;
    let complete = summary.step(step, || match prepare() {
        Ok(()) => Verdict::Passed,
        Err(problem) => {
            missing = Some(problem.clone());
            Verdict::Skipped(problem)
        }
    });
    if let Some(problem) = missing {
        summary.note(format!("{without}: {problem}"));
    }
    complete
}

fn nextest_is_here_or_gets_installed(surroundings: &Surroundings, summary: &mut Summary) -> bool {
    let present = || succeeds(&mut surroundings.cargo(["nextest", "--version"]));
    if present() {
        return true;
    }
    println!("cargo-nextest is not installed: trying `cargo install cargo-nextest --locked`, some minutes");
    let mut install = surroundings.cargo(["install", "cargo-nextest", "--locked"]);
    // Not into the target folder of the workspace, where its release build would only take space.
    install.env_remove("CARGO_TARGET_DIR");
    let installed = run_to_end(&mut install).is_ok() && present();
    if !installed {
        summary.note("cargo-nextest could not be installed; `cargo test` ran the tests".into());
    }
    installed
}

/// Everything the tests can use and this machine does not have.
fn say_what_is_missing(surroundings: &Surroundings, summary: &mut Summary) {
    if !succeeds(Command::new("cc").arg("--version")) {
        summary.note("no C compiler (`cc`): SQLite and zstd will not build; on Debian, install `gcc`".into());
    }
    if !Path::new(&surroundings.test_data).is_dir() {
        summary.note(format!(
            "no real data at {} (set VERMEIL_TEST_DATA): tests that read it are skipped",
            surroundings.test_data.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::driver_accepts;

    #[test]
    fn the_linting_compiler_refuses_a_warning_and_accepts_clean_code() {
        let clean = "#![crate_type = \"lib\"]\n//! S\n/// F\npub fn f(b: bool) -> bool { b }\n";
        let doubtful = clean.replace("{ b }", "{ b == true }");
        assert_eq!((driver_accepts(clean), driver_accepts(&doubtful)), (Some(true), Some(false)));
    }
}
