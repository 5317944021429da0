use super::*;

fn policy() -> Policy {
    let contact_for_care =
        BTreeMap::from([(Purpose("customer_care".to_owned()), BTreeSet::from([FieldClass::Contact]))]);
    Policy::new(BTreeMap::from([
        (Role("analyst".to_owned()), BTreeMap::new()),
        (Role("agent".to_owned()), contact_for_care),
    ]))
}

#[test]
fn a_role_without_a_purpose_opens_nothing_personal() {
    let grant = policy().grant(&Role("agent".to_owned()), None).expect("declared");
    assert!(FieldClass::PERSONAL.iter().all(|class| !grant.covers(*class)));
    assert!(grant.covers(FieldClass::Plain));
}

#[test]
fn a_grant_covers_the_classes_of_its_purpose_only() {
    let purpose = Purpose("customer_care".to_owned());
    let grant = policy().grant(&Role("agent".to_owned()), Some(&purpose)).expect("granted");
    assert!(grant.covers(FieldClass::Contact));
    assert!(!grant.covers(FieldClass::Identifier));
}

#[test]
fn an_undeclared_role_and_an_ungranted_purpose_are_denied() {
    let purpose = Purpose("marketing".to_owned());
    let unknown = policy().grant(&Role("root".to_owned()), None);
    assert!(matches!(unknown, Err(Denied::UnknownRole { .. })));
    let ungranted = policy().grant(&Role("analyst".to_owned()), Some(&purpose));
    assert!(matches!(ungranted, Err(Denied::PurposeNotGranted { .. })));
}
