use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[track_caller]
fn check(relation: Relation, collected: &str, last_contact: Option<&str>, until: &str) {
    let standing = Standing { relation, collected: day(collected), last_contact: last_contact.map(day) };
    assert_eq!(standing.kept_until(&RetentionPeriods::default()), day(until));
}

#[test]
fn a_prospect_is_kept_three_years_from_their_last_contact_or_from_collection() {
    check(Relation::Prospect, "2020-02-29", None, "2023-02-28");
    check(Relation::Prospect, "2020-01-10", Some("2022-06-01"), "2025-06-01");
    // What a source dates before its own beginning is no earlier than that.
    check(Relation::Prospect, "2020-01-10", Some("2019-06-01"), "2023-01-10");
}

#[test]
fn a_customer_is_kept_as_long_as_their_invoices() {
    check(Relation::Customer, "2012-01-10", Some("2015-06-01"), "2025-06-01");
}

#[test]
fn periods_are_of_one_unit() {
    for (text, period) in [
        ("P3Y", Ok(Period::Months(36))),
        ("P18M", Ok(Period::Months(18))),
        ("P30D", Ok(Period::Days(30))),
        ("P0D", Ok(Period::Days(0))),
    ] {
        assert_eq!(text.parse(), period, "{text}");
    }
    for wrong in ["", "P", "3Y", "PY", "P+3Y", "P-1D", "P1W", "P1Y6M", "PT1H", "P99999999999Y", "P3Yé"] {
        assert_eq!(wrong.parse::<Period>(), Err(NotAPeriod), "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_later_contact_never_shortens_it(collected in 0..20_000_i64, contact in 0..20_000_i64, later in 0..900_i64) {
        let from = |days: i64| day("1990-01-01") + chrono::TimeDelta::days(days);
        for relation in [Relation::Prospect, Relation::Customer] {
            let standing = |last| Standing { relation, collected: from(collected), last_contact: last };
            let periods = RetentionPeriods::default();
            let (one, other) = (standing(Some(from(contact))), standing(Some(from(contact + later))));
            prop_assert!(one.kept_until(&periods) <= other.kept_until(&periods));
            prop_assert!(standing(None).kept_until(&periods) <= one.kept_until(&periods));
            prop_assert!(one.kept_until(&periods) > from(collected));
        }
    }
}
