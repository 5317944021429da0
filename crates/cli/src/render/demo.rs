//! What the demo shows.

use vermeil_engine::LookBackReport;

use super::next::{Next, commands};
use super::table::{Grid, text};
use super::{evaluate, explain, run};
use crate::commands::demo::{Demo, Ending};
use crate::language::Catalog;

/// Stages, counts, accuracy, one profile, the lake, and what to type next.
pub fn render(catalog: &Catalog, program: &str, demo: &Demo) -> String {
    let mut parts = vec![
        catalog.text("demo-stages"),
        run::stages(catalog, &demo.run.stages, demo.run.seconds),
        run::sources(catalog, &demo.run),
        run::counts(catalog, &demo.run),
    ];
    parts.extend(run::warnings(catalog, &demo.run));
    parts.push(String::new());
    parts.push(catalog.text("demo-accuracy"));
    parts.push(evaluate::measures(catalog, &demo.accuracy));
    if demo.accuracy.unclustered > 0 {
        let accounts = [("accounts", demo.accuracy.unclustered.into())];
        parts.push(catalog.message("demo-unpublished", &accounts));
    }
    if let Some(example) = &demo.example {
        let sources: std::collections::BTreeSet<_> =
            example.members.iter().map(|member| member.source.as_str()).collect();
        let arguments = [
            ("accounts", example.members.len().into()),
            ("sources", sources.len().into()),
            ("role", demo.role.as_str().into()),
            ("purpose", demo.purpose.as_str().into()),
        ];
        parts.push(String::new());
        parts.push(catalog.message("demo-example", &arguments));
        parts.push(explain::values(catalog, example));
    }
    if let Some(ending) = &demo.ending {
        parts.push(String::new());
        parts.push(catalog.text("demo-ending"));
        parts.push(told(catalog, ending));
        parts.push(searched(catalog, ending));
    }
    let mut lake = Grid::facts(catalog);
    lake.fact("lake", text(&demo.lake));
    parts.push(lake.finish());
    parts.push(String::new());
    parts.push(next(catalog, program, demo));
    parts.join("\n")
}

/// What happened to one customer.
fn told(catalog: &Catalog, ending: &Ending) -> String {
    let export = |profiles: u64| {
        catalog.message(
            "demo-exported",
            &[("profiles", profiles.into()), ("recipient", ending.recipient.as_str().into())],
        )
    };
    let outcome = match ending.is_in_export_after {
        true => "demo-withdrawn-in-vain",
        false => "demo-withdrawn",
    };
    let mut facts = Grid::facts(catalog);
    facts.fact("demo-before-withdrawal", text(export(ending.exported_before)));
    facts.fact("demo-after-withdrawal", text(export(ending.exported_after) + " " + &catalog.text(outcome)));
    let erased = [
        ("number", ending.erasure.to_string().into()),
        ("records", ending.records.into()),
        ("unreadable", catalog.language.seconds(ending.unreadable_after).into()),
        ("seconds", catalog.language.seconds(ending.seconds).into()),
        ("status", catalog.text(&format!("erase-status-{}", ending.status)).into()),
    ];
    facts.fact("demo-erasure", text(catalog.message("demo-erased", &erased)));
    let recipients = [("recipients", ending.recipients_told.into())];
    facts.fact("demo-recipients", text(catalog.message("demo-recipients-told", &recipients)));
    facts.fact("demo-certificate", text(&ending.certificate));
    facts.finish()
}

/// Where that customer was looked for, and what was found.
fn searched(catalog: &Catalog, ending: &Ending) -> String {
    let Ending { before, after, .. } = ending;
    let mut grid = Grid::new(catalog, &["demo-looked-by", "demo-before-erasure", "demo-after-erasure"]);
    let foreign = |found: Option<u64>| match found {
        Some(rows) => catalog.message("demo-rows", &[("rows", rows.into())]),
        None => catalog.text("demo-not-installed"),
    };
    let versions = |found: &LookBackReport| {
        let arguments = [
            ("rows", found.rows.into()),
            ("keys", found.rows_with_key.into()),
            ("versions", found.versions.into()),
            ("refused", found.versions_refused.into()),
        ];
        catalog.message("demo-rows-of-versions", &arguments)
    };
    let mut row = |name: &str, before: String, after: String| {
        grid.row(vec![text(catalog.text(name)), text(before), text(after)]);
    };
    row("demo-by-pyarrow", foreign(before.foreign.pyarrow), foreign(after.foreign.pyarrow));
    row("demo-by-duckdb", foreign(before.foreign.duckdb), foreign(after.foreign.duckdb));
    row("demo-by-time-travel", versions(&before.versions), versions(&after.versions));
    row("demo-by-backup", versions(&before.backup), versions(&after.backup));
    grid.finish()
}

fn next(catalog: &Catalog, program: &str, demo: &Demo) -> String {
    let folder = demo.folder.as_str();
    let grant = ["--role", demo.role.as_str(), "--purpose", demo.purpose.as_str()];
    let by_country =
        "SELECT country, count(*) AS profiles FROM golden.profiles GROUP BY country ORDER BY profiles DESC";
    let names = "SELECT given_name, family_name, email FROM golden.profiles LIMIT 5";
    let analyst = ["query", "-p", folder, by_country];
    let opened = [&["query", "-p", folder][..], &grant, &[names]].concat();
    let example = demo.example.as_ref().map_or("", |example| example.profile.as_str());
    let explained = [&["explain", "-p", folder, example][..], &grant].concat();
    let mut next = vec![
        Next { words: &analyst, why: "next-query-analyst" },
        Next { words: &opened, why: "next-query-opened" },
    ];
    if demo.example.is_some() {
        next.push(Next { words: &explained, why: "next-explain" });
    }
    let again = ["run", "-p", folder];
    let quarantine = ["quarantine", "ls", "-p", folder];
    next.push(Next { words: &quarantine, why: "next-quarantine" });
    let proven: Vec<&str> = match &demo.ending {
        Some(ending) => vec!["prove", "-p", folder, "--certificate", &ending.certificate],
        None => Vec::new(),
    };
    if !proven.is_empty() {
        next.push(Next { words: &proven, why: "next-prove" });
    }
    next.push(Next { words: &again, why: "next-run-again" });
    commands(catalog, program, &next)
}
