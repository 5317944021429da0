//! Steps that are timed, go on after a failure, and are summed up at the end.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// How a step ended; the texts say why.
pub enum Verdict {
    /// All as it should be.
    Passed,
    /// The whole run fails, the other steps still run.
    Failed(String),
    /// It could not run, because of an earlier failure or for want of something this machine lacks.
    Skipped(String),
}

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// The steps so far.
#[derive(Default)]
pub struct Summary {
    rows: Vec<(&'static str, Duration, Verdict)>,
    notes: Vec<String>,
}

impl Summary {
    /// Runs and times one step; true if it passed.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Verdict) -> bool {
        println!("\n── {name} ──");
        let start = Instant::now();
        let verdict = work();
        if let Verdict::Failed(problem) = &verdict {
            println!("{name} failed: {problem}");
        }
        let passed = matches!(verdict, Verdict::Passed);
        self.rows.push((name, start.elapsed(), verdict));
        passed
    }

    /// Says, now and once more at the end, what could not be had.
    pub fn note(&mut self, text: String) {
        println!("note: {text}");
        self.notes.push(text);
    }

    /// Prints the table of steps and turns it into an exit code: 0 if nothing failed, else 1.
    pub fn conclude(&self) -> ExitCode {
        println!("\n{}", self.render());
        let failed = self.rows.iter().any(|(_, _, verdict)| matches!(verdict, Verdict::Failed(_)));
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn render(&self) -> String {
        let width =
            self.rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max("step".len());
        let mut lines = vec![format!("{:<width$}  {:>8}  result", "step", "seconds")];
        for (name, elapsed, verdict) in &self.rows {
            let result = match verdict {
                Verdict::Passed => "passed".to_owned(),
                Verdict::Failed(problem) => format!("FAILED: {}", problem.lines().next().unwrap_or_default()),
                Verdict::Skipped(reason) => format!("skipped: {reason}"),
            };
            lines.push(format!("{name:<width$}  {:>8.1}  {result}", elapsed.as_secs_f64()));
        }
        let total: Duration = self.rows.iter().map(|(_, elapsed, _)| *elapsed).sum();
        lines.push(format!("{:<width$}  {:>8.1}", "total", total.as_secs_f64()));
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.join("\n")
    }
}

/// Runs a command with this program's output.
///
/// # Errors
/// A text for people if it cannot be started or does not end with exit code 0.
pub fn run_to_end(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(cause) => Err(format!("`{shown}` could not be started: {cause}")),
    }
}

/// Whether a command can be started and ends well; its output is of no interest.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
