//! An address to listen at, TLS, and an end without broken answers.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::sync::watch;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::api::app;
use crate::ports::Ports;
use crate::scheduler;
use crate::service::{Service, Settings};

/// How long answers under way may take once the service is to end.
const GRACE: Duration = Duration::from_secs(20);
/// How long a client may take to say what it wants.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How often who has not asked for a while is forgotten.
const FORGETTING: Duration = Duration::from_secs(60);

/// A certificate and its key, in PEM. It has no `Debug`.
pub struct TlsFiles {
    /// The certificate, with those that lead to its authority.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
}

/// The service cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Tokens and personal values would cross a network in the clear.
    #[error("{address} is no address of this machine alone, and there is no certificate")]
    Unprotected {
        /// The address.
        address: SocketAddr,
    },
    /// Someone else listens there, or it is not ours to listen at.
    #[error("could not listen at {address}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The certificate and the key do not serve.
    #[error("the certificate and its key cannot be used")]
    Certificate(#[source] io::Error),
    /// The key and the domain that answers to controllers are signed with do not serve.
    #[error("the key or the domain of `opendsr` cannot be used: an RSA key in PEM is expected")]
    OpenDsrKey,
    /// Anybody on the way could answer in its place.
    #[error("{address} is no issuer: an address with https is expected")]
    Issuer {
        /// What the pipeline names as an issuer.
        address: String,
    },
    /// Connections are not taken any more.
    #[error("the service broke off")]
    BrokeOff(#[source] io::Error),
}

impl Diagnose for ServeError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Unprotected { address } => Diagnostic::new("serve-unprotected").with("address", address),
            Self::Address { address, cause } => {
                Diagnostic::new("serve-address").with("address", address).with("reason", cause)
            }
            Self::Certificate(_) => Diagnostic::new("serve-certificate"),
            Self::OpenDsrKey => Diagnostic::new("serve-opendsr-key"),
            Self::Issuer { address } => Diagnostic::new("serve-issuer").with("address", address),
            Self::BrokeOff(cause) => Diagnostic::new("serve-broke-off").with("reason", cause),
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unprotected { .. } | Self::Certificate(_) | Self::OpenDsrKey | Self::Issuer { .. } => {
                ErrorKind::Usage
            }
            Self::Address { .. } | Self::BrokeOff(_) => ErrorKind::Failed,
        }
    }
}

/// Whether what goes over the network is readable on its way.
pub enum Transport {
    /// Protected by TLS.
    Tls(TlsFiles),
    /// In the clear, on this machine only.
    Local,
    /// In the clear, because whoever runs this said that something else protects it.
    Elsewhere,
}

/// Listens at an address and answers, until `ending` is over and what is under way is answered.
///
/// `listening` is told the address, whose port may have been chosen by the system.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    address: SocketAddr,
    transport: Transport,
    settings: Settings,
    ports: Ports,
    listening: impl FnOnce(SocketAddr),
    ending: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    if matches!(transport, Transport::Local) && !address.ip().is_loopback() {
        return Err(ServeError::Unprotected { address });
    }
    let tls = match transport {
        Transport::Tls(files) => Some(tls(files).await?),
        Transport::Local | Transport::Elsewhere => None,
    };
    let bound = |cause| ServeError::Address { address, cause };
    let listener = TcpListener::bind(address).map_err(bound)?;
    listener.set_nonblocking(true).map_err(bound)?;
    let local = listener.local_addr().map_err(bound)?;
    let service = Service::new(settings, ports)?;
    let (stop, stopped) = watch::channel(false);
    let keepers: Vec<_> = (service.schedule.jobs().iter())
        .map(|job| tokio::spawn(scheduler::keep(service.clone(), job.clone(), stopped.clone())))
        .collect();
    let forgetting = tokio::spawn(forget(service.clone()));
    let handle = Handle::new();
    let app = app(service.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut answering = std::pin::pin!(async {
        let mut plain =
            axum_server::from_tcp(listener)?.handle(handle.clone()).first_request_timeout(HEADERS_WITHIN);
        plain.http_builder().http1().header_read_timeout(HEADERS_WITHIN);
        match tls {
            Some(tls) => plain.acceptor(axum_server::tls_rustls::RustlsAcceptor::new(tls)).serve(app).await,
            None => plain.serve(app).await,
        }
    });
    listening(local);
    let answered = tokio::select! {
        answered = &mut answering => answered,
        () = ending => {
            service.end();
            stop.send_replace(true);
            handle.graceful_shutdown(Some(GRACE));
            let answered = answering.await;
            for keeper in keepers {
                // A job that panicked is in its history already.
                let _ = keeper.await;
            }
            answered
        }
    };
    forgetting.abort();
    answered.map_err(ServeError::BrokeOff)
}

async fn tls(files: TlsFiles) -> Result<RustlsConfig, ServeError> {
    // Of several that the program was built with, the one that `protect` uses. Whoever was first stays.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    RustlsConfig::from_pem(files.certificate, files.key).await.map_err(ServeError::Certificate)
}

async fn forget(service: Service) {
    loop {
        tokio::time::sleep(FORGETTING).await;
        service.pace.forget();
    }
}
