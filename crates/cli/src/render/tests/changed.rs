//! What would change, and what people set right.

use vermeil_engine::{ChangeExample, GroundReport, RectificationReport};

use super::catalogs;
use crate::render::changes;

/// A merge, or without the other profile a split.
pub(super) fn change(other: Option<&str>) -> ChangeExample {
    ChangeExample {
        profile: "profile-1".to_owned(),
        other: other.map(str::to_owned),
        records: Some(["record-1".to_owned(), "record-2".to_owned()]),
        weight_bits: Some(4.75),
        probability: Some(0.964),
        weight_bits_before: other.is_none().then_some(9.5),
        rules: vec!["email".to_owned()],
        by: Vec::new(),
    }
}

pub(super) fn rectification(kind: &str) -> RectificationReport {
    RectificationReport {
        rectification: 7,
        record: "record-1".to_owned(),
        field: "city".to_owned(),
        kind: kind.to_owned(),
        author: "ada".to_owned(),
        at: "2026-01-01T10:00:00Z".to_owned(),
        reason: Some("ticket 12".to_owned()),
    }
}

#[test]
fn examples_name_records_weights_and_what_settles_it() {
    let [_, english] = catalogs();
    let settled = ChangeExample {
        by: vec![GroundReport { ground: "decision".to_owned(), detail: "3".to_owned() }],
        ..change(None)
    };
    let parts = changes::examples(&english, &[change(Some("profile-2"))], &[settled]);
    let [merges, splits] = parts.as_slice() else { panic!("{parts:?}") };
    for told in ["profile-1", "profile-2", "record-1", "record-2", "4.75", "96", "email"] {
        assert!(merges.contains(told), "{told} in {merges}");
    }
    for told in ["profile-1", "record-1", "record-2", "9.5", "4.75", "decision 3"] {
        assert!(splits.contains(told), "{told} in {splits}");
    }
    assert_eq!(changes::examples(&english, &[], &[]), Vec::<String>::new());
}
