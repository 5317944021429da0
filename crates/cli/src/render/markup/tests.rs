use super::*;

#[track_caller]
fn check(element: Element, expected: &str) {
    assert_eq!(element.to_string(), expected);
}

#[test]
fn text_never_becomes_markup() {
    check(
        Element::new("p").with("title", "\"'><script>").text("<b>R&D</b>"),
        "<p title=\"&quot;&#39;&gt;&lt;script&gt;\">&lt;b&gt;R&amp;D&lt;/b&gt;</p>",
    );
}

#[test]
fn what_xml_cannot_write_is_replaced() {
    check(Element::new("p").text("a\0b\u{1b}c\td\u{ffff}"), "<p>a\u{fffd}b\u{fffd}c\td\u{fffd}</p>");
}

#[test]
fn elements_keep_their_order_and_end_once() {
    let list = Element::new("ul").child(Element::new("li").text("1")).children([Element::new("li")]);
    check(list.text("x"), "<ul><li>1</li><li></li>x</ul>");
    check(Element::new("meta").with("charset", "utf-8"), "<meta charset=\"utf-8\"/>");
}
