//! What the demo shows.

use super::next::{Next, commands};
use super::table::{Grid, text};
use super::{evaluate, explain, run};
use crate::commands::demo::Demo;
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
    let mut lake = Grid::facts(catalog);
    lake.fact("lake", text(&demo.lake));
    parts.push(lake.finish());
    parts.push(String::new());
    parts.push(next(catalog, program, demo));
    parts.join("\n")
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
    next.push(Next { words: &again, why: "next-run-again" });
    commands(catalog, program, &next)
}
