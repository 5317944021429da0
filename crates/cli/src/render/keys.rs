//! Generations of keys.

use vermeil_engine::{DestructionReport, KeyRotationReport, KeysReport, RewrappingReport};

use super::table::{Grid, count, moment, text};
use crate::language::Catalog;

/// Every generation with what lies under it, and the rotation under way.
pub fn status(catalog: &Catalog, report: &KeysReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("keyring", text(&report.keyring));
    facts.fact("provider", text(&report.provider));
    let mut grid = Grid::new(catalog, &["generation", "state", "moment", "key-pages", "keys"]);
    for generation in &report.generations {
        grid.row(vec![
            text(generation.generation),
            text(catalog.text(&format!("generation-{}", generation.state))),
            generation.at.as_deref().map_or_else(|| text(""), moment),
            count(catalog, generation.pages),
            count(catalog, generation.keys),
        ]);
    }
    let mut parts = vec![facts.finish(), grid.finish()];
    if let Some(rotation) = &report.rotation {
        let arguments =
            [("generation", rotation.generation.to_string().into()), ("pages", rotation.pages_left.into())];
        parts.push(catalog.message("keys-rotation-under-way", &arguments));
    }
    parts.join("\n")
}

/// What has moved, and what can be destroyed now.
pub fn rotation(catalog: &Catalog, report: &KeyRotationReport) -> String {
    let arguments = [
        ("generation", report.generation.to_string().into()),
        ("pages", report.pages.into()),
        ("keys", report.keys.into()),
        ("seconds", catalog.language.seconds(report.seconds).into()),
    ];
    let mut parts = vec![catalog.message("keys-rotated", &arguments)];
    for generation in &report.destroyable {
        parts.push(catalog.message("keys-destroyable", &[("generation", generation.to_string().into())]));
    }
    parts.join("\n")
}

/// Who holds the keyring now, and what the copies of before are worth.
pub fn rewrapping(catalog: &Catalog, report: &RewrappingReport) -> String {
    let arguments = [("provider", report.provider.as_str().into())];
    catalog.message("keys-rewrapped", &arguments)
}

/// Since when, or from when on, the generation opens nothing.
pub fn destruction(catalog: &Catalog, report: &DestructionReport) -> String {
    let arguments =
        [("generation", report.generation.to_string().into()), ("moment", report.at.as_str().into())];
    catalog.message(&format!("keys-{}", report.state), &arguments)
}
