use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_000;

fn said(scope: ConsentScope, status: ConsentStatus, occurred_at: i64) -> Statement {
    Statement { scope, status, occurred_at, expires_at: None }
}

fn email(status: ConsentStatus, at: i64) -> Statement {
    said(ConsentScope::Email, status, at)
}

#[track_caller]
fn check(basis: LegalBasis, statements: &[Statement], [profile, email, phone]: [bool; 3]) {
    let seen = visible(basis, Contradiction::MostRestrictive, statements, NOW);
    assert_eq!(seen, Visible { profile, email, phone });
}

#[test]
fn nobody_consents_in_silence() {
    check(LegalBasis::Consent, &[], [false; 3]);
    check(LegalBasis::LegitimateInterests, &[], [true; 3]);
    check(LegalBasis::Contract, &[], [true; 3]);
}

#[test]
fn a_yes_for_an_address_says_nothing_of_a_phone() {
    check(LegalBasis::Consent, &[email(ConsentStatus::Given, 1)], [true, true, false]);
}

#[test]
fn a_yes_of_the_person_is_of_every_way_that_nothing_was_said_of() {
    let person = said(ConsentScope::Record, ConsentStatus::Given, 1);
    check(LegalBasis::Consent, &[person], [true; 3]);
    check(LegalBasis::Consent, &[person, email(ConsentStatus::Refused, 0)], [true, false, true]);
}

#[test]
fn a_no_of_one_address_counts_for_the_other_of_a_merged_profile() {
    let both = [email(ConsentStatus::Given, 9), email(ConsentStatus::Withdrawn, 1)];
    check(LegalBasis::Consent, &both, [false; 3]);
    let last = visible(LegalBasis::Consent, Contradiction::MostRecent, &both, NOW);
    assert!(!last.email, "the address that was withdrawn may be the one that the profile shows");
    let apart = |one: usize| visible(LegalBasis::Consent, Contradiction::default(), &both[one..=one], NOW);
    assert_eq!([apart(0).email, apart(1).email], [true, false], "each side has its own again");
}

#[test]
fn of_what_was_said_of_a_person_the_last_word_counts_where_the_pipeline_says_so() {
    let both = [
        said(ConsentScope::Record, ConsentStatus::Given, 9),
        said(ConsentScope::Record, ConsentStatus::Withdrawn, 1),
    ];
    check(LegalBasis::Consent, &both, [false; 3]);
    assert_eq!(visible(LegalBasis::Consent, Contradiction::MostRecent, &both, NOW), Visible::ALL);
}

#[test]
fn what_was_given_for_a_time_ends_with_it() {
    let until = |end| Statement { expires_at: Some(end), ..email(ConsentStatus::Given, 1) };
    check(LegalBasis::Consent, &[until(NOW + 1)], [true, true, false]);
    check(LegalBasis::Consent, &[until(NOW)], [false; 3]);
}

#[test]
fn an_objection_by_any_way_is_of_the_person() {
    let objected = email(ConsentStatus::Objected, 1);
    check(LegalBasis::LegitimateInterests, &[objected], [false; 3]);
    check(LegalBasis::Consent, &[objected, said(ConsentScope::Phone, ConsentStatus::Given, 2)], [false; 3]);
    check(LegalBasis::Contract, &[objected], [true; 3]);
}

#[test]
fn without_consent_as_the_basis_a_no_closes_its_own_way_only() {
    let no = [email(ConsentStatus::Refused, 1)];
    check(LegalBasis::LegitimateInterests, &no, [true, false, true]);
    let both = [no[0], said(ConsentScope::Phone, ConsentStatus::Refused, 1)];
    check(LegalBasis::LegitimateInterests, &both, [false; 3]);
}

#[test]
fn who_is_restricted_is_seen_for_a_legal_obligation_alone() {
    let restricted = said(ConsentScope::Record, ConsentStatus::Restricted, 1);
    for basis in
        [LegalBasis::Consent, LegalBasis::Contract, LegalBasis::VitalInterests, LegalBasis::PublicTask]
    {
        check(basis, &[restricted, said(ConsentScope::Record, ConsentStatus::Given, 2)], [false; 3]);
    }
    check(LegalBasis::LegalObligation, &[restricted], [true; 3]);
    check(LegalBasis::Contract, &[said(ConsentScope::Record, ConsentStatus::Released, 2)], [true; 3]);
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let statement = (0..3_usize, 0..ConsentStatus::ALL.len(), 0..20_i64, prop::option::of(0..2_000_i64));
    let statement = statement.prop_map(|(scope, status, occurred_at, expires_at)| Statement {
        scope: ConsentScope::ALL[scope],
        status: ConsentStatus::ALL[status],
        occurred_at,
        expires_at,
    });
    prop::collection::vec(statement, 0..6)
}

proptest! {
    #[test]
    fn a_no_never_shows_more(statements in statements(), scope in 0..3_usize, status in 0..4_usize) {
        let no = [ConsentStatus::Refused, ConsentStatus::Withdrawn, ConsentStatus::Objected, ConsentStatus::Restricted];
        let with = [&statements[..], &[said(ConsentScope::ALL[scope], no[status], 30)]].concat();
        for basis in [LegalBasis::Consent, LegalBasis::LegitimateInterests, LegalBasis::Contract] {
            for rule in [Contradiction::MostRestrictive, Contradiction::MostRecent] {
                let before = visible(basis, rule, &statements, NOW);
                let after = visible(basis, rule, &with, NOW);
                prop_assert!(!after.profile || before.profile);
                prop_assert!(!after.email || before.email);
                prop_assert!(!after.phone || before.phone);
            }
        }
    }

    #[test]
    fn what_is_absent_shows_no_way_to_reach_it(statements in statements()) {
        for basis in [LegalBasis::Consent, LegalBasis::PublicTask, LegalBasis::Contract] {
            let seen = visible(basis, Contradiction::MostRestrictive, &statements, NOW);
            prop_assert!(seen.profile || !(seen.email || seen.phone));
        }
    }

    #[test]
    fn the_order_of_statements_means_nothing(statements in statements()) {
        let reversed: Vec<Statement> = statements.iter().rev().copied().collect();
        for rule in [Contradiction::MostRestrictive, Contradiction::MostRecent] {
            let [one, other] = [&statements, &reversed].map(|all| visible(LegalBasis::Consent, rule, all, NOW));
            prop_assert_eq!(one, other);
        }
    }
}
