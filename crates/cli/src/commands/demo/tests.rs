use super::*;
use vermeil_model::{FieldClass, RecordId};
use vermeil_policy::{AccessPolicy, PolicyFile};

fn account(source: &str, key: &str, profile: u128) -> PublishedAccount {
    PublishedAccount {
        source: source.to_owned(),
        key: key.to_owned(),
        profile: ProfileId(profile),
        record: RecordId(0),
    }
}

#[test]
fn the_example_is_known_to_the_most_sources() {
    let accounts = [
        account("erp", "1", 1),
        account("erp", "2", 1),
        account("erp", "3", 1),
        account("erp", "4", 2),
        account("web", "4", 2),
    ];
    assert_eq!(best_known(&accounts), Some(ProfileId(2)));
    assert_eq!(best_known(&[]), None);
}

#[test]
fn the_widest_grant_of_the_demo_opens_everything() {
    let [names, access] =
        DEMO_POLICIES.map(|(name, text)| PolicyFile { name: name.to_owned(), text: text.to_owned() });
    let policy = AccessPolicy::parse(Some(&names), &[access]).unwrap();
    let (role, purpose) = widest_grant(&policy.matrix());
    let grant = policy.grant("anyone", &role, purpose.as_ref()).unwrap();
    assert!(FieldClass::PERSONAL.iter().all(|class| grant.covers(*class)));
}

#[test]
fn without_any_grant_the_reader_is_an_analyst() {
    assert_eq!(widest_grant(&AccessPolicy::default().matrix()), (Role("analyst".to_owned()), None));
}

#[test]
fn an_account_that_no_profile_holds_lowers_recall() {
    let truth = [(("erp", "1"), "ada"), (("web", "1"), "ada"), (("crm", "1"), "ada")]
        .map(|((source, key), person)| ((source.to_owned(), key.to_owned()), person.to_owned()));
    let accuracy = compare(&[account("erp", "1", 1), account("web", "1", 1)], truth.into());
    assert_eq!((accuracy.pairwise_precision, accuracy.pairwise_recall), (1.0, 1.0 / 3.0));
    assert_eq!(accuracy.unclustered, 1);
}
