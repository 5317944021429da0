//! How well clusters agree with a known truth.

use vermeil_resolve::measure::{Calibration, Prevailing};

use super::table::{Grid, count, percent, text};
use crate::accuracy::Accuracy;
use crate::commands::evaluate::Evaluated;
use crate::language::Catalog;

/// Measures, and what was left out of them.
pub fn render(catalog: &Catalog, evaluated: &Evaluated) -> String {
    let accuracy = &evaluated.accuracy;
    let records = [("records", accuracy.truth_records.into())];
    let mut parts = vec![catalog.message("evaluate-records", &records), measures(catalog, accuracy)];
    for (id, records) in
        [("evaluate-unclustered", accuracy.unclustered), ("evaluate-unknown", accuracy.unknown)]
    {
        if records > 0 {
            parts.push(catalog.message(id, &[("records", records.into())]));
        }
    }
    parts.extend(evaluated.calibration.as_ref().map(|found| calibration(catalog, found)));
    parts.join("\n")
}

/// Predicted risks of false merges beside the share that came true.
fn calibration(catalog: &Catalog, calibration: &Calibration) -> String {
    let mut grid = Grid::new(catalog, &["risk", "clusters", "mean-risk", "false-share"]);
    for bin in &calibration.bins {
        let [from, to] = [bin.from, bin.to].map(|edge| catalog.language.number(edge * 100.0, 0));
        grid.row(vec![
            text(catalog.message("evaluate-bin", &[("from", from.into()), ("to", to.into())])),
            count(catalog, bin.clusters),
            percent(catalog, bin.mean_risk),
            percent(catalog, bin.false_share),
        ]);
    }
    let language = catalog.language;
    let arguments = [
        ("clusters", calibration.clusters.into()),
        ("expected", language.number(calibration.expected_false, 1).into()),
        ("observed", language.integer(calibration.observed_false).into()),
        ("error", language.percent(calibration.expected_calibration_error).into()),
    ];
    [grid.finish(), catalog.message("evaluate-calibration", &arguments)].join("\n")
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
