//! Synthetic customers with known truth, in the shapes of three silos.
