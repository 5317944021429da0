use std::sync::Arc;

use vermeil_protect::{Keyring, Plain};

use super::*;

fn tags() -> (tempfile::TempDir, SuppressionTags) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = folder.path().join("keyring.json");
    let keyring = runtime.block_on(Keyring::create(&path, Arc::new(Plain))).expect("a keyring");
    (folder, SuppressionTags::of(&keyring))
}

fn erased(tags: &SuppressionTags, schema: &Schema) -> HashSet<Tag> {
    let mut points = ContactPoints::default();
    points.add(schema, &[("email", "Zoé.Abriquel@courrier.example"), ("mobile", "06 39 98 12 34")]);
    points.tags(tags).into_iter().collect()
}

#[test]
fn a_thousand_spellings_of_address_and_number_are_recognised() {
    let (_folder, tags) = tags();
    let schema = Schema::built_in("customer.v1").expect("built in");
    let suppressed = erased(&tags, &schema);
    let base = "zoé.abriquel@courrier.example";
    let cased = [base.to_owned(), base.to_uppercase(), "Zoé.Abriquel@Courrier.Example".to_owned()];
    let mut addresses: Vec<String> = Vec::new();
    for address in cased {
        let (local, domain) = address.split_once('@').expect("an address");
        addresses.extend([
            address.clone(),
            format!(" {address}\t"),
            format!("<{address}>"),
            format!("Zoé A. <{address}>"),
            format!("mailto:{address}"),
            format!("{local}+soldes@{domain}"),
            format!("{local}+a+b@{domain}"),
            format!("{local}\u{a0}@{domain}"),
            format!("{address}."),
            format!("{address};"),
        ]);
    }
    let national = ["0639981234", "06 39 98 12 34", "06.39.98.12.34", "06-39-98-12-34", "(06) 39 98 12 34"];
    let abroad = ["639981234", "6 39 98 12 34", "6.39.98.12.34", "6-39-98-12-34"];
    let mut numbers: Vec<String> = national.into_iter().map(str::to_owned).collect();
    for prefix in ["+33", "+33 ", "0033", "0033 ", "+33 (0)", "+33 (0) "] {
        numbers.extend(abroad.iter().map(|number| format!("{prefix}{number}")));
    }
    numbers.extend(["tel:+33639981234".to_owned(), "06\u{a0}39\u{a0}98\u{a0}12\u{a0}34".to_owned()]);
    numbers.extend([
        "06/39/98/12/34".to_owned(),
        "0 6 3 9 9 8 1 2 3 4".to_owned(),
        " 0639981234 ".to_owned(),
    ]);
    let mut tried = 0;
    for address in &addresses {
        for number in &numbers {
            let fields = [("email", address.as_str()), ("phone", number.as_str())];
            assert_eq!(
                judge(&tags, &suppressed, &schema, &fields),
                Contacts::Erased,
                "{address:?} with {number:?}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 1_000, "only {tried} spellings");
}

#[test]
fn one_contact_point_alone_is_shared_and_none_is_clear() {
    let (_folder, tags) = tags();
    let schema = Schema::built_in("customer.v1").expect("built in");
    let suppressed = erased(&tags, &schema);
    let check = |fields: &[(&str, &str)], expected| {
        assert_eq!(judge(&tags, &suppressed, &schema, fields), expected, "{fields:?}");
    };
    check(&[("email", "zoé.abriquel@courrier.example")], Contacts::Shared);
    check(&[("phone", "+33639981234"), ("email", "autre@courrier.example")], Contacts::Shared);
    check(&[("phone", "+33639981235"), ("email", "autre@courrier.example")], Contacts::Clear);
    // What belongs to someone as a contact point does not as a number of another kind.
    check(&[("loyalty_number", "0639981234")], Contacts::Clear);
    check(&[], Contacts::Clear);
}

#[test]
fn an_address_of_one_and_a_number_of_another_do_not_bar_a_third() {
    let (_folder, tags) = tags();
    let schema = Schema::built_in("customer.v1").expect("built in");
    let mut suppressed = erased(&tags, &schema);
    let mut other = ContactPoints::default();
    other.add(&schema, &[("email", "autre@courrier.example"), ("mobile", "06 39 98 99 99")]);
    suppressed.extend(other.tags(&tags));
    let fields = [("email", "autre@courrier.example"), ("phone", "0639981234")];
    assert_eq!(judge(&tags, &suppressed, &schema, &fields), Contacts::Shared);
}

#[test]
fn of_many_strangers_none_is_barred() {
    let (_folder, tags) = tags();
    let schema = Schema::built_in("customer.v1").expect("built in");
    let suppressed = erased(&tags, &schema);
    for number in 0..20_000 {
        let (email, phone) = (format!("client{number}@courrier.example"), format!("07{number:08}"));
        let fields = [("email", email.as_str()), ("mobile", phone.as_str())];
        assert_eq!(judge(&tags, &suppressed, &schema, &fields), Contacts::Clear);
    }
}

#[test]
fn a_profile_of_very_many_is_barred_record_by_record() {
    let (_folder, tags) = tags();
    let schema = Schema::built_in("customer.v1").expect("built in");
    let mut points = ContactPoints::default();
    let contacts = |number: u32| (format!("c{number}@courrier.example"), format!("07{number:08}"));
    for number in 0..2_000 {
        let (email, phone) = contacts(number);
        points.add(&schema, &[("email", &email), ("mobile", &phone)]);
    }
    let suppressed: HashSet<Tag> = points.tags(&tags).into_iter().collect();
    assert!(suppressed.len() < 20_000, "{} tags", suppressed.len());
    let ((email, phone), (_, other)) = (contacts(3), contacts(4));
    let judged =
        |phone: &str| judge(&tags, &suppressed, &schema, &[("email", email.as_str()), ("phone", phone)]);
    assert_eq!((judged(&phone), judged(&other)), (Contacts::Erased, Contacts::Shared));
}
