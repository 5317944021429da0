//! Record linkage as pure computation: normalise, block, compare, estimate, score, cluster, survive.
