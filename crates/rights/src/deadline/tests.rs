use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[track_caller]
fn check(received: &str, due: &str, extended: &str) {
    let mut clock = Clock::starting(day(received));
    assert_eq!(clock.due(), Some(day(due)), "received {received}");
    clock.extend(day(received)).expect("in the first month");
    assert_eq!(clock.due(), Some(day(extended)), "received {received}, extended");
}

#[test]
fn a_month_ends_on_the_day_of_the_same_number_or_on_the_last_of_a_shorter_one() {
    check("2026-01-31", "2026-02-28", "2026-04-30");
    check("2028-01-31", "2028-02-29", "2028-04-30");
    check("2026-01-28", "2026-02-28", "2026-04-28");
    check("2026-03-05", "2026-04-05", "2026-06-05");
    check("2026-11-30", "2026-12-30", "2027-02-28");
    check("2026-12-31", "2027-01-31", "2027-03-31");
}

#[test]
fn the_day_is_the_one_where_the_controller_is() {
    let late = "2026-01-31T23:30:00Z".parse().expect("a moment");
    let east = |hours: i32| FixedOffset::east_opt(hours * 3600).expect("an offset");
    assert_eq!(day_of(late, east(0)), day("2026-01-31"));
    assert_eq!(day_of(late, east(1)), day("2026-02-01"));
    // The night in which the clocks go forward has its day all the same.
    let spring = "2026-03-29T00:59:59Z".parse().expect("a moment");
    assert_eq!(day_of(spring, east(1)), day_of(spring, east(2)));
}

#[test]
fn it_is_extended_once_and_in_the_first_month_only() {
    let mut clock = Clock::starting(day("2026-01-31"));
    assert_eq!(clock.extend(day("2026-03-01")), Err(ClockError::TooLate(day("2026-02-28"))));
    assert_eq!(clock.extend(day("2026-02-28")), Ok(()));
    assert_eq!(clock.extend(day("2026-02-28")), Err(ClockError::ExtendedBefore));
}

#[test]
fn a_pause_gives_back_its_days_and_no_more() {
    let mut clock = Clock::starting(day("2026-01-10"));
    clock.pause(day("2026-01-12")).expect("it runs");
    assert_eq!(clock.due(), None);
    assert_eq!(clock.expected(day("2026-01-20")), day("2026-02-18"));
    assert_eq!(clock.pause(day("2026-01-13")), Err(ClockError::Paused));
    assert_eq!(clock.resume(day("2026-01-11")), Err(ClockError::Backwards(day("2026-01-12"))));
    clock.resume(day("2026-01-20")).expect("it stands still");
    assert_eq!(clock.due(), Some(day("2026-02-18")));
    assert_eq!(clock.resume(day("2026-01-21")), Err(ClockError::Running));
    assert_eq!(clock.pause(day("2026-01-19")), Err(ClockError::Backwards(day("2026-01-20"))));
    // The first month is as much longer.
    assert_eq!(clock.extend(day("2026-02-18")), Ok(()));
    assert_eq!(clock.due(), Some(day("2026-04-18")));
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..40_000_i64).prop_map(|days| day("1990-01-01") + chrono::TimeDelta::days(days))
}

proptest! {
    #[test]
    fn a_term_is_28_to_31_days_and_never_skips_a_month(received in any_day()) {
        use chrono::Datelike;
        let due = Clock::starting(received).due().expect("it runs");
        prop_assert!((28..=31).contains(&(due - received).num_days()));
        prop_assert_eq!((due.year() * 12 + due.month0() as i32) - (received.year() * 12 + received.month0() as i32), 1);
        prop_assert!(due.day() == received.day() || due.succ_opt().expect("a day").day() == 1);
    }

    #[test]
    fn who_asks_later_is_never_due_before(received in any_day(), later in 0..90_i64) {
        let other = received + chrono::TimeDelta::days(later);
        prop_assert!(Clock::starting(received).due() <= Clock::starting(other).due());
    }

    #[test]
    fn pauses_move_it_by_their_days_however_they_are_cut(received in any_day(), lengths in prop::collection::vec((0..9_i64, 0..9_i64), 0..6)) {
        let mut clock = Clock::starting(received);
        let (mut on, mut stood) = (received, 0);
        for (running, standing) in lengths {
            on += chrono::TimeDelta::days(running);
            clock.pause(on).expect("it runs");
            on += chrono::TimeDelta::days(standing);
            stood += standing;
            clock.resume(on).expect("it stands still");
        }
        let plain = Clock::starting(received).due().expect("it runs");
        prop_assert_eq!(clock.due(), Some(plain + chrono::TimeDelta::days(stood)));
        let mut extended = clock.clone();
        extended.extend(received).expect("in the first month");
        prop_assert!(extended.due() > clock.due());
    }
}
