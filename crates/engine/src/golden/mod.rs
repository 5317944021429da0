//! Golden profiles: one per cluster, with lasting ids, a rule and a source for
//! every value, sealed under a key of their own, published at once.

pub(crate) mod assign;
mod build;
mod causes;
mod former;
mod publish;
mod stand_ins;

pub(crate) use former::Former;
pub(crate) use publish::APPLICATION;
