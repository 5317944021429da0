//! What every request meets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use vermeil_model::pipeline::{OidcSettings, ServiceSettings};

use crate::limits::Pace;
use crate::metrics::Metrics;
use crate::oidc::Issuer;
use crate::opendsr::{OpenDsrFiles, Processor};
use crate::ports::Ports;
use crate::scheduler::Schedule;
use crate::server::ServeError;

/// What a service is set up with.
pub struct Settings {
    /// How much it takes, and what roles do.
    pub service: ServiceSettings,
    /// What it does on time.
    pub schedule: Schedule,
    /// Whose word it takes for who people are.
    pub oidc: Option<OidcSettings>,
    /// Who it is to other controllers.
    pub opendsr: Option<OpenDsrFiles>,
}

/// How much one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Until it is given up.
    pub time: Duration,
}

/// What every request meets. Cloning it shares it.
#[derive(Clone)]
pub(crate) struct Service(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) ports: Ports,
    pub(crate) settings: ServiceSettings,
    pub(crate) schedule: Schedule,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) pace: Pace,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) processor: Option<Processor>,
    pub(crate) places: Semaphore,
    is_ending: AtomicBool,
}

impl Service {
    pub(crate) fn new(settings: Settings, ports: Ports) -> Result<Self, ServeError> {
        let Settings { service, schedule, oidc, opendsr } = settings;
        let issuer = |settings: OidcSettings| {
            let address = settings.issuer.clone();
            Issuer::new(settings).ok_or(ServeError::Issuer { address })
        };
        let issuer = oidc.map(issuer).transpose()?;
        let processor = opendsr.map(Processor::new).transpose()?;
        let limits = Limits {
            body: service.body_kib.get() as usize * 1024,
            time: Duration::from_secs(service.timeout_seconds.get().into()),
        };
        Ok(Self(Arc::new(Shared {
            issuer,
            processor,
            ports,
            schedule,
            limits,
            metrics: Metrics::new(),
            pace: Pace::new(&service),
            places: Semaphore::new(service.concurrent_requests.get() as usize),
            settings: service,
            is_ending: AtomicBool::new(false),
        })))
    }

    /// From now on it is not ready: who sends requests here should send them elsewhere.
    pub(crate) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// A path as it is called from outside, as far as that is known.
    pub(crate) fn outside(&self, path: &str) -> String {
        let address = self.settings.public_url.as_deref().unwrap_or_default();
        format!("{}{path}", address.trim_end_matches('/'))
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }
}

impl std::ops::Deref for Service {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
