use vermeil_model::Diagnose;

use super::*;
use crate::keyring::Keyring;
use crate::testing::{keyring, ready};

/// A vault with its store, so that tests can look at and tamper with pages.
struct Fixture {
    _folder: tempfile::TempDir,
    keyring: Arc<Keyring>,
    store: Arc<MemoryStore>,
    vault: KeyVault,
}

fn fixture() -> Fixture {
    let (folder, keyring) = keyring();
    let (keyring, store) = (Arc::new(keyring), Arc::new(MemoryStore::default()));
    let vault = KeyVault::new(keyring.clone(), store.clone());
    Fixture { _folder: folder, keyring, store, vault }
}

impl Fixture {
    /// Another vault on the same pages, with an empty cache: another process.
    fn elsewhere(&self) -> KeyVault {
        KeyVault::new(self.keyring.clone(), self.store.clone())
    }

    fn allocate(&self, owner: &str, count: usize) -> Vec<(KeyLocation, DataKey)> {
        ready(self.vault.allocate(&KeyOwner::new(owner), count)).unwrap()
    }

    fn tamper(&self, change: impl FnOnce(&mut BTreeMap<i64, SealedPage>)) {
        self.store.with_pages(change);
    }
}

fn locations(given: &[(KeyLocation, DataKey)]) -> Vec<KeyLocation> {
    given.iter().map(|(location, _)| *location).collect()
}

fn keys(vault: &KeyVault, locations: &[KeyLocation]) -> Vec<Option<[u8; 32]>> {
    ready(vault.keys(locations)).unwrap().iter().map(|key| key.as_ref().map(|key| *key.expose())).collect()
}

fn expected(given: &[(KeyLocation, DataKey)]) -> Vec<Option<[u8; 32]>> {
    given.iter().map(|(_, key)| Some(*key.expose())).collect()
}

#[test]
fn keys_come_in_pages_of_256_in_order_and_are_found_again() {
    let fixture = fixture();
    let given = fixture.allocate("landing/erp/1", 600);
    let places = locations(&given);
    assert_eq!(places.len(), 600);
    for (position, location) in places.iter().enumerate() {
        let (page, slot) = (position / PAGE_SLOTS, position % PAGE_SLOTS);
        assert_eq!(*location, KeyLocation { page: page as i64, slot: slot as u16 });
    }
    assert_eq!(fixture.store.with_pages(|pages| pages.len()), 3);
    assert_eq!(keys(&fixture.vault, &places), expected(&given));
    assert_eq!(keys(&fixture.elsewhere(), &places), expected(&given));

    let distinct: std::collections::HashSet<_> = expected(&given).into_iter().collect();
    assert_eq!(distinct.len(), 600);
}

#[test]
fn each_call_has_pages_of_its_own() {
    let fixture = fixture();
    assert_eq!(fixture.allocate("a", 1)[0].0, KeyLocation { page: 0, slot: 0 });
    assert_eq!(fixture.allocate("b", 1)[0].0, KeyLocation { page: 1, slot: 0 });
    assert!(fixture.allocate("b", 0).is_empty());
    assert_eq!(fixture.allocate("b", 256).last().unwrap().0, KeyLocation { page: 2, slot: 255 });
}

#[test]
fn no_key_is_readable_in_a_stored_page() {
    let fixture = fixture();
    let given = fixture.allocate("a", 3);
    let stored = fixture.store.with_pages(|pages| format!("{pages:?}"));
    for (_, key) in &given {
        let shown = format!("{:?}", key.expose());
        assert!(!stored.contains(shown.trim_matches(['[', ']'])));
    }
}

#[test]
fn destroyed_keys_stay_destroyed_and_their_neighbours_stay() {
    let fixture = fixture();
    let given = fixture.allocate("a", 300);
    let places = locations(&given);
    let gone = [places[0], places[7], places[299], places[7]];
    let before = fixture.store.with_pages(|pages| pages.clone());
    assert_eq!(keys(&fixture.vault, &places), expected(&given), "pages are cached now");

    assert_eq!(ready(fixture.vault.destroy(&gone)).unwrap(), 3);
    let mut survivors = expected(&given);
    [0, 7, 299].into_iter().for_each(|place: usize| survivors[place] = None);
    assert_eq!(keys(&fixture.vault, &places), survivors);
    assert_eq!(keys(&fixture.elsewhere(), &places), survivors);
    assert_eq!(ready(fixture.vault.destroy(&gone)).unwrap(), 0, "nothing is left to destroy");

    for (number, page) in &fixture.store.with_pages(|pages| pages.clone()) {
        assert_eq!(page.revision, 1, "asking again rewrites nothing");
        assert_ne!(page.wrapped_key, before[number].wrapped_key);
        assert_ne!(page.commitment, before[number].commitment, "a rewritten page has a new page key");
    }
}

#[test]
fn an_owner_goes_with_all_its_pages_and_no_other() {
    let fixture = fixture();
    let golden = fixture.allocate("golden/16", 300);
    let next = fixture.allocate("golden/17", 2);
    assert_eq!(keys(&fixture.vault, &locations(&golden)), expected(&golden));
    assert_eq!(ready(fixture.vault.destroy_owner(&KeyOwner::new("golden/16"))).unwrap(), 2);
    assert_eq!(keys(&fixture.vault, &locations(&golden)), vec![None; 300]);
    assert_eq!(keys(&fixture.vault, &locations(&next)), expected(&next));
    assert_eq!(ready(fixture.vault.destroy(&locations(&golden))).unwrap(), 0);
}

#[test]
fn locations_that_never_were_have_no_key() {
    let fixture = fixture();
    fixture.allocate("a", 1);
    let nowhere = [
        KeyLocation { page: 0, slot: 1 },
        KeyLocation { page: 0, slot: 300 },
        KeyLocation { page: 9, slot: 0 },
    ];
    assert_eq!(keys(&fixture.vault, &nowhere), [None, None, None]);
    assert_eq!(ready(fixture.vault.destroy(&nowhere)).unwrap(), 0);
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut BTreeMap<i64, SealedPage>)) {
    let fixture = fixture();
    fixture.allocate("a", 1);
    fixture.allocate("b", 1);
    fixture.tamper(change);
    let error = ready(fixture.vault.keys(&[KeyLocation { page: 0, slot: 0 }])).err().expect("refused");
    assert!(matches!(
        error,
        VaultError::Keyring(KeyringError::Refused { .. }) | VaultError::DamagedPage { page: 0 }
    ));
}

#[test]
fn a_page_opens_in_its_own_place_only() {
    check_refused(|pages| pages.get_mut(&0).unwrap().owner = KeyOwner::new("b"));
    check_refused(|pages| pages.get_mut(&0).unwrap().revision = 1);
    check_refused(|pages| pages.get_mut(&0).unwrap().commitment[0] ^= 1);
    check_refused(|pages| pages.get_mut(&0).unwrap().wrapped_key[20] ^= 1);
    check_refused(|pages| pages.get_mut(&0).unwrap().sealed[20] ^= 1);
    check_refused(|pages| pages.get_mut(&0).unwrap().sealed.truncate(10));
    check_refused(|pages| pages.get_mut(&0).unwrap().sealed = pages[&1].sealed.clone());
    check_refused(|pages| {
        let other = SealedPage { number: 0, ..pages[&1].clone() };
        pages.insert(0, other);
    });
}

#[test]
fn a_page_of_another_keyring_is_refused() {
    let (one, other) = (fixture(), fixture());
    let given = one.allocate("a", 1);
    let foreign = KeyVault::new(other.keyring.clone(), one.store.clone());
    let error = ready(foreign.keys(&locations(&given))).err().expect("refused");
    assert_eq!(error.diagnostic().unwrap().code, "keyring-refused");
}

#[test]
fn the_cache_stays_within_its_bounds_and_forgets_the_first() {
    let mut cache = PageCache::new(2);
    for number in 0..3 {
        cache.insert(0, Arc::new(OpenPage::random(number, 1)));
    }
    assert_eq!([0, 1, 2].map(|number| cache.get(number).is_some()), [false, true, true]);
    cache.forget(&[1]);
    cache.insert(cache.epoch(), Arc::new(OpenPage::random(3, 1)));
    assert_eq!([1, 2, 3].map(|number| cache.get(number).is_some()), [false, true, true]);
    cache.forget_all();
    assert_eq!([1, 2, 3].map(|number| cache.get(number).is_some()), [false; 3]);
}
