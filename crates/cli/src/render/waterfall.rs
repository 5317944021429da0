//! The evidence for and against a pair as a waterfall: each step begins where the one before ended.

use vermeil_engine::PairExplanation;

use super::chart::{STYLE, Scale, bar, image, line, side, words};
use super::explain::SHOWN_BITS;
use super::markup::Element;
use super::table::signed;
use crate::language::Catalog;

const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const TOP: f64 = 44.0;
const NAMES: f64 = 290.0;
const BITS: f64 = 430.0;
const NUMBERS: f64 = 80.0;

/// One row of the chart.
struct Step {
    name: String,
    from: f64,
    /// Where its parts end; the second part is what the frequency of the value adds.
    parts: Vec<f64>,
}

impl Step {
    fn end(&self) -> f64 {
        self.parts.last().copied().unwrap_or(self.from)
    }
}

/// A file of its own. It shows fields, levels and bits, and no value.
pub fn render(catalog: &Catalog, pair: &PairExplanation) -> String {
    let steps = steps(catalog, pair);
    // The log2 of the odds.
    let threshold = (pair.threshold / (1.0 - pair.threshold)).log2();
    let ends = steps.iter().flat_map(|step| step.parts.iter().copied().chain([step.from]));
    let (least, most) = ends
        .chain([0.0, threshold])
        .fold((0.0_f64, 0.0_f64), |(least, most), end| (least.min(end), most.max(end)));
    let scale = Scale::new((least, most), (NAMES, NAMES + BITS));
    let bottom = TOP + steps.len() as f64 * ROW;
    let (width, height) = (NAMES + BITS + NUMBERS, bottom + 56.0);
    let mut chart = image(width, height, &catalog.text("explain-waterfall"))
        .child(Element::new("style").text(STYLE))
        .child(bar("paper", (0.0, width), (0.0, height)));
    for tick in scale.ticks(6) {
        chart = chart.child(line("grid", (scale.at(tick), TOP), (scale.at(tick), bottom))).child(words(
            "faint middle",
            (scale.at(tick), bottom + 18.0),
            catalog.language.number(tick, 0),
        ));
    }
    for (row, step) in steps.iter().enumerate() {
        chart = chart.children(drawn(catalog, step, TOP + row as f64 * ROW, scale));
    }
    if steps.iter().any(|step| step.parts.len() > 1) {
        chart = chart.child(words("faint", (NAMES, bottom + 42.0), catalog.text("explain-rarity")));
    }
    let mark = scale.at(threshold);
    let told = [("threshold", catalog.language.percent(pair.threshold).into())];
    chart
        .child(line("mark", (mark, TOP - 6.0), (mark, bottom)))
        .child(words("middle", (mark, TOP - 14.0), catalog.message("explain-threshold", &told)))
        .to_string()
}

fn steps(catalog: &Catalog, pair: &PairExplanation) -> Vec<Step> {
    let prior = Step { name: catalog.text("explain-prior"), from: 0.0, parts: vec![pair.prior_bits] };
    let mut at = prior.end();
    let mut steps = vec![prior];
    for evidence in pair.evidence.iter().filter(|evidence| evidence.level != "missing") {
        let mut parts = vec![at + evidence.bits];
        if evidence.term_frequency_bits.abs() >= SHOWN_BITS {
            parts.push(at + evidence.bits + evidence.term_frequency_bits);
        }
        let step = Step { name: format!("{}: {}", evidence.field, evidence.level), from: at, parts };
        at = step.end();
        steps.push(step);
    }
    if pair.dependence_bits.abs() >= SHOWN_BITS {
        let name = catalog.text("explain-dependence");
        steps.push(Step { name, from: at, parts: vec![at + pair.dependence_bits] });
    }
    steps.push(Step { name: catalog.text("total"), from: 0.0, parts: vec![pair.weight_bits] });
    steps
}

fn drawn(catalog: &Catalog, step: &Step, top: f64, scale: Scale) -> Vec<Element> {
    let base = top + ROW / 2.0 + 5.0;
    let mut drawn = vec![words("end", (NAMES - 12.0, base), &step.name)];
    let mut from = step.from;
    for (part, to) in step.parts.iter().enumerate() {
        let class = format!("{}{}", side(to - from), ["", "-more"][part.min(1)]);
        // What rarity takes away from agreement lies over it: thinner, so that both show.
        let inset = if part == 0 { 0.0 } else { 4.0 };
        let place = (top + (ROW - BAR) / 2.0 + inset, BAR - 2.0 * inset);
        drawn.push(bar(&class, (scale.at(from), scale.at(*to)), place));
        from = *to;
    }
    let number = signed(catalog, step.end() - step.from);
    drawn.push(words("end", (NAMES + BITS + NUMBERS - 8.0, base), number));
    drawn
}
