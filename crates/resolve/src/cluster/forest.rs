//! Union-find that knows the members of each group.

/// Groups of records `0..n`.
pub(super) struct Forest {
    parent: Vec<u32>,
    /// Members in ascending order, kept at roots.
    members: Vec<Vec<u32>>,
}

impl Forest {
    pub(super) fn new(records: usize) -> Self {
        let records = u32::try_from(records).expect("a store holds fewer than 2^32 records");
        Self { parent: (0..records).collect(), members: (0..records).map(|record| vec![record]).collect() }
    }

    pub(super) fn root(&mut self, mut record: u32) -> u32 {
        while self.parent[record as usize] != record {
            let grandparent = self.parent[self.parent[record as usize] as usize];
            self.parent[record as usize] = grandparent;
            record = grandparent;
        }
        record
    }

    pub(super) fn size(&self, root: u32) -> u32 {
        self.members[root as usize].len() as u32
    }

    pub(super) fn members(&self, root: u32) -> &[u32] {
        &self.members[root as usize]
    }

    /// The lowest record of a record's group.
    pub(super) fn first(&mut self, record: u32) -> u32 {
        let root = self.root(record);
        self.members[root as usize][0]
    }

    /// Members of the largest group; 0 without any record.
    pub(super) fn largest(&self) -> usize {
        self.members.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Joins two groups, given by their roots; the smaller one moves.
    pub(super) fn join(&mut self, one: u32, other: u32) {
        let (small, large) =
            if (self.size(one), one) < (self.size(other), other) { (one, other) } else { (other, one) };
        let moved = std::mem::take(&mut self.members[small as usize]);
        self.parent[small as usize] = large;
        let members = &mut self.members[large as usize];
        members.extend(moved);
        members.sort_unstable();
    }
}
