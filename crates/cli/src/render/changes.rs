//! Profiles that would merge or part, for example.

use vermeil_engine::ChangeExample;

use super::decisions::grounds;
use super::table::{Cell, Grid, bits, percent, text};
use crate::language::Catalog;

/// One table of merges and one of splits, where there are any.
pub fn examples(catalog: &Catalog, merges: &[ChangeExample], splits: &[ChangeExample]) -> Vec<String> {
    let mut parts = Vec::new();
    let columns = ["profile", "merges-with", "record", "record", "bits", "probability", "because"];
    let mut grid = Grid::new(catalog, &columns);
    for example in merges {
        let [one, other] = records(example);
        grid.row(vec![
            text(&example.profile),
            text(example.other.as_deref().unwrap_or_default()),
            one,
            other,
            weight(catalog, example.weight_bits),
            example.probability.map_or_else(|| text(""), |probability| percent(catalog, probability)),
            text(because(catalog, example)),
        ]);
    }
    if !grid.is_empty() {
        parts.push(grid.finish());
    }
    let columns = ["profile", "keeps", "loses", "bits-before", "bits", "because"];
    let mut grid = Grid::new(catalog, &columns);
    for example in splits {
        let [one, other] = records(example);
        grid.row(vec![
            text(&example.profile),
            one,
            other,
            weight(catalog, example.weight_bits_before),
            weight(catalog, example.weight_bits),
            text(because(catalog, example)),
        ]);
    }
    if !grid.is_empty() {
        parts.push(grid.finish());
    }
    parts
}

fn records(example: &ChangeExample) -> [Cell; 2] {
    let [one, other] = example.records.as_ref().map(|[one, other]| [one.as_str(), other]).unwrap_or_default();
    [text(one), text(other)]
}

fn weight(catalog: &Catalog, weight: Option<f64>) -> Cell {
    weight.map_or_else(|| text(""), |weight| bits(catalog, weight))
}

/// What settles it, or else the rules that bring the two records together.
fn because(catalog: &Catalog, example: &ChangeExample) -> String {
    match example.by.is_empty() {
        true => example.rules.join(", "),
        false => grounds(catalog, &example.by),
    }
}
