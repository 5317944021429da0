use proptest::prelude::*;

use super::*;
use crate::testing::hex;

/// The leaves and roots that Certificate Transparency's own implementations are tested with.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// The definition in RFC 6962 §2.1, word for word: slow, and nothing kept.
fn defined(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [leaf] => leaf_hash(leaf),
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            node_hash(&defined(&leaves[..half]), &defined(&leaves[half..]))
        }
    }
}

#[test]
fn the_test_vectors_of_certificate_transparency_hold() {
    let mut range = CompactRange::default();
    assert_eq!(range.root().0.as_slice(), hex(ROOTS[0]));
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        range.push(leaf_hash(&hex(leaf)));
        assert_eq!(range.root().0.as_slice(), hex(root), "after {} leaves", range.size());
    }
}

#[test]
fn as_many_nodes_are_kept_as_bits_are_set() {
    let mut range = CompactRange::default();
    for size in 1..=4096_u64 {
        range.push(leaf_hash(&size.to_be_bytes()));
        assert_eq!(range.nodes().len(), size.count_ones() as usize);
    }
}

proptest! {
    #[test]
    fn the_root_is_that_of_the_definition(leaves in prop::collection::vec(any::<Vec<u8>>(), 0..70)) {
        let mut range = CompactRange::default();
        leaves.iter().for_each(|leaf| range.push(leaf_hash(leaf)));
        prop_assert_eq!(range.root(), defined(&leaves));
    }

    #[test]
    fn a_range_taken_up_again_goes_on_as_if_never_put_down(before in 0_u64..200, after in 0_u64..200) {
        let leaf = |number: u64| leaf_hash(&number.to_be_bytes());
        let mut whole = CompactRange::default();
        (0..before).for_each(|number| whole.push(leaf(number)));
        let mut resumed = CompactRange::from_nodes(whole.size(), whole.nodes().to_vec()).expect("its own nodes");
        for number in before..before + after {
            whole.push(leaf(number));
            resumed.push(leaf(number));
        }
        prop_assert_eq!(resumed, whole);
    }
}

#[test]
fn a_wrong_number_of_nodes_is_no_tree() {
    assert_eq!(CompactRange::from_nodes(3, vec![leaf_hash(b"")]), None);
    assert_eq!(CompactRange::from_nodes(0, vec![leaf_hash(b"")]), None);
}

#[test]
fn a_hash_is_read_in_one_spelling_only() {
    let hash = leaf_hash(b"");
    let text = hash.to_string();
    assert_eq!(Hash::parse(&text), Some(hash));
    // The last character carries two bits that must be zero.
    let respelt = text.replace("oB0=", "oB1=");
    assert_ne!(respelt, text);
    assert_eq!(Hash::parse(&respelt), None);
    assert_eq!(Hash::parse(text.trim_end_matches('=')), None);
    assert_eq!(Hash::parse(&format!("{text}\n")), None);
}
