//! The engine, as the service asks it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use vermeil_engine::{Engine, EngineError, Reader, Resolver};
use vermeil_model::pipeline::RoleKind;
use vermeil_model::policy::Role;
use vermeil_serve::Problem;
use vermeil_serve::ports::{Asking, Caller, Gate, Health};

use super::problems::problem;

/// How long the lake may take to answer before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What answers the service. Cloning it shares it.
#[derive(Clone)]
pub struct Desk {
    pub engine: Arc<Engine>,
    /// Opened for whoever asks first: it takes what comparing all records takes.
    pub resolver: Arc<Mutex<Option<Arc<Resolver>>>>,
    /// Which instance this is, for the history of jobs.
    pub instance: Arc<str>,
}

impl Desk {
    pub fn new(engine: Arc<Engine>) -> Self {
        let instance = format!("{}/{}", host(), std::process::id());
        Self { engine, resolver: Arc::default(), instance: instance.into() }
    }

    /// Does something that changes state to its end, even if whoever asked for it leaves meanwhile.
    pub async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, Problem> {
        match tokio::spawn(work).await {
            Ok(done) => done.map_err(|error| problem(&error)),
            Err(_) => Err(Problem::new(vermeil_serve::ProblemKind::Internal)),
        }
    }
}

/// Whoever asks, as the engine knows readers.
pub fn reader(asking: &Asking) -> Reader {
    let Asking { caller: Caller { actor, role }, purpose } = asking.clone();
    Reader { actor, role, purpose }
}

#[async_trait]
impl Gate for Desk {
    async fn bearer_of(&self, token: &str) -> Result<Option<Caller>, Problem> {
        let bearer = self.engine.authenticate_token(token).await.map_err(|error| problem(&error))?;
        Ok(bearer.map(|bearer| Caller { actor: bearer.actor, role: bearer.role }))
    }

    fn knows_role(&self, role: &Role) -> bool {
        // What people do without an account no issuer vouches for.
        let is_account = self.engine.pipeline().service.kind_of(role) != Some(RoleKind::Subject);
        is_account && self.engine.knows_role(role)
    }
}

#[async_trait]
impl Health for Desk {
    async fn ready(&self) -> Result<(), Problem> {
        match tokio::time::timeout(PATIENCE, self.engine.ping()).await {
            Ok(answered) => answered.map_err(|error| problem(&error)),
            Err(_) => Err(Problem::coded(vermeil_serve::ProblemKind::Unavailable, "lake-unreadable")),
        }
    }
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "host".to_owned(),
        name => name.to_owned(),
    }
}
