//! The match model that runs go by.

use vermeil_engine::{KeptModelReport, LEAST_RECORDS, RefreshReport};

use super::changes;
use super::table::{Grid, bits, count, number, text};
use crate::language::Catalog;

/// Since when it holds, and what each level of each comparison says.
pub fn kept(catalog: &Catalog, kept: Option<&KeptModelReport>) -> String {
    let Some(kept) = kept else {
        return catalog.message("model-none", &[("least", LEAST_RECORDS.into())]);
    };
    let arguments = [
        ("model", kept.number.to_string().into()),
        ("records", kept.records.into()),
        ("at", kept.made_at.as_str().into()),
    ];
    let mut parts = vec![catalog.message("model-kept", &arguments)];
    if !kept.in_force {
        parts.push(catalog.text("model-does-not-fit"));
    }
    if let Some(model) = &kept.model {
        let mut grid = Grid::new(catalog, &["evidence", "level", "m", "u", "bits"]);
        let prior = text(catalog.text("explain-prior"));
        grid.row(vec![prior, text(""), text(""), text(""), bits(catalog, model.prior().0)]);
        for comparison in &model.comparisons {
            for level in comparison.levels.iter().rev() {
                grid.row(vec![
                    text(&comparison.field),
                    text(&level.name),
                    number(catalog, level.m, 4),
                    number(catalog, level.u, 6),
                    bits(catalog, (level.m / level.u).log2()),
                ]);
            }
        }
        parts.push(grid.finish());
    }
    parts.join("\n")
}

/// What a new model changes, or would.
pub fn refreshed(catalog: &Catalog, report: &RefreshReport) -> String {
    let mut facts = Grid::facts(catalog);
    for (name, value) in [("profiles", report.profiles), ("merges", report.merges), ("splits", report.splits)]
    {
        facts.fact(name, count(catalog, value));
    }
    if report.decided_pairs > 0 {
        facts.fact("decided-pairs", count(catalog, report.decided_pairs));
    }
    let mut parts = vec![facts.finish()];
    parts.extend(changes::examples(catalog, &report.merge_examples, &report.split_examples));
    parts.push(match report.kept {
        Some(model) => catalog.message("model-refreshed", &[("model", model.to_string().into())]),
        None => catalog.text("model-tried"),
    });
    parts.join("\n")
}
