//! Decisions of people, and what else settles who is who.

use vermeil_engine::{ConflictReport, DecisionReport, GroundReport, KeptApartReport};

use super::rows::visible;
use super::table::{Grid, count, moment, text};
use crate::language::Catalog;

/// That a decision holds from the next run on, or no longer.
pub fn one(catalog: &Catalog, decision: &DecisionReport) -> String {
    let arguments = [
        ("decision", decision.decision.to_string().into()),
        ("kind", decision.kind.as_str().into()),
        ("records", (decision.records.len() as u64).into()),
        ("others", (decision.others.len() as u64).into()),
    ];
    let id = if decision.undone_at.is_some() { "decision-undone" } else { "decision-made" };
    catalog.message(id, &arguments)
}

/// Every decision with its author and reason.
pub fn list(catalog: &Catalog, decisions: &[DecisionReport]) -> String {
    if decisions.is_empty() {
        return catalog.text("decisions-none");
    }
    let columns = ["decision", "kind", "records", "others", "author", "decided-at", "reason", "undone-at"];
    let mut grid = Grid::new(catalog, &columns);
    for decision in decisions {
        grid.row(vec![
            text(decision.decision),
            text(&decision.kind),
            text(decision.records.join("\n")),
            text(decision.others.join("\n")),
            text(visible(&decision.author)),
            moment(&decision.decided_at),
            text(visible(&decision.reason)),
            decision.undone_at.as_deref().map_or_else(|| text(""), moment),
        ]);
    }
    grid.finish()
}

/// One ground in words.
pub fn ground(catalog: &Catalog, ground: &GroundReport) -> String {
    catalog.message(&format!("ground-{}", ground.ground), &[("detail", ground.detail.as_str().into())])
}

/// Grounds in words, in a list.
pub fn grounds(catalog: &Catalog, grounds: &[GroundReport]) -> String {
    grounds.iter().map(|one| ground(catalog, one)).collect::<Vec<_>>().join(", ")
}

/// How many joins each ground forbade; `None` where none did.
pub fn kept_apart(catalog: &Catalog, kept_apart: &[KeptApartReport]) -> Option<String> {
    let mut grid = Grid::new(catalog, &["kept-apart-by", "joins"]);
    for kept in kept_apart {
        grid.row(vec![text(ground(catalog, &kept.by)), count(catalog, kept.joins)]);
    }
    (!grid.is_empty()).then(|| grid.finish())
}

/// What should have been one profile and could not be.
pub fn conflict(catalog: &Catalog, conflict: &ConflictReport) -> String {
    let arguments = [
        ("left", conflict.left.as_str().into()),
        ("right", conflict.right.as_str().into()),
        ("wanted", ground(catalog, &conflict.wanted_by).into()),
        ("forbidden", ground(catalog, &conflict.forbidden_by).into()),
    ];
    catalog.message("run-conflict", &arguments)
}
