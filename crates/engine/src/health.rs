//! Whether what an engine stands on answers.

use vermeil_model::pipeline::Pipeline;
use vermeil_model::policy::Role;

use crate::engine::Engine;
use crate::error::EngineError;

impl Engine {
    /// Asks the state database and the lake something small.
    ///
    /// # Errors
    /// One of them does not answer, or is not the one that was opened.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.state.current_publication().await?;
        self.lake.check_marker(&self.keyring.id().to_string()).await
    }

    /// The pipeline.
    pub fn pipeline(&self) -> &Pipeline {
        &self.config.pipeline
    }

    /// Whether the policy files declare a role.
    pub fn knows_role(&self, role: &Role) -> bool {
        self.config.policy.roles().contains(role)
    }
}
