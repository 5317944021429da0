use super::*;

fn contact_for(purpose: Option<&str>) -> Grant {
    let leave = Leave { read: [FieldClass::Plain].into(), open: [FieldClass::Contact].into(), audits: false };
    let purpose = purpose.map(|purpose| Purpose(purpose.to_owned()));
    Policy::granting(Role("agent".to_owned()), purpose, leave)
}

#[test]
fn without_a_purpose_nothing_personal_is_opened() {
    let grant = contact_for(None);
    assert!(FieldClass::PERSONAL.iter().all(|class| !grant.covers(*class)));
    assert!(grant.classes().is_empty());
    assert!(grant.covers(FieldClass::Plain) && grant.reads(FieldClass::Plain));
}

#[test]
fn a_grant_covers_the_classes_of_its_leave_only() {
    let grant = contact_for(Some("customer_care"));
    assert!(grant.covers(FieldClass::Contact));
    assert!(!grant.covers(FieldClass::Identifier));
    assert!(!grant.reads(FieldClass::Contact), "opening and reading are two leaves");
}

#[test]
fn the_system_opens_everything_under_names_of_its_own() {
    let own =
        [Policy::sealing(), Policy::matching(), Policy::publishing(), Policy::indexing(), Policy::erasing()];
    for (grant, purpose) in own.into_iter().zip(SYSTEM_PURPOSES) {
        assert_eq!((grant.role().0.as_str(), grant.purpose().0.as_str()), (SYSTEM_ROLE, purpose));
        assert!(FieldClass::PERSONAL.iter().all(|class| grant.covers(*class)));
    }
}
