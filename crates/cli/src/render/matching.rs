//! How records were matched, as one HTML page that needs nothing else: no script, no network.
//!
//! It names fields, levels and rules, and counts; no value of any record, no column, no file.

use vermeil_engine::{ClusterSize, MatchReport, OversizedBlockReport};
use vermeil_resolve::estimate::{ComparisonModel, Origin};

use super::chart::{STYLE, Scale, bar, image, line, side, words};
use super::markup::Element;
use super::table::signed;
use crate::language::{Catalog, Language};

/// The page around the charts. As [`STYLE`], without what HTML would escape.
const PAGE: &str = "\
body{max-width:60rem;margin:2rem auto;padding:0 1rem;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2.5rem}\
table{border-collapse:collapse}th,td{padding:.2rem .7rem;text-align:left;border-bottom:1px solid var(--line)}\
th{font-weight:600}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}\
p.note,td.note{color:var(--faint)}ul.warnings{border-left:4px solid var(--against);padding:.5rem 2rem}\
figure{margin:0;overflow-x:auto}td svg{display:block}";
/// Nothing may be loaded, whatever the page holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const BAR_WIDTH: f64 = 260.0;
const BAR_HEIGHT: f64 = 14.0;
const HISTOGRAM: (f64, f64) = (860.0, 260.0);
/// The sizes of clusters that are shown one by one, and where the groups of larger ones begin.
const SIZES: [u64; 10] = [1, 2, 3, 4, 5, 6, 11, 21, 51, 101];

/// The page.
pub fn page(catalog: &Catalog, report: &MatchReport) -> String {
    let language = match catalog.language {
        Language::French => "fr",
        Language::English => "en",
    };
    let title = catalog.text("report-title");
    let head = Element::new("head")
        .child(Element::new("meta").with("charset", "utf-8"))
        .child(Element::new("meta").with("http-equiv", "Content-Security-Policy").with("content", POLICY))
        .child(Element::new("meta").with("name", "viewport").with("content", "width=device-width"))
        .child(Element::new("title").text(&title))
        .child(Element::new("style").text(format!("{STYLE}{PAGE}")));
    let body = Element::new("body")
        .child(Element::new("h1").text(title))
        .child(note(catalog, "report-no-value"))
        .children(warnings(catalog, report))
        .child(facts(catalog, report))
        .children(section(catalog, "report-weights", [weights(catalog, report)]))
        .children(section(catalog, "report-histogram", [histogram(catalog, report)]))
        .children(section(catalog, "report-sizes", [sizes(catalog, &report.cluster_sizes)]))
        .children(section(catalog, "report-rules", [rules(catalog, report)]))
        .children(training(catalog, report));
    let html = Element::new("html").with("lang", language).child(head).child(body);
    format!("<!DOCTYPE html>\n{html}\n")
}

fn warnings(catalog: &Catalog, report: &MatchReport) -> Option<Element> {
    let told = report.warnings.iter().map(|warning| catalog.tell(warning));
    let items: Vec<Element> = told
        .map(|told| {
            let item = Element::new("li").text(told.headline);
            item.children(told.help.map(|help| Element::new("p").with("class", "note").text(help)))
        })
        .collect();
    (!items.is_empty()).then(|| Element::new("ul").with("class", "warnings").children(items))
}

fn facts(catalog: &Catalog, report: &MatchReport) -> Element {
    let language = catalog.language;
    let count = |value| language.integer(value);
    let threshold =
        format!("{} ({})", language.percent(report.threshold), bits(catalog, report.threshold_bits));
    let facts = [
        ("records", count(report.records)),
        ("candidate-pairs", count(report.candidate_pairs)),
        ("links", count(report.links)),
        ("clusters", count(report.clusters)),
        ("threshold", threshold),
        ("prior", bits(catalog, report.prior_bits)),
    ];
    let rows = facts.map(|(name, value)| {
        let name = Element::new("th").with("scope", "row").text(catalog.text(&format!("column-{name}")));
        Element::new("tr").child(name).child(number(value))
    });
    Element::new("table").child(Element::new("tbody").children(rows))
}

/// Each level of each comparison, with its bits as a bar to the left or right.
fn weights(catalog: &Catalog, report: &MatchReport) -> Element {
    let weight = |m: f64, u: f64| (m / u).log2();
    let levels = report.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let most = levels.map(|level| weight(level.m, level.u).abs()).fold(1.0, f64::max);
    let scale = Scale::new((-most, most), (0.0, BAR_WIDTH));
    let mut rows = Vec::new();
    for comparison in &report.comparisons {
        for (place, level) in comparison.levels.iter().rev().enumerate() {
            let bits = weight(level.m, level.u);
            let chart = image(BAR_WIDTH, BAR_HEIGHT, &signed(catalog, bits))
                .child(line("grid", (scale.at(0.0), 0.0), (scale.at(0.0), BAR_HEIGHT)))
                .child(bar(side(bits), (scale.at(0.0), scale.at(bits)), (1.0, BAR_HEIGHT - 2.0)));
            rows.push(vec![
                if place == 0 { field(catalog, comparison) } else { cell("") },
                cell(&level.name),
                number(share(catalog, level.m)),
                number(share(catalog, level.u)),
                number(signed(catalog, bits)),
                Element::new("td").child(chart),
            ]);
        }
    }
    table(catalog, &["field", "level", "#m", "#u", "#bits", ""], rows)
}

/// The name of a comparison, and where its m was not learnt from the records that it was not.
fn field(catalog: &Catalog, comparison: &ComparisonModel) -> Element {
    let remark = match comparison.m_origin {
        Origin::Estimated => None,
        Origin::Prior => Some("report-m-expected"),
        Origin::Unused => Some("report-m-unused"),
    };
    let name = Element::new("td").text(&comparison.field);
    name.children(remark.map(|remark| note(catalog, remark)))
}

/// Pairs by weight; heights are logarithms, for there are many more strangers than matches.
fn histogram(catalog: &Catalog, report: &MatchReport) -> Element {
    let (width, height) = HISTOGRAM;
    let (left, top, bottom) = (64.0, 30.0, height - 40.0);
    let ends =
        [report.weights.first().map(|bin| bin.from_bits), report.weights.last().map(|bin| bin.to_bits)];
    let [least, most] = ends.map(Option::unwrap_or_default);
    let across = Scale::new((least, most), (left, width - 10.0));
    // One pair is seen, and none is not: 0 lies below the logarithm of 1.
    let rank = |pairs: u64| if pairs == 0 { 0.0 } else { (pairs as f64).log10() + 0.3 };
    let highest = report.weights.iter().map(|bin| bin.links + bin.others).max().unwrap_or_default();
    let up = Scale::new((0.0, rank(highest.max(10))), (bottom, top));
    let mut chart = image(width, height, &catalog.text("report-histogram"));
    for power in 0..=highest.max(10).ilog10() {
        let pairs = 10_u64.pow(power);
        let y = up.at(rank(pairs));
        chart = chart.child(line("grid", (left, y), (width - 10.0, y))).child(words(
            "faint end",
            (left - 6.0, y + 4.0),
            catalog.language.integer(pairs),
        ));
    }
    for bin in &report.weights {
        let place = (across.at(bin.from_bits) + 1.0, across.at(bin.to_bits) - 1.0);
        // The bin of the threshold holds both.
        for (class, pairs) in [("other", bin.others + bin.links), ("for", bin.links)] {
            if pairs > 0 && (class == "for" || bin.others > 0) {
                let y = up.at(rank(pairs));
                chart = chart.child(bar(class, place, (y, bottom - y)));
            }
        }
    }
    for tick in across.ticks(10) {
        let at = (across.at(tick), bottom + 18.0);
        chart = chart.child(words("faint middle", at, catalog.language.number(tick, 0)));
    }
    let mark = across.at(report.threshold_bits);
    let told = [("threshold", catalog.language.percent(report.threshold).into())];
    chart = chart
        .child(line("mark", (mark, top - 8.0), (mark, bottom)))
        .child(words("middle", (mark, top - 14.0), catalog.message("explain-threshold", &told)))
        .child(words("faint end", (width - 10.0, height - 4.0), catalog.text("column-bits")));
    let sampled = report.others_sampled_from > 1.0;
    let remark = if sampled { "report-histogram-sampled" } else { "report-histogram-counted" };
    Element::new("figure").child(chart).child(note(catalog, remark))
}

fn sizes(catalog: &Catalog, sizes: &[ClusterSize]) -> Element {
    let language = catalog.language;
    let ends = SIZES.iter().skip(1).map(|next| next - 1).chain([u64::MAX]);
    let groups: Vec<(String, u64, u64)> = SIZES
        .into_iter()
        .zip(ends)
        .map(|(first, last)| {
            let within = sizes.iter().filter(|size| (first..=last).contains(&size.records));
            let (clusters, records) = within.fold((0, 0), |(clusters, records), size| {
                (clusters + size.clusters, records + size.clusters * size.records)
            });
            let name = match last {
                u64::MAX => format!("{} +", language.integer(first)),
                last if last == first => language.integer(first),
                last => format!("{} – {}", language.integer(first), language.integer(last)),
            };
            (name, clusters, records)
        })
        .filter(|(_, clusters, _)| *clusters > 0)
        .collect();
    let most = groups.iter().map(|(_, _, records)| *records).max().unwrap_or_default();
    let rows = groups.into_iter().map(|(name, clusters, records)| {
        let counts = [name, language.integer(clusters), language.integer(records)].map(number);
        counts.into_iter().chain([count_bar(catalog, records, most)]).collect()
    });
    table(catalog, &["#cluster-size", "#clusters", "#records", ""], rows.collect())
}

fn rules(catalog: &Catalog, report: &MatchReport) -> Element {
    let language = catalog.language;
    let most = report.rules.iter().map(|rule| rule.pairs).max().unwrap_or_default();
    let rows = report.rules.iter().map(|rule| {
        let oversized: Vec<&OversizedBlockReport> =
            report.oversized_blocks.iter().filter(|block| block.rule == rule.rule).collect();
        let largest = oversized.iter().map(|block| block.records).max().unwrap_or_default();
        let sum = |count: fn(&OversizedBlockReport) -> u64| oversized.iter().map(|block| count(block)).sum();
        vec![
            cell(&rule.rule),
            number(language.integer(rule.pairs)),
            count_bar(catalog, rule.pairs, most),
            number(language.integer(sum(|block| block.blocks))),
            number(language.integer(largest)),
            number(language.integer(sum(|block| block.pairs))),
        ]
    });
    let columns = ["rule", "#pairs", "", "#oversized", "#largest-block", "#pairs-in-them"];
    table(catalog, &columns, rows.collect())
}

fn training(catalog: &Catalog, report: &MatchReport) -> Vec<Element> {
    let Some(training) = &report.training else { return Vec::new() };
    let language = catalog.language;
    let ended = |converged| catalog.text(if converged { "report-converged" } else { "report-not-converged" });
    let mut rows: Vec<Vec<Element>> = training
        .sessions
        .iter()
        .map(|session| {
            vec![
                cell(&session.rule),
                number(language.integer(session.pairs)),
                number(language.integer(session.iterations.into())),
                cell(ended(session.converged)),
            ]
        })
        .collect();
    rows.push(vec![
        cell(catalog.text("report-lambda")),
        cell(""),
        number(language.integer(training.lambda_iterations.into())),
        cell(ended(training.lambda_converged)),
    ]);
    let sessions = table(catalog, &["rule", "#pairs", "#iterations", "outcome"], rows);
    section(catalog, "report-training", [sessions])
}

fn section(catalog: &Catalog, title: &str, content: impl IntoIterator<Item = Element>) -> Vec<Element> {
    let mut parts = vec![Element::new("h2").text(catalog.text(title))];
    parts.extend(catalog.find(&format!("{title}-note"), &[]).map(|text| paragraph(&text)));
    parts.extend(content);
    parts
}

fn note(catalog: &Catalog, id: &str) -> Element {
    paragraph(&catalog.text(id))
}

fn paragraph(text: &str) -> Element {
    Element::new("p").with("class", "note").text(text)
}

/// A table headed by the messages `column-<name>`; `#` before a name puts its numbers to the right.
fn table(catalog: &Catalog, columns: &[&str], rows: Vec<Vec<Element>>) -> Element {
    let heads = columns.iter().map(|column| {
        let head = Element::new("th").with("scope", "col");
        match column.strip_prefix('#') {
            Some(name) => head.with("class", "number").text(catalog.text(&format!("column-{name}"))),
            None if column.is_empty() => Element::new("td"),
            None => head.text(catalog.text(&format!("column-{column}"))),
        }
    });
    let head = Element::new("thead").child(Element::new("tr").children(heads));
    let rows = rows.into_iter().map(|cells| Element::new("tr").children(cells));
    Element::new("table").child(head).child(Element::new("tbody").children(rows))
}

fn cell(text: impl Into<String>) -> Element {
    Element::new("td").text(text)
}

fn number(text: String) -> Element {
    Element::new("td").with("class", "number").text(text)
}

fn count_bar(catalog: &Catalog, count: u64, most: u64) -> Element {
    let scale = Scale::new((0.0, most as f64), (0.0, BAR_WIDTH));
    let chart = image(BAR_WIDTH, BAR_HEIGHT, &catalog.language.integer(count));
    let filled = bar("for", (0.0, scale.at(count as f64)), (1.0, BAR_HEIGHT - 2.0));
    Element::new("td").child(chart.children((count > 0).then_some(filled)))
}

/// A share in (0, 1) with two digits at least that tell something.
fn share(catalog: &Catalog, share: f64) -> String {
    let zeros = -share.log10().floor();
    catalog.language.number(share, (zeros + 1.0).clamp(4.0, 12.0) as usize)
}

fn bits(catalog: &Catalog, bits: f64) -> String {
    catalog.message("report-bits", &[("bits", signed(catalog, bits).into())])
}
