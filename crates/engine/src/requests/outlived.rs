//! Requests and erasures of one person: what is held is not erased, and whoever is erased is asked about no more.

use chrono::Utc;
use vermeil_rights::request::Act;

use super::kit::request_owner;
use crate::audit::ENGINE;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::report::ErasureHold;

impl Engine {
    /// Refuses to erase someone whose data has to be kept, as a request about them says.
    pub(crate) async fn refuse_if_held(&self, records: &[[u8; 16]]) -> Result<(), EngineError> {
        match self.holds_about(records).await?.pop() {
            Some(ErasureHold { request: number, until }) => Err(EngineError::ErasureHeld { number, until }),
            None => Ok(()),
        }
    }

    /// The requests that say that someone must be kept.
    pub(crate) async fn holds_about(&self, records: &[[u8; 16]]) -> Result<Vec<ErasureHold>, EngineError> {
        let mut holds = Vec::new();
        for request in self.state.requests_about(&self.request_tags_of(records)).await? {
            let known = self.known_request(request).await?;
            holds.extend(
                known.request.hold().map(|hold| ErasureHold { request, until: hold.until.to_string() }),
            );
        }
        Ok(holds)
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
