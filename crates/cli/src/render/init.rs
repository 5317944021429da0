//! A new pipeline, and what to do with it.

use super::next::{Next, commands};
use crate::commands::init::NewPipeline;
use crate::language::Catalog;

/// What was made, and what to type next.
pub fn render(catalog: &Catalog, program: &str, made: &NewPipeline) -> String {
    let folder = made.folder.as_str();
    let next = [
        Next { words: &["check", "-p", folder], why: "next-check" },
        Next { words: &["run", "-p", folder], why: "next-run" },
        Next {
            words: &["query", "-p", folder, "SELECT * FROM golden.profiles LIMIT 5"],
            why: "next-query-analyst",
        },
    ];
    let done = catalog.message("init-done", &[("folder", folder.into())]);
    format!("{done}\n\n{}", commands(catalog, program, &next))
}
