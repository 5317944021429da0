//! Which links hold a profile together, and which of them is the weakest.

use std::collections::HashMap;

use crate::report::{LinkReport, LinkRole};

/// Says of each link what it does for the profile, and puts the weakest first.
///
/// The links that hold are those of the strongest tree: whoever asked for more and more evidence
/// would see the profile fall apart where its weakest link gives way, and no other link would
/// keep the two sides together. Of links of one weight the tree has those of the first ids.
///
/// Source: maximum spanning tree, Kruskal, Proc. AMS 7 (1956).
pub(super) fn assign_roles(links: &mut [LinkReport]) {
    links.sort_by(|one, other| {
        let by_ids = || (&other.left, &other.right).cmp(&(&one.left, &one.right));
        one.weight_bits.total_cmp(&other.weight_bits).then_with(by_ids)
    });
    let mut side_of: HashMap<String, usize> = HashMap::new();
    for link in links.iter() {
        for record in [&link.left, &link.right] {
            let next = side_of.len();
            side_of.entry(record.clone()).or_insert(next);
        }
    }
    let mut weakest = None;
    for (place, link) in links.iter_mut().enumerate().rev() {
        let [left, right] = [side_of[&link.left], side_of[&link.right]];
        if left == right {
            link.role = LinkRole::Further;
            continue;
        }
        link.role = LinkRole::Holding;
        weakest = Some(place);
        // A profile has few records: going through all of them costs nothing.
        side_of.values_mut().filter(|side| **side == right).for_each(|side| *side = left);
    }
    if let Some(place) = weakest {
        links[place].role = LinkRole::Weakest;
    }
}

#[cfg(test)]
mod tests;
