use proptest::prelude::*;

use super::*;
use crate::deadline::ClockError;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn act(by: &str) -> Act {
    Act { by: by.to_owned(), at: "2026-03-02T09:00:00Z".parse().expect("a moment") }
}

fn reason() -> Reason {
    "as the law says".parse().expect("a reason")
}

fn hold(until: &str) -> Hold {
    let (reason, basis) = ("invoices".to_owned(), "Code de commerce, art. L123-22".to_owned());
    Hold { act: act("ann"), reason, basis, until: day(until) }
}

const TODAY: &str = "2026-03-02";

fn pending(kind: RequestKind) -> Request {
    let mut request = Request::open(kind, day("2026-03-01"), act("ann"));
    request.verify(day(TODAY), IdentityMethod::Session, act("ann")).expect("unverified");
    request
}

#[test]
fn an_erasure_takes_the_approval_of_another_account() {
    let mut request = pending(RequestKind::Erasure);
    let not_yet = RequestError::Transition { from: RequestState::Pending, to: RequestState::InProgress };
    assert_eq!(request.start(), Err(not_yet));
    assert_eq!(request.approve(act("ann")), Err(RequestError::SameAccount));
    request.approve(act("bob")).expect("another account");
    request.start().expect("approved");
    request.start().expect("again");
    request.complete(act("bob")).expect("in progress");
    assert_eq!(request.state(), RequestState::Completed);
}

#[test]
fn a_hold_restricts_instead_and_is_looked_at_again_at_its_end() {
    let mut request = pending(RequestKind::Erasure);
    request.approve(act("bob")).expect("another account");
    assert_eq!(request.place_hold(hold("2026-03-01"), day(TODAY)), Err(RequestError::Past));
    request.place_hold(hold("2036-03-02"), day(TODAY)).expect("not begun");
    assert_eq!(request.approved(), None, "the approval was of something else");
    assert_eq!(request.approve(act("bob")), Err(RequestError::Held { until: day("2036-03-02") }));
    request.start().expect("restricting takes no approval");
    request.restrict().expect("held");
    assert_eq!(request.urgency(day(TODAY), 7), Urgency::Time);
    assert_eq!(request.urgency(day("2036-02-28"), 7), Urgency::Soon);
    assert_eq!(request.urgency(day("2036-03-03"), 7), Urgency::Overdue);
    assert_eq!(
        request.lift(day(TODAY), day(TODAY), act("ann")),
        Err(RequestError::Held { until: day("2036-03-02") })
    );
    request.release().expect("held");
    assert_eq!(request.state(), RequestState::Pending);
    request.approve(act("bob")).expect("another account");
}

#[test]
fn only_erasure_is_held_or_approved() {
    for kind in RequestKind::ALL.iter().copied().filter(|kind| *kind != RequestKind::Erasure) {
        let mut request = pending(kind);
        assert_eq!(request.place_hold(hold("2036-01-01"), day(TODAY)), Err(RequestError::NotHeld));
        assert_eq!(request.approve(act("bob")), Err(RequestError::NoApproval));
        request.start().expect("needs nothing else");
    }
}

#[test]
fn a_restriction_is_lifted_only_after_the_person_was_told() {
    let mut request = pending(RequestKind::Restriction);
    request.start().expect("pending");
    request.restrict().expect("asked for");
    assert_eq!(request.urgency(day("2030-01-01"), 7), Urgency::Nothing);
    assert_eq!(request.lift(day("2026-03-03"), day(TODAY), act("ann")), Err(RequestError::NotTold));
    request.lift(day(TODAY), day(TODAY), act("ann")).expect("told");
    assert_eq!((request.state(), request.told()), (RequestState::Completed, Some(day(TODAY))));
}

#[test]
fn the_clock_stops_only_while_it_is_in_doubt_who_asks() {
    let mut request = Request::open(RequestKind::Access, day("2026-03-01"), act("ann"));
    request.pause(day("2026-03-02")).expect("in doubt");
    assert_eq!(request.clock().due(), None);
    let backwards = request.verify(day("2026-03-01"), IdentityMethod::Code, act("ann"));
    assert_eq!(backwards, Err(RequestError::Clock(ClockError::Backwards(day("2026-03-02")))));
    assert_eq!(request.state(), RequestState::IdentityUnverified, "what is refused changes nothing");
    request.verify(day("2026-03-12"), IdentityMethod::Code, act("ann")).expect("unverified");
    assert_eq!(request.clock().due(), Some(day("2026-04-11")));
    request.pause(day("2026-03-13")).expect("in doubt again");
    assert_eq!((request.state(), request.identity()), (RequestState::IdentityUnverified, None));
    request.verify(day("2026-03-14"), IdentityMethod::InPerson, act("ann")).expect("unverified");
    request.start().expect("pending");
    assert_eq!(request.pause(day("2026-03-15")), Err(RequestError::Identified));
}

#[test]
fn nothing_outweighs_an_objection() {
    let mut request = pending(RequestKind::Objection);
    assert_eq!(request.refuse(Ground::LegalClaims, &reason(), act("ann")), Err(RequestError::Absolute));
    request.refuse(Ground::Identity, &reason(), act("ann")).expect("about who asks");
    assert_eq!(request.refusal().map(|refusal| refusal.ground), Some(Ground::Identity));
}

#[test]
fn what_was_extended_too_late_is_not() {
    let mut request = pending(RequestKind::Access);
    let late = request.extend(day("2026-04-02"), &reason(), act("ann"));
    assert_eq!(late, Err(RequestError::Clock(ClockError::TooLate(day("2026-04-01")))));
    assert_eq!(request.extension(), None);
    request.extend(day("2026-04-01"), &reason(), act("ann")).expect("the last day");
    assert_eq!(request.clock().due(), Some(day("2026-06-01")));
}

#[test]
fn names_are_told_apart_and_found_again() {
    for kind in RequestKind::ALL {
        assert_eq!(RequestKind::named(kind.as_str()), Some(*kind));
        assert_eq!(serde_json::to_string(kind).expect("text"), format!("\"{}\"", kind.as_str()));
    }
    assert_eq!(RequestState::named("done"), None);
}

/// What anyone may try with a request, at any time.
fn attempt(request: &mut Request, number: u8) -> Result<(), RequestError> {
    let today = day(TODAY);
    match number {
        0 => request.verify(today, IdentityMethod::Code, act("ann")),
        1 => request.extend(day("2026-05-01"), &reason(), act("ann")),
        2 => request.repeats(7, act("ann")),
        3 => request.pause(today),
        4 => request.resume(today),
        5 => request.extend(today, &reason(), act("ann")),
        6 => request.place_hold(hold("2036-03-02"), today),
        7 => request.release(),
        8 => request.approve(act("bob")),
        9 => request.disapprove(),
        10 => request.start(),
        11 => request.restrict(),
        12 => request.lift(today, today, act("ann")),
        13 => request.complete(act("ann")),
        14 => request.refuse(Ground::Excessive, &reason(), act("ann")),
        15 => request.cancel(act("ann")),
        _ => request.outlived(act("ann")),
    }
}

proptest! {
    #[test]
    fn whatever_is_tried_in_whatever_order_no_rule_is_broken(
        kind in 0..RequestKind::ALL.len(),
        attempts in prop::collection::vec(0..17_u8, 0..40),
    ) {
        let mut request = Request::open(RequestKind::ALL[kind], day("2026-03-01"), act("ann"));
        let mut was_verified = false;
        let mut was_approved = false;
        for number in attempts {
            let before = request.clone();
            let outcome = attempt(&mut request, number);
            if outcome.is_err() {
                prop_assert_eq!(&before, &request, "what is refused changes nothing");
                continue;
            }
            was_verified |= number == 0;
            was_approved = (was_approved || number == 8) && ![6, 9].contains(&number);
            prop_assert!(!before.state().is_final(), "what has ended stays so");
            let state = request.state();
            if [RequestState::InProgress, RequestState::Restricted, RequestState::Completed].contains(&state) {
                prop_assert!(was_verified);
            }
            if request.kind() == RequestKind::Erasure && state == RequestState::Completed {
                prop_assert!(was_approved && request.hold().is_none());
            }
            prop_assert_eq!(state == RequestState::Refused, request.refusal().is_some());
            prop_assert_eq!(state == RequestState::Duplicate, request.duplicate_of().is_some());
            prop_assert_eq!(state.is_final(), request.ended().is_some());
            let text = serde_json::to_string(&request).expect("plain data");
            prop_assert_eq!(serde_json::from_str::<Request>(&text).expect("the same"), request.clone());
        }
    }
}
