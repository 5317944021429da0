use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;

/// Of the specification: of the whole web, with all four segments.
const GLOBAL: &str = "COw4XqLOw4XqLAAAAAENAXCAAAAAAAAAAAAAAAAAAAAA.IFukWSQgAIQwgI0QEByFAAAAeIAACAIgSAAQAIAgEQACEABAAAgAQFAEAIAAAGBAAgAAAAQAIFAAMCQAAgAAQiRAEQAAAAANAAIAAggAIYQFAAARmggBC3ZCYzU2yIA.QFukWSQgAIQwgI0QEByFAAAAeIAACAIgSAAQAIAgEQACEABAAAgAQFAEAIAAAGBAAgAAAAQAIFAAMCQAAgAAQiRAEQAAAAANAAIAAggAIYQFAAARmggBC3ZCYzU2yIA.YAAAAAAAAAAAAAAAAAA";
/// Of the specification: of one service, with the publisher's own purposes.
const SERVICE: &str =
    "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAA";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes segments bit by bit, as the specification has it: what is read of it must be what was written.
#[derive(Default)]
struct Written(Vec<bool>);

impl Written {
    fn number(&mut self, bits: u32, value: u64) -> &mut Self {
        self.0.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn set(&mut self, bits: u32, places: &[u8]) -> &mut Self {
        self.0.extend((1..=bits).map(|place| places.iter().any(|set| u32::from(*set) == place)));
        self
    }

    fn letters(&mut self, letters: &str) -> &mut Self {
        for letter in letters.bytes() {
            self.number(6, (letter.to_ascii_lowercase() - b'a').into());
        }
        self
    }

    fn vendors(&mut self, vendors: &Vendors, as_ranges: bool) -> &mut Self {
        let highest = vendors.iter().last().unwrap_or_default();
        self.number(16, highest.into()).number(1, as_ranges.into());
        if as_ranges {
            return self.ranges(vendors);
        }
        self.0.extend((1..=highest).map(|vendor| vendors.contains(vendor)));
        self
    }

    /// Every vendor alone: of others than the shortest form the same must be read.
    fn ranges(&mut self, vendors: &Vendors) -> &mut Self {
        self.number(12, vendors.len() as u64);
        for vendor in vendors.iter() {
            self.number(1, 0).number(16, vendor.into());
        }
        self
    }

    fn text(&self) -> String {
        let sextet = |bits: &[bool]| {
            (0..6).fold(0, |sum, place| sum << 1 | usize::from(bits.get(place) == Some(&true)))
        };
        self.0.chunks(6).map(|bits| char::from(ALPHABET[sextet(bits)])).collect()
    }
}

fn written(string: &TcString, as_ranges: bool) -> String {
    let mut core = Written::default();
    let tenths = |moment: DateTime<Utc>| moment.timestamp_millis() as u64 / 100;
    core.number(6, 2).number(36, tenths(string.created)).number(36, tenths(string.updated));
    core.number(12, string.cmp.into()).number(12, string.cmp_version.into());
    core.number(6, string.screen.into()).letters(&string.language);
    core.number(12, string.vendor_list.into()).number(6, string.policy.into());
    core.number(1, string.is_service_specific.into()).number(1, string.has_own_texts.into());
    core.set(12, &string.special_features).set(24, &string.purposes).set(24, &string.legitimate_interests);
    core.number(1, string.purpose_one_untold.into()).letters(&string.country);
    core.vendors(&string.vendors, as_ranges).vendors(&string.vendor_legitimate_interests, !as_ranges);
    core.number(12, string.restrictions.len() as u64);
    for restriction in &string.restrictions {
        core.number(6, restriction.purpose.into())
            .number(2, restriction.kind as u64)
            .ranges(&restriction.vendors);
    }
    let mut segments = vec![core.text()];
    for (kind, vendors) in [(1, &string.disclosed), (2, &string.allowed)] {
        if let Some(vendors) = vendors {
            segments.push(Written::default().number(3, kind).vendors(vendors, as_ranges).text());
        }
    }
    if let Some(publisher) = &string.publisher {
        let mut segment = Written::default();
        segment
            .number(3, 3)
            .set(24, &publisher.purposes)
            .set(24, &publisher.legitimate_interests)
            .number(6, 63);
        segment.set(63, &publisher.custom_purposes).set(63, &publisher.custom_legitimate_interests);
        segments.push(segment.text());
    }
    segments.join(".")
}

fn places(most: u8) -> impl Strategy<Value = Vec<u8>> {
    btree_set(1..=most, 0..8).prop_map(|set| set.into_iter().collect())
}

fn vendors() -> impl Strategy<Value = Vendors> {
    btree_set(1u16..2_000, 0..40).prop_map(Vendors::of)
}

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..1 << 35).prop_map(|tenths| DateTime::from_timestamp_millis(tenths * 100).expect("a moment"))
}

prop_compose! {
    fn strings()(
        (created, updated) in (moments(), moments()),
        (cmp, cmp_version, vendor_list) in (0u16..4_096, 0u16..4_096, 0u16..4_096),
        (screen, policy) in (0u8..64, 0u8..64),
        (language, country) in ("[a-z]{2}", "[A-Z]{2}"),
        (is_service_specific, has_own_texts, purpose_one_untold) in any::<(bool, bool, bool)>(),
        (special_features, purposes, legitimate_interests) in (places(12), places(24), places(24)),
        (of_consent, of_interests) in (vendors(), vendors()),
        restrictions in vec((0u8..64, 0u8..3, vendors()), 0..4),
        (disclosed, allowed) in (proptest::option::of(vendors()), proptest::option::of(vendors())),
        publisher in proptest::option::of((places(24), places(24), places(63), places(63))),
    ) -> TcString {
        let kinds = [RestrictionKind::NotAllowed, RestrictionKind::RequireConsent, RestrictionKind::RequireLegitimateInterest];
        TcString {
            created, updated, cmp, cmp_version, screen, language, vendor_list, policy, is_service_specific,
            has_own_texts, special_features, purposes, legitimate_interests, purpose_one_untold, country,
            vendors: of_consent,
            vendor_legitimate_interests: of_interests,
            restrictions: restrictions.into_iter()
                .map(|(purpose, kind, vendors)| Restriction { purpose, kind: kinds[usize::from(kind)], vendors })
                .collect(),
            disclosed,
            allowed,
            publisher: publisher.map(|(purposes, legitimate_interests, custom_purposes, custom_legitimate_interests)| {
                Publisher { purposes, legitimate_interests, custom_purposes, custom_legitimate_interests }
            }),
        }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_however_vendors_are_written(string in strings(), as_ranges: bool) {
        prop_assert_eq!(TcString::parse(&written(&string, as_ranges)), Ok(string));
    }

    #[test]
    fn no_text_is_read_that_is_cut_off_within_its_core(string in strings(), cut in 1usize..35) {
        let text = written(&string, false);
        let core = text.split('.').next().expect("a core");
        // The last character may hold nothing but filling.
        let cut = &core[..core.len().saturating_sub(cut + 1)];
        prop_assert!(TcString::parse(cut).is_err());
    }

    #[test]
    fn no_text_makes_reading_fail_otherwise_than_by_saying_so(text in "[A-Za-z0-9_.-]{0,400}") {
        let _ = TcString::parse(&text);
        let _ = TcString::parse(&format!("C{text}"));
    }

    #[test]
    fn any_text_at_all_is_answered(text in ".{0,200}") {
        let _ = TcString::parse(&text);
    }
}

#[test]
fn the_published_string_of_the_whole_web_is_read() {
    let string = TcString::parse(GLOBAL).expect("a TC string");
    assert_eq!(string.created, string.updated);
    assert_eq!((string.language.as_str(), string.country.as_str()), ("en", "AA"));
    assert_eq!((string.vendor_list, string.policy, string.is_service_specific), (23, 2, false));
    assert!(string.purposes.is_empty() && string.vendors.is_empty());
    let disclosed = string.disclosed.as_ref().expect("a segment");
    assert_eq!(Some(disclosed), string.allowed.as_ref(), "the example says the same in both");
    assert!(disclosed.contains(2) && !disclosed.contains(1) && disclosed.len() > 50);
    assert_eq!(string.publisher.as_ref().expect("a segment").purposes, Vec::<u8>::new());
    assert_eq!(string.standing(), Standing::Outdated);
}

#[test]
fn the_published_string_of_one_service_is_read() {
    let string = TcString::parse(SERVICE).expect("a TC string");
    assert_eq!((string.language.as_str(), string.policy, string.is_service_specific), ("en", 2, true));
    assert!(!string.purposes.is_empty() && !string.vendors.is_empty());
    assert!(string.publisher.is_some() && string.disclosed.is_none());
}

#[track_caller]
fn check(text: &str, expected: NoTcString) {
    assert_eq!(TcString::parse(text), Err(expected), "{text}");
}

#[test]
fn what_is_no_tc_string_is_refused_with_the_place() {
    check("", NoTcString::Truncated { field: "version" });
    check("C", NoTcString::Truncated { field: "created" });
    check("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", NoTcString::Version { found: 1 });
    check("COw4XqLOw4XqLAAAAAENAXCAAAAAAAAAAAAAAAAAAAAA.I=", NoTcString::Character { at: 47 });
    check("{\"tc\": 1}", NoTcString::Character { at: 1 });
    check(&format!("{GLOBAL}.YAAAAAAAAAAAAAAAAAA"), NoTcString::Segment { segment: 5 });
    check(&format!("{GLOBAL}.4AAA"), NoTcString::Segment { segment: 5 });
    check(&"C".repeat(300_000), NoTcString::TooLong);
}

#[test]
fn a_vendor_may_pursue_what_was_agreed_to_unless_it_was_not_shown_or_is_restricted() {
    let base = TcString {
        policy: 5,
        purposes: vec![1, 2],
        vendors: Vendors::of([7, 8]),
        disclosed: Some(Vendors::of([7, 8, 9])),
        ..TcString::parse(GLOBAL).expect("a TC string")
    };
    assert!(base.consents(7, 1) && !base.consents(7, 3) && !base.consents(9, 1));
    let hidden = TcString { disclosed: Some(Vendors::of([8])), ..base.clone() };
    assert!(!hidden.consents(7, 1) && hidden.consents(8, 1));
    let untold = TcString { disclosed: None, ..base.clone() };
    assert!(untold.standing() == Standing::Undisclosed && !untold.consents(7, 1));
    assert!(TcString { policy: 4, ..untold }.consents(7, 1), "before TCF 2.3 it need not say");
    let restricted = |kind| {
        let restriction = Restriction { purpose: 1, kind, vendors: Vendors::of([7]) };
        TcString { restrictions: vec![restriction], ..base.clone() }
    };
    assert!(!restricted(RestrictionKind::NotAllowed).consents(7, 1));
    assert!(!restricted(RestrictionKind::RequireLegitimateInterest).consents(7, 1));
    assert!(restricted(RestrictionKind::RequireConsent).consents(7, 1));
    assert!(restricted(RestrictionKind::NotAllowed).consents(8, 1));
}

#[test]
fn a_few_characters_that_stand_for_every_vendor_stay_a_range() {
    let mut core = Written::default();
    core.number(6, 2).number(36, 1).number(36, 1).number(30, 0).letters("fr").number(12, 1).number(6, 4);
    core.number(62, 0).number(1, 0).letters("fr");
    core.number(16, 65_535).number(1, 1).number(12, 4_000);
    for _ in 0..4_000 {
        core.number(1, 1).number(16, 1).number(16, 65_535);
    }
    core.number(16, 0).number(1, 0).number(12, 0);
    let string = TcString::parse(&core.text()).expect("a TC string");
    assert_eq!((string.vendors.len(), string.vendors.contains(65_535)), (65_535, true));
    assert_eq!(serde_json::to_string(&string.vendors).expect("plain data"), "[[1,65535]]");
}
