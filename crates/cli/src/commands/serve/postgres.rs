//! The PostgreSQL wire of the service.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinError;
use vermeil_bi::{Account, Gate, Limits, Tls};
use vermeil_engine::{Engine, EngineError};
use vermeil_serve::{ServeError, Transport};

/// The wire, listening.
pub struct Wire {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// Listens at an address, with the certificate of the service.
///
/// # Errors
/// Other machines reach the address and there is no certificate, whatever protects HTTP; or nobody can listen
/// there.
pub async fn bind(address: SocketAddr, transport: &Transport) -> Result<Wire, ServeError> {
    let tls = match transport {
        Transport::Tls(files) => {
            let tls = Tls::from_pem(&files.certificate, &files.key);
            Some(tls.map_err(|cause| ServeError::Certificate(io::Error::other(cause)))?)
        }
        _ if !address.ip().is_loopback() => return Err(ServeError::Unprotected { address }),
        _ => None,
    };
    let bound = |cause| ServeError::Address { address, cause };
    let listener = TcpListener::bind(address).await.map_err(bound)?;
    let address = listener.local_addr().map_err(bound)?;
    Ok(Wire { listener, address, tls })
}

impl Wire {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `ended` is true.
    pub async fn serve(self, engine: Arc<Engine>, mut ended: watch::Receiver<bool>) -> io::Result<()> {
        let gate = Arc::new(Tokens(Arc::clone(&engine)));
        let ending = async move {
            // Nobody who could end it is left: that is an end.
            let _ = ended.wait_for(|ended| *ended).await;
        };
        vermeil_bi::serve(self.listener, engine, gate, self.tls, Limits::default(), ending).await
    }
}

/// What came of serving.
///
/// # Errors
/// It broke off.
pub fn ended(served: Result<io::Result<()>, JoinError>) -> Result<(), ServeError> {
    served.map_err(io::Error::other).and_then(|served| served).map_err(ServeError::BrokeOff)
}

/// The tokens of the service, for a wire that asks for a user and a password.
struct Tokens(Arc<Engine>);

#[async_trait]
impl Gate for Tokens {
    async fn admit(&self, user: &str, token: &str) -> Result<Option<Account>, EngineError> {
        let bearer = self.0.authenticate_token(token).await?;
        let named = bearer.filter(|bearer| bearer.actor == user);
        Ok(named.map(|bearer| Account { actor: bearer.actor, role: bearer.role }))
    }
}
