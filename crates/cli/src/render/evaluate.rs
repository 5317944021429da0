//! How well clusters agree with a known truth.

use vermeil_resolve::measure::Prevailing;

use super::table::{Grid, count, percent, text};
use crate::accuracy::Accuracy;
use crate::language::Catalog;

/// Measures, and what was left out of them.
pub fn render(catalog: &Catalog, accuracy: &Accuracy) -> String {
    let records = [("records", accuracy.truth_records.into())];
    let mut parts = vec![catalog.message("evaluate-records", &records), measures(catalog, accuracy)];
    for (id, records) in
        [("evaluate-unclustered", accuracy.unclustered), ("evaluate-unknown", accuracy.unknown)]
    {
        if records > 0 {
            parts.push(catalog.message(id, &[("records", records.into())]));
        }
    }
    parts.join("\n")
}

/// Precision, recall and F1, and the kind of error that dominates.
pub fn measures(catalog: &Catalog, accuracy: &Accuracy) -> String {
    let mut grid = Grid::new(catalog, &["measure", "precision", "recall", "f1"]);
    grid.row(vec![
        text(catalog.text("measure-pairwise")),
        percent(catalog, accuracy.pairwise_precision),
        percent(catalog, accuracy.pairwise_recall),
        percent(catalog, accuracy.pairwise_f1),
    ]);
    grid.row(vec![
        text(catalog.text("measure-b3")),
        percent(catalog, accuracy.b3_precision),
        percent(catalog, accuracy.b3_recall),
        percent(catalog, accuracy.b3_f1),
    ]);
    let mut errors = Grid::facts(catalog);
    errors.fact("false-merges", count(catalog, accuracy.false_merges));
    errors.fact("false-splits", count(catalog, accuracy.false_splits));
    let prevailing = match accuracy.prevailing {
        Prevailing::FalseMerges => "prevailing-false-merges",
        Prevailing::FalseSplits => "prevailing-false-splits",
        Prevailing::Neither => "prevailing-neither",
    };
    [grid.finish(), errors.finish(), catalog.text(prevailing)].join("\n")
}
