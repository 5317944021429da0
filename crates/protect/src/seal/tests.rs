use proptest::prelude::*;
use vermeil_model::Policy;

use super::*;
use crate::testing::hex;

const HERE: Binding<'static> = Binding {
    tenant: "demo",
    table: "landing.erp",
    class: FieldClass::Contact,
    record: [0x30; 16],
    version: 7,
    key_epoch: 1,
};

fn key(first: u8) -> DataKey {
    DataKey::from_bytes([first; 32])
}

fn opened(key: &DataKey, binding: &Binding<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    open(key, binding, sealed).map(|value| value.into_exposed(&Policy::sealing()))
}

#[test]
fn the_documented_vector_holds() {
    let key = DataKey::from_bytes(std::array::from_fn(|place| place as u8));
    let nonce = std::array::from_fn(|place| 0x20 + place as u8);
    let binding = Binding { record: std::array::from_fn(|place| 0x30 + place as u8), ..HERE };
    let mut sealed = Vec::new();
    RecordCipher::new(&key).seal_with(nonce, &binding, b"ada@example.org", &mut sealed);
    let expected = hex("0101 00000001 202122232425262728292a2b
         b35ec73009e07b636a1027e0ae6a9379d049ec9c878063ee6cf66c12498a5e09
         b4c4d22c1ef11f90afb9eacfe57059e6");
    assert_eq!(sealed, expected);
}

#[test]
fn both_implementations_write_and_open_what_the_description_says() {
    let mut checked = 0;
    for entry in include_str!("vectors.txt").split("\n\n").skip(1) {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
            line.unwrap_or_else(|| panic!("{name} in {entry}"))
        };
        let key = DataKey::from_bytes(hex(field("key")).try_into().unwrap());
        let class = FieldClass::PERSONAL.into_iter().find(|class| class.as_str() == field("class"));
        let binding = Binding {
            tenant: field("tenant"),
            table: field("table"),
            class: class.unwrap(),
            record: hex(field("record")).try_into().unwrap(),
            version: field("version").parse().unwrap(),
            key_epoch: field("key epoch").parse().unwrap(),
        };
        let length: usize = field("value length").parse().unwrap();
        let value: Vec<u8> = (0..length).map(|place| place as u8).collect();
        let expected = hex(field("sealed"));
        for implementation in Implementation::ALL {
            let cipher = RecordCipher::with(implementation, &key);
            let mut sealed = Vec::new();
            cipher.seal_with(hex(field("nonce")).try_into().unwrap(), &binding, &value, &mut sealed);
            assert_eq!(sealed, expected, "{implementation:?}, {entry}");
            let opened = cipher.open(&binding, &expected).map(|value| value.into_exposed(&Policy::sealing()));
            assert_eq!(opened.as_ref(), Ok(&value), "{implementation:?}, {entry}");
        }
        checked += 1;
    }
    assert_eq!(checked, 22);
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(
        value in prop::collection::vec(any::<u8>(), 0..3_000),
        key_bytes: [u8; 32], record: [u8; 16], version: i64, key_epoch: u32, tenant: String, table: String,
    ) {
        let key = DataKey::from_bytes(key_bytes);
        let binding =
            Binding { tenant: &tenant, table: &table, class: FieldClass::Sensitive, record, version, key_epoch };
        let sealed = seal(&key, &binding, &value);
        prop_assert_eq!(sealed.len(), sealed_len(value.len()));
        prop_assert_eq!(super::key_epoch(&sealed), Ok(key_epoch));
        prop_assert_eq!(opened(&key, &binding, &sealed), Ok(value));
    }
}

#[test]
fn a_value_that_looks_like_padding_comes_back_whole() {
    for value in [&b""[..], b"\x80", b"\x80\0\0", b"\0", b"\0\0\0\x80\0", &[0; 40], &[0x80; 64]] {
        assert_eq!(opened(&key(1), &HERE, &seal(&key(1), &HERE, value)), Ok(value.to_vec()));
    }
}

/// Expects both implementations to refuse a changed value, and for the same reason.
#[track_caller]
fn check_refused(sealed: &[u8], expected: &OpenError) {
    for implementation in Implementation::ALL {
        let error = RecordCipher::with(implementation, &key(1)).open(&HERE, sealed).err();
        assert_eq!(error.as_ref(), Some(expected), "{implementation:?}");
    }
}

#[test]
fn any_flipped_bit_opens_nothing() {
    let sealed = seal(&key(1), &HERE, b"ada@example.org");
    for bit in 0..sealed.len() * 8 {
        let (place, flip) = (bit / 8, 1 << (bit % 8));
        let mut changed = sealed.clone();
        changed[place] ^= flip;
        let expected = match place {
            0 => OpenError::UnknownVersion(VERSION ^ flip),
            1 => OpenError::UnknownAlgorithm(AES_256_GCM ^ flip),
            2..HEADER => {
                let found = 1 ^ (u32::from(flip) << (8 * (HEADER - 1 - place)));
                OpenError::OtherEpoch { found, expected: 1 }
            }
            _ => OpenError::Refused,
        };
        check_refused(&changed, &expected);
    }
}

#[test]
fn no_beginning_and_no_extension_of_a_sealed_value_opens() {
    let sealed = seal(&key(1), &HERE, b"ada@example.org");
    for end in 0..sealed.len() {
        let expected = if end < OVERHEAD { OpenError::TooShort } else { OpenError::Refused };
        check_refused(&sealed[..end], &expected);
    }
    for start in 1..sealed.len() {
        assert!(open(&key(1), &HERE, &sealed[start..]).is_err(), "from byte {start}");
    }
    check_refused(&[&sealed[..], &[0]].concat(), &OpenError::Refused);
}

#[test]
fn a_value_opens_in_its_own_place_only() {
    let sealed = seal(&key(1), &HERE, b"ada@example.org");
    let elsewhere = [
        Binding { tenant: "demo2", ..HERE },
        Binding { table: "landing.web", ..HERE },
        // Both texts joined are the same.
        Binding { tenant: "demol", table: "anding.erp", ..HERE },
        Binding { class: FieldClass::Identifier, ..HERE },
        Binding { class: FieldClass::Demographic, ..HERE },
        Binding { class: FieldClass::Sensitive, ..HERE },
        Binding { record: [0x31; 16], ..HERE },
        Binding { version: 8, ..HERE },
    ];
    for binding in elsewhere {
        assert_eq!(opened(&key(1), &binding, &sealed), Err(OpenError::Refused), "{binding:?}");
    }
    let later = Binding { key_epoch: 2, ..HERE };
    assert_eq!(opened(&key(1), &later, &sealed), Err(OpenError::OtherEpoch { found: 1, expected: 2 }));
    // Nor does it if the header is made to claim the other epoch.
    let mut relabelled = sealed.clone();
    relabelled[5] = 2;
    assert_eq!(opened(&key(1), &later, &relabelled), Err(OpenError::Refused));
    assert_eq!(opened(&key(2), &HERE, &sealed), Err(OpenError::Refused));
}

#[test]
fn later_versions_are_named_as_such() {
    let sealed = seal(&key(1), &HERE, b"");
    let with = |place: usize, byte: u8| {
        let mut changed = sealed.clone();
        changed[place] = byte;
        opened(&key(1), &HERE, &changed)
    };
    assert_eq!(with(0, 2), Err(OpenError::UnknownVersion(2)));
    assert_eq!(with(1, 9), Err(OpenError::UnknownAlgorithm(9)));
}

#[test]
fn lengths_fall_into_classes() {
    for (value, padded) in [
        (0, 32),
        (31, 32),
        (32, 64),
        (63, 64),
        (64, 128),
        (1023, 1024),
        (1024, 2048),
        (2047, 2048),
        (2048, 3072),
    ] {
        assert_eq!(sealed_len(value), padded + OVERHEAD, "a value of {value} bytes");
    }
}

#[test]
fn the_same_value_never_looks_the_same_twice() {
    assert_ne!(seal(&key(1), &HERE, b"ada"), seal(&key(1), &HERE, b"ada"));
}

#[test]
fn sealing_appends_and_leaves_what_stands_before() {
    let cipher = RecordCipher::new(&key(1));
    let mut buffer = b"before".to_vec();
    cipher.seal_into(&HERE, b"one", &mut buffer);
    let second = buffer.len();
    cipher.seal_into(&HERE, b"two", &mut buffer);
    assert!(buffer.starts_with(b"before"));
    assert_eq!(opened(&key(1), &HERE, &buffer[6..second]), Ok(b"one".to_vec()));
    assert_eq!(opened(&key(1), &HERE, &buffer[second..]), Ok(b"two".to_vec()));
}
