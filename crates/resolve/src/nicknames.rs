//! Given names that are one name: short forms, pet forms, and the forms of other languages.
//!
//! The list is data, `schemas/nicknames.txt`; it says how it is read.

use std::sync::LazyLock;

use hashbrown::HashMap;

const LIST: &str = include_str!("../../../schemas/nicknames.txt");

/// For each name the groups it stands in: as the given name they are of, or as a form of it.
static GROUPS: LazyLock<HashMap<&'static str, Vec<u16>>> = LazyLock::new(|| {
    let mut groups: HashMap<&'static str, Vec<u16>> = HashMap::new();
    let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for (group, line) in (0..).zip(lines) {
        let (given, forms) = line.split_once(':').unwrap_or((line, ""));
        for name in std::iter::once(given).chain(forms.split_whitespace()) {
            groups.entry(name).or_default().push(group);
        }
    }
    groups
});

/// Whether two folded given names are forms of one: `bob` and `robert`, `jacques` and `james`.
pub fn are_kin(left: &str, right: &str) -> bool {
    match (GROUPS.get(left), GROUPS.get(right)) {
        (Some(left), Some(right)) => left.iter().any(|group| right.contains(group)),
        _ => false,
    }
}

/// Whether a folded word is a given name that the list knows.
pub fn is_given_name(word: &str) -> bool {
    word.len() > 1 && GROUPS.contains_key(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_name_are_kin() {
        assert!(are_kin("bob", "robert"));
        assert!(are_kin("robert", "bob"));
        assert!(are_kin("bob", "rob"));
        assert!(are_kin("jacques", "james"));
        assert!(!are_kin("robert", "richard"));
        assert!(!are_kin("nobody", "robert"));
        // Both are parts of a compound name, and two names.
        assert!(!are_kin("jean", "paul"));
        assert!(!are_kin("marie", "claude"));
    }

    #[test]
    fn every_line_of_the_list_is_well_formed() {
        for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (given, forms) = line.split_once(':').expect("a given name and a colon");
            let is_plain =
                |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(is_plain(given), "{line}");
            assert!(forms.split_whitespace().all(is_plain) && !forms.trim().is_empty(), "{line}");
        }
    }
}
