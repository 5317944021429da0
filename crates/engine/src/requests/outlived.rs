//! Requests and erasures of one person: what is held is not erased, and whoever is erased is asked about no more.

use chrono::Utc;
use vermeil_rights::request::Act;

use super::kit::request_owner;
use crate::audit::ENGINE;
use crate::engine::Engine;
use crate::error::EngineError;

impl Engine {
    /// Refuses to erase someone whose data has to be kept, as a request about them says.
    pub(crate) async fn refuse_if_held(&self, records: &[[u8; 16]]) -> Result<(), EngineError> {
        for number in self.state.requests_about(&self.request_tags_of(records)).await? {
            let known = self.known_request(number).await?;
            if let Some(hold) = known.request.hold() {
                return Err(EngineError::ErasureHeld { number, until: hold.until.to_string() });
            }
        }
        Ok(())
    }

    /// Ends the requests about someone who is erased, but for those that `erasures` carry out, and forgets
    /// who they were about.
    pub(crate) async fn end_requests_about(
        &self,
        records: &[[u8; 16]],
        erasures: &[i64],
    ) -> Result<(), EngineError> {
        for number in self.state.requests_about(&self.request_tags_of(records)).await? {
            if self.known_request(number).await?.erasure.is_some_and(|erasure| erasures.contains(&erasure)) {
                continue;
            }
            let act = Act { by: ENGINE.to_owned(), at: Utc::now() };
            self.state.change_request(number, |request| request.outlived(act)).await?;
            self.vault.destroy_owner(&request_owner(number)).await?;
        }
        Ok(())
    }
}
