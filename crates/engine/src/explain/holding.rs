//! Which links hold a profile together, and which of them is the weakest.

use vermeil_model::Bits;
use vermeil_resolve::RecordIndex;
use vermeil_resolve::cluster::{Constraints, Link, holding_links};

use crate::report::{LinkReport, LinkRole};

/// Says of each link what it does for the profile, and puts the weakest first.
///
/// The links that hold are those of [`holding_links`]; of links of one weight those of the first ids.
pub(super) fn assign_roles(links: &mut [LinkReport]) {
    links.sort_by(|one, other| {
        let by_ids = || (&other.left, &other.right).cmp(&(&one.left, &one.right));
        one.weight_bits.total_cmp(&other.weight_bits).then_with(by_ids)
    });
    let mut records: Vec<&String> = links.iter().flat_map(|link| [&link.left, &link.right]).collect();
    records.sort_unstable();
    records.dedup();
    let place = |id: &String| {
        let place = records.binary_search(&id).expect("every record of a link is among them");
        RecordIndex(place as u32)
    };
    let indexed = |link: &LinkReport| Link {
        left: place(&link.left),
        right: place(&link.right),
        weight: Bits(link.weight_bits),
    };
    let indexed: Vec<Link> = links.iter().map(indexed).collect();
    let one_cluster = vec![RecordIndex(0); records.len()];
    let holding = holding_links(&indexed, &Constraints::default(), &one_cluster);
    for (link, indexed) in links.iter_mut().zip(&indexed) {
        let holds = holding.iter().any(|held| held.link == *indexed);
        link.role = if holds { LinkRole::Holding } else { LinkRole::Further };
    }
    if let Some(weakest) = links.iter_mut().find(|link| link.role == LinkRole::Holding) {
        weakest.role = LinkRole::Weakest;
    }
}

#[cfg(test)]
mod tests;
