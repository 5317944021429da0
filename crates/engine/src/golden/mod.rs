//! Golden profiles: one per cluster, with lasting ids, a rule and a source for
//! every value, sealed under a key of their own, published at once.

pub(crate) mod assign;
mod build;
mod carry;
mod causes;
mod former;
mod linked;
mod publish;
mod stand_ins;
mod update;

pub(crate) use build::ProfileRules;
pub(crate) use carry::Editions;
pub(crate) use causes::{Sides, sides};
pub(crate) use former::Former;
pub(crate) use publish::APPLICATION;
