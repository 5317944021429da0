//! Why records are one profile, or are not.

use vermeil_engine::{LinkRole, PairExplanation, ProfileExplanation};

use super::rows::visible;
use super::table::{Grid, bits, count, moment, optional, percent, text};
use super::{decisions, rectify};
use crate::language::Catalog;

/// Fewer bits are shown as nothing.
pub const SHOWN_BITS: f64 = 0.005;

/// The evidence for and against two records being one person.
pub fn pair(catalog: &Catalog, pair: &PairExplanation) -> String {
    let mut grid = Grid::new(catalog, &["evidence", "level", "bits", "frequency-bits"]);
    grid.row(vec![text(catalog.text("explain-prior")), text(""), bits(catalog, pair.prior_bits), text("")]);
    for evidence in &pair.evidence {
        // A field that either record lacks says nothing.
        if evidence.level == "missing" {
            continue;
        }
        grid.row(vec![
            text(&evidence.field),
            text(&evidence.level),
            bits(catalog, evidence.bits),
            bits(catalog, evidence.term_frequency_bits),
        ]);
    }
    if pair.dependence_bits.abs() >= SHOWN_BITS {
        let name = catalog.text("explain-dependence");
        grid.row(vec![text(name), text(""), bits(catalog, pair.dependence_bits), text("")]);
    }
    grid.row(vec![text(catalog.text("total")), text(""), bits(catalog, pair.weight_bits), text("")]);
    let language = catalog.language;
    let verdict = if pair.probability >= pair.threshold { "explain-linked" } else { "explain-not-linked" };
    let arguments = [
        ("probability", language.percent(pair.probability).into()),
        ("threshold", language.percent(pair.threshold).into()),
    ];
    let rules = match pair.rules.is_empty() {
        true => catalog.text("explain-never-compared"),
        false => catalog.message("explain-rules", &[("rules", pair.rules.join(", ").into())]),
    };
    let together = if pair.same_profile { "explain-same-profile" } else { "explain-other-profiles" };
    let mut parts = vec![grid.finish(), catalog.message(verdict, &arguments), rules, catalog.text(together)];
    for (id, grounds) in
        [("explain-joined-by", &pair.joined_by), ("explain-kept-apart-by", &pair.kept_apart_by)]
    {
        if !grounds.is_empty() {
            let grounds = decisions::grounds(catalog, grounds);
            parts.push(catalog.message(id, &[("grounds", grounds.into())]));
        }
    }
    parts.join("\n")
}

/// Where each value of a profile comes from, its records, and what holds them together.
pub fn profile(catalog: &Catalog, profile: &ProfileExplanation) -> String {
    let heading = catalog.message("explain-profile", &[("profile", profile.profile.as_str().into())]);
    let mut members = Grid::new(catalog, &["record", "source", "since"]);
    for member in &profile.members {
        members.row(vec![text(&member.record), text(&member.source), moment(&member.since)]);
    }
    let mut parts = vec![heading];
    if let Some(at) = &profile.erased_at {
        parts.push(catalog.message("explain-erased", &[("at", at.as_str().into())]));
    }
    if let Some(risk) = profile.merge_risk.filter(|_| profile.members.len() > 1) {
        let risk = catalog.language.percent(risk);
        parts.push(catalog.message("explain-risk", &[("risk", risk.into())]));
    }
    parts.push(values(catalog, profile));
    parts.extend(alternatives(catalog, profile));
    parts.push(members.finish());
    let mut links = Grid::new(catalog, &["record", "record", "bits", "probability", "role-of-link"]);
    for link in &profile.links {
        links.row(vec![
            text(&link.left),
            text(&link.right),
            bits(catalog, link.weight_bits),
            percent(catalog, link.probability),
            text(catalog.text(match link.role {
                LinkRole::Weakest => "explain-link-weakest",
                LinkRole::Holding => "explain-link-holding",
                LinkRole::Further => "explain-link-further",
            })),
        ]);
    }
    if !links.is_empty() {
        parts.push(links.finish());
    }
    if !profile.decisions.is_empty() {
        parts.push(decisions::list(catalog, &profile.decisions));
    }
    if !profile.rectifications.is_empty() {
        parts.push(rectify::list(catalog, &profile.rectifications));
    }
    parts.join("\n")
}

/// What its records say otherwise, or say and the profile does not show.
fn alternatives(catalog: &Catalog, profile: &ProfileExplanation) -> Option<String> {
    let mut grid = Grid::new(catalog, &["field", "alternative", "records", "sources", "last-seen"]);
    for alternative in &profile.alternatives {
        let of_field = profile.alternatives.iter().filter(|other| other.field == alternative.field);
        let shows_it = profile.values.iter().any(|value| value.field == alternative.field);
        let is_set =
            profile.values.iter().any(|value| value.field == alternative.field && value.author.is_some());
        if of_field.count() > 1 || !shows_it || is_set {
            grid.row(vec![
                text(&alternative.field),
                text(visible(&alternative.value)),
                count(catalog, alternative.records),
                text(alternative.sources.join(", ")),
                moment(&alternative.last_seen),
            ]);
        }
    }
    (!grid.is_empty()).then(|| grid.finish())
}

/// Each value with its source and rule. Values that may not be opened stay empty.
pub fn values(catalog: &Catalog, profile: &ProfileExplanation) -> String {
    let mut grid = Grid::new(catalog, &["field", "value", "source", "rule", "author", "observed-at"]);
    for value in &profile.values {
        grid.row(vec![
            text(&value.field),
            optional(value.value.as_deref().map(visible)),
            text(&value.source),
            text(&value.rule),
            optional(value.author.as_deref().map(visible)),
            value.observed_at.as_deref().map_or_else(|| text(""), moment),
        ]);
    }
    grid.finish()
}
