//! The stages from landing to golden profiles over DataFusion and Delta, and SQL under policy.
