//! Charts in SVG, in the colours of the reader's light or dark surroundings.

use super::markup::Element;

/// Colours of charts and of the page around them. Without `<`, `>`, `&` and quotes: it stands in
/// HTML, which would not undo their escaping, and in SVG, which would.
pub const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1d1f;--faint:#5f6368;--line:#d4d6d9;--for:#1b6b86;\
--for-more:#7fb4c6;--against:#b0522b;--against-more:#dfa488;--mark:#7a3fa0}\
@media (prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#e7e8ea;--faint:#a2a6ac;--line:#3b3f45;\
--for:#5bb4d2;--for-more:#2f6a80;--against:#e58f66;--against-more:#87492d;--mark:#c79bea}}\
svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg text.faint{fill:var(--faint)}\
svg text.end{text-anchor:end}svg text.middle{text-anchor:middle}\
.for{fill:var(--for)}.for-more{fill:var(--for-more)}.against{fill:var(--against)}\
.against-more{fill:var(--against-more)}.other{fill:var(--line)}.paper{fill:var(--paper)}\
line{stroke:var(--line)}line.mark{stroke:var(--mark);stroke-width:2;stroke-dasharray:5 3}";

/// Whether bits speak for or against a match, as a class of [`STYLE`].
pub fn side(bits: f64) -> &'static str {
    if bits < 0.0 { "against" } else { "for" }
}

/// An image of that many pixels, which says to who cannot see it what it shows.
pub fn image(width: f64, height: f64, says: &str) -> Element {
    Element::new("svg")
        .with("xmlns", "http://www.w3.org/2000/svg")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("width", width)
        .with("height", height)
        .with("role", "img")
        .child(Element::new("title").text(says))
}

/// A rectangle between two abscissae, in either order; never so thin that it would not show.
pub fn bar(class: &str, (from, to): (f64, f64), (top, height): (f64, f64)) -> Element {
    Element::new("rect")
        .with("class", class)
        .with("x", pixels(from.min(to)))
        .with("y", pixels(top))
        .with("width", pixels((to - from).abs().max(1.0)))
        .with("height", pixels(height))
}

/// A line.
pub fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Element {
    Element::new("line")
        .with("class", class)
        .with("x1", pixels(x1))
        .with("y1", pixels(y1))
        .with("x2", pixels(x2))
        .with("y2", pixels(y2))
}

/// Words whose base line begins, ends or has its middle there, as the class tells.
pub fn words(class: &str, (x, y): (f64, f64), text: impl Into<String>) -> Element {
    Element::new("text").with("class", class).with("x", pixels(x)).with("y", pixels(y)).text(text)
}

/// From amounts to pixels.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Amounts in `least..=most` onto pixels in `from..=to`.
    pub fn new((least, most): (f64, f64), (from, to): (f64, f64)) -> Self {
        // One amount alone stands at the beginning.
        Self { least, most: if most > least { most } else { least + 1.0 }, from, to }
    }

    /// Where an amount stands; what is beyond the ends stands at them.
    pub fn at(&self, amount: f64) -> f64 {
        let share = (amount.clamp(self.least, self.most) - self.least) / (self.most - self.least);
        self.from + share * (self.to - self.from)
    }

    /// Round amounts along the scale, about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<f64> {
        let rough = (self.most - self.least) / count.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let (first, last) = ((self.least / step).ceil() as i64, (self.most / step).floor() as i64);
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// A tenth of a pixel is as fine as anyone sees.
fn pixels(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
