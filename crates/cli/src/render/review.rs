//! Pairs that people are asked about.

use vermeil_engine::{ReviewPair, ReviewQuestion};

use super::explain::SHOWN_BITS;
use super::rows::visible;
use super::table::{Grid, bits, number, percent, signed, text};
use crate::language::Catalog;

/// The queue, by record ids, without a value; `all` is how many there are.
pub fn list(catalog: &Catalog, pairs: &[ReviewPair], all: usize) -> String {
    if pairs.is_empty() {
        return catalog.text("review-nothing");
    }
    let columns = ["record", "record", "doubt", "bits", "probability", "records", "expected-gain"];
    let mut grid = Grid::new(catalog, &columns);
    for pair in pairs {
        grid.row(vec![
            text(&pair.left),
            text(&pair.right),
            text(kind(catalog, pair)),
            bits(catalog, pair.weight_bits),
            percent(catalog, pair.probability),
            text(sides(catalog, pair)),
            number(catalog, pair.expected_gain, 2),
        ]);
    }
    let shown = [("shown", (pairs.len() as u64).into()), ("all", (all as u64).into())];
    [grid.finish(), catalog.message("review-shown", &shown)].join("\n")
}

/// Two records side by side, the evidence, and what a decision would change. The question is the
/// first of `place` of as many as the second.
pub fn question(catalog: &Catalog, question: &ReviewQuestion, (number, all): (usize, usize)) -> String {
    let pair = &question.pair;
    let language = catalog.language;
    let heading = [
        ("number", (number as u64).into()),
        ("all", (all as u64).into()),
        ("kind", kind(catalog, pair).into()),
        ("gain", language.number(pair.expected_gain, 2).into()),
    ];
    let mut parts = vec![catalog.message("review-heading", &heading), side_by_side(catalog, question)];
    for (letter, record, source, profile) in [
        ("A", &pair.left, &question.left_source, &pair.left_profile),
        ("B", &pair.right, &question.right_source, &pair.right_profile),
    ] {
        let arguments = [
            ("letter", letter.into()),
            ("record", record.as_str().into()),
            ("source", source.as_str().into()),
            ("profile", profile.as_str().into()),
        ];
        parts.push(catalog.message("review-record", &arguments));
    }
    let verdict = [
        ("probability", language.percent(pair.probability).into()),
        ("threshold", language.percent(question.threshold).into()),
        ("bits", signed(catalog, pair.mean_bits.unwrap_or_default()).into()),
    ];
    let linked = match pair.probability >= question.threshold {
        true if pair.linked => "explain-linked",
        true => "review-bridge",
        false => "explain-not-linked",
    };
    parts.push(catalog.message(linked, &verdict));
    let rules = question.rules.join(", ");
    parts.push(catalog.message("explain-rules", &[("rules", rules.into())]));
    let turned = if pair.linked { "review-parts" } else { "review-joins" };
    parts.push(catalog.message(turned, &[("sides", sides(catalog, pair).into())]));
    if question.fields.iter().any(|field| field.masked) {
        parts.push(catalog.text("review-masked-note"));
    }
    parts.join("\n")
}

fn side_by_side(catalog: &Catalog, question: &ReviewQuestion) -> String {
    let mut grid = Grid::new(catalog, &["field", "record-a", "record-b", "level", "bits", "frequency-bits"]);
    let empty = || text("");
    let said =
        |name: String, said: f64| vec![text(name), empty(), empty(), empty(), bits(catalog, said), empty()];
    grid.row(said(catalog.text("explain-prior"), question.prior_bits));
    for field in &question.fields {
        let value = |value: &Option<String>| match value {
            _ if field.masked => text(catalog.text("review-masked")),
            Some(value) => text(visible(value)),
            None => empty(),
        };
        let mut row = vec![text(&field.field), value(&field.left), value(&field.right)];
        row.extend(match field.evidence.as_ref().filter(|evidence| evidence.level != "missing") {
            Some(evidence) => [
                text(&evidence.level),
                bits(catalog, evidence.bits),
                bits(catalog, evidence.term_frequency_bits),
            ],
            // A field that either record lacks says nothing.
            None => [empty(), empty(), empty()],
        });
        grid.row(row);
    }
    if question.dependence_bits.abs() >= SHOWN_BITS {
        grid.row(said(catalog.text("explain-dependence"), question.dependence_bits));
    }
    grid.row(said(catalog.text("total"), question.pair.weight_bits));
    grid.finish()
}

fn kind(catalog: &Catalog, pair: &ReviewPair) -> String {
    catalog.text(&format!("review-kind-{}", pair.kind))
}

/// The records on either side.
fn sides(catalog: &Catalog, pair: &ReviewPair) -> String {
    pair.records.map(|records| catalog.language.integer(records.into())).join(" + ")
}
