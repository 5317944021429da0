//! Messages to recipients, as the service brings them.

use async_trait::async_trait;
use vermeil_engine::{Carried, Courier, Parcel};
use vermeil_serve::courier::{Posting, post};

/// Posts over HTTP.
pub struct HttpCourier;

#[async_trait]
impl Courier for HttpCourier {
    async fn carry(&self, parcel: Parcel) -> Carried {
        let Parcel { url, network, authority, headers, body } = parcel;
        let posting =
            Posting { url: &url, network, authority: authority.as_deref(), headers: &headers, body };
        match post(posting).await {
            Ok(answered) => Carried::Answered { status: answered.status, body: answered.body },
            Err(undelivered) => Carried::Failed { code: undelivered.code() },
        }
    }
}
