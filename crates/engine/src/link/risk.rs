//! How sure clusters are.

use vermeil_resolve::cluster::{holding_links, merge_risks};

use super::{Linkage, Linked};

impl Linked {
    /// For each record of the store, the risk that its cluster joins two who are not one.
    pub(crate) fn risks(&self) -> Vec<f64> {
        let holding = holding_links(&self.links, &self.job.constraints, &self.clusters);
        merge_risks(&holding, &self.clusters)
    }
}

impl Linkage {
    /// The risk of each cluster, in the order of [`Linkage::groups`].
    pub(crate) fn group_risks(&self) -> Vec<f64> {
        let risks = self.linked.risks();
        let firsts = (0..).zip(&self.linked.clusters).filter(|(record, first)| first.0 == *record);
        firsts.map(|(record, _)| risks[record as usize]).collect()
    }
}
