//! What the text of a source file must not contain.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folders of the workspace with Rust in them.
pub const FOLDERS: [&str; 4] = ["crates", "benches", "tests", "xtask"];

/// The most lines a file may have: what a reader takes in at one sitting.
const MOST_LINES: usize = 500;

/// Longer files, and why. Keep this short.
const LONGER: &[(&str, &str)] = &[];

/// Words, written here in two parts, that mean something was left unfinished.
const UNFINISHED: [&str; 3] = [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("#[ig", "nore")];

/// Ways to read the environment at run time.
const ENVIRONMENT: [&str; 3] = [concat!("env::", "var"), concat!("dot", "env"), concat!("env::", "home_dir")];

/// Where the environment may be read: the program's configuration, this tool, and tests in search of their data.
const READS_THE_ENVIRONMENT: [&str; 4] = ["crates/cli/", "xtask/", "tests/", "benches/"];

/// A source file: its path below the workspace, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All Rust files of the workspace.
pub fn sources(root: &Path) -> Vec<Source> {
    let mut pending: Vec<PathBuf> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder of the workspace can be listed");
            pending.extend(entries.map(|entry| entry.expect("its entries can be read").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            let below = path.strip_prefix(root).expect("the search began at the root");
            found.push(Source { path: below.to_string_lossy().replace('\\', "/"), text });
        }
    }
    found
}

/// Files longer than a reader's patience, and exceptions that are no longer needed.
pub fn too_long(sources: &[Source]) -> Vec<String> {
    let excepted = |path: &str| LONGER.iter().any(|(long, _)| *long == path);
    let wrong = sources.iter().filter_map(|Source { path, text }| match text.lines().count() {
        lines if lines > MOST_LINES && !excepted(path) => Some(format!("{path} has {lines} lines: split it")),
        lines if lines <= MOST_LINES && excepted(path) => Some(format!("{path} needs no exception any more")),
        _ => None,
    });
    wrong.collect()
}

/// Stubs, and tests that do not run.
pub fn unfinished(sources: &[Source]) -> Vec<String> {
    lines_with(sources, &UNFINISHED)
}

/// Reads of the environment outside the places that may.
pub fn reads_of_the_environment(sources: &[Source]) -> Vec<String> {
    let free = |path: &str| {
        READS_THE_ENVIRONMENT.iter().any(|folder| path.starts_with(folder))
            || path.ends_with("/tests.rs")
            || path.ends_with("/testing.rs")
            || path.contains("/tests/")
    };
    let bound = sources.iter().filter(|source| !free(&source.path));
    bound.flat_map(|source| lines_with(std::slice::from_ref(source), &ENVIRONMENT)).collect()
}

fn lines_with(sources: &[Source], parts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for Source { path, text } in sources {
        for (index, line) in text.lines().enumerate() {
            found.extend(
                parts
                    .iter()
                    .filter(|part| line.contains(*part))
                    .map(|part| format!("{path}:{}: {part}", index + 1)),
            );
        }
    }
    found
}
