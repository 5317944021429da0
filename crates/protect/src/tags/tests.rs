use super::*;
use crate::testing::keyring;

fn source(name: &str) -> SourceId {
    name.parse().unwrap()
}

#[test]
fn equal_rows_have_equal_tags_under_one_keyring_only() {
    let (_folder, first) = keyring();
    let (_other_folder, other) = keyring();
    let tags = ChangeTags::of(&first);
    let again = ChangeTags::of(&first);
    let elsewhere = ChangeTags::of(&other);

    let row = ["city", "Lyon"];
    assert_eq!(tags.content_tag("erp", row), again.content_tag("erp", row));
    assert_ne!(tags.content_tag("erp", row), elsewhere.content_tag("erp", row));
    assert_eq!(tags.record_tag(&source("erp"), ["1"]), again.record_tag(&source("erp"), ["1"]));
    assert_ne!(tags.record_tag(&source("erp"), ["1"]), elsewhere.record_tag(&source("erp"), ["1"]));
}

#[test]
fn every_component_counts() {
    let tags = ChangeTags::new(&RootKey::from_bytes([3; 32]));
    let suppression = SuppressionTags::new(&RootKey::from_bytes([3; 32]));
    let all = [
        tags.record_tag(&source("erp"), ["1", "2"]),
        tags.record_tag(&source("erp"), ["12"]),
        tags.record_tag(&source("erp"), ["2", "1"]),
        tags.record_tag(&source("erp"), ["1", "2", ""]),
        tags.record_tag(&source("web"), ["1", "2"]),
        // The same key and the same words, but another kind of tag.
        tags.content_tag("erp", ["1", "2"]),
        tags.content_tag("web", ["1", "2"]),
        tags.content_tag("erp", Vec::<&str>::new()),
        suppression.suppression_tag("erp", b"1"),
        suppression.suppression_tag("er", b"p1"),
        suppression.suppression_tag("erp", b"2"),
    ];
    for (position, tag) in all.iter().enumerate() {
        assert!(!all[..position].contains(tag), "tag {position} is also another's");
    }
}
