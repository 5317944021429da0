use super::{DatePattern, day_text, moment_text};

#[track_caller]
fn check_day(pattern: &DatePattern, text: &str, day: Option<&str>) {
    assert_eq!(pattern.day(text).map(day_text).as_deref(), day, "input: {text:?}");
}

#[track_caller]
fn check_moment(pattern: &DatePattern, text: &str, moment: Option<&str>) {
    assert_eq!(pattern.moment(text).map(moment_text).as_deref(), moment, "input: {text:?}");
}

#[test]
fn iso_days_are_read_in_both_forms_with_or_without_a_time() {
    let iso = DatePattern::Iso;
    check_day(&iso, "1815-12-10", Some("1815-12-10"));
    check_day(&iso, "18151210", Some("1815-12-10"));
    check_day(&iso, "2024-02-29T23:59:59-11:00", Some("2024-02-29"));
    for wrong in [
        "",
        "2023-02-29",
        "2024-13-01",
        "24-01-01",
        "2024-1-1",
        "2024-01-01x",
        "2024/01/01",
        "0001-01-01",
        "é",
    ] {
        check_day(&iso, wrong, None);
    }
}

#[test]
fn iso_moments_are_brought_to_utc() {
    let iso = DatePattern::Iso;
    check_moment(&iso, "2024-01-31", Some("2024-01-31T00:00:00.000000Z"));
    check_moment(&iso, "2024-01-31 10:20", Some("2024-01-31T10:20:00.000000Z"));
    check_moment(&iso, "2024-01-31T10:20:30.1234567Z", Some("2024-01-31T10:20:30.123456Z"));
    check_moment(&iso, "2024-01-31T00:20:30,5+01:00", Some("2024-01-30T23:20:30.500000Z"));
    check_moment(&iso, "2024-01-31 10:20:30 -0530", Some("2024-01-31T15:50:30.000000Z"));
    check_moment(&iso, "1969-12-31T23:59:59+00", Some("1969-12-31T23:59:59.000000Z"));
    for wrong in
        ["2024-01-31T", "2024-01-31T24:00", "2024-01-31T10:20:30.", "2024-01-31T10:20+1", "2024-01-31T10:2"]
    {
        check_moment(&iso, wrong, None);
    }
}

#[test]
fn own_patterns_are_followed_strictly() {
    let french = DatePattern::own("%d/%m/%Y").unwrap();
    check_day(&french, "5/7/1957", Some("1957-07-05"));
    check_day(&french, "1957-07-05", None);
    check_day(&french, "05/07/57", None);
    check_day(&DatePattern::own("%Y%m%d").unwrap(), "19570705", Some("1957-07-05"));
    let evening = DatePattern::own("%d.%m.%Y %I:%M %p %z").unwrap();
    check_moment(&evening, "31.01.2024 10:20 PM +0100", Some("2024-01-31T21:20:00.000000Z"));
    check_moment(&DatePattern::own("%s").unwrap(), "86400", Some("1970-01-02T00:00:00.000000Z"));
}

#[test]
fn patterns_that_cannot_tell_a_day_are_refused() {
    for wrong in ["", "dd/mm/yyyy", "%d/%m", "%H:%M", "%Q", "%Y-%m-%d %I:%M"] {
        assert!(DatePattern::own(wrong).is_none(), "pattern: {wrong:?}");
    }
}
