//! How a client comes in.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::auth::{
    ServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
    save_startup_parameters_to_metadata,
};
use pgwire::api::{
    ClientInfo, METADATA_DATABASE, METADATA_USER, PgWireConnectionState, PidSecretKeyGenerator,
    RandomPidSecretKeyGenerator,
};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::Authentication;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use tokio::sync::Semaphore;
use vermeil_engine::Engine;

use crate::catalogue::{Catalogue, StaticTables};
use crate::connection::{self, Cancellable, Connection, Held, Watch};
use crate::fault;
use crate::gate::{Account, Gate, REFUSAL, Refusals};
use crate::server::Limits;
use crate::settings::{self, Settings};

/// The only database there is.
pub(crate) const DATABASE: &str = "vermeil";

/// Lets clients in, for a server.
pub(crate) struct Login {
    pub(crate) engine: Arc<Engine>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) limits: Limits,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) refusals: Refusals,
    pub(crate) cancellable: Cancellable,
    pub(crate) numbers: RandomPidSecretKeyGenerator,
    pub(crate) tables: StaticTables,
}

/// What the server says of itself to every client.
struct Parameters(Arc<Connection>);

#[async_trait]
impl StartupHandler for Login {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                if !client.is_secure() && !client.socket_addr().ip().is_loopback() {
                    return Err(fault::fatal(
                        fault::INVALID_AUTHORIZATION,
                        "a password is taken over TLS only",
                    ));
                }
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let ask = PgWireBackendMessage::Authentication(Authentication::CleartextPassword);
                client.send(ask).await?;
                Ok(())
            }
            PgWireFrontendMessage::PasswordMessageFamily(password) => {
                let password = password.into_password()?;
                let account = self.admit(client, &password.password).await?;
                self.begin(client, account).await
            }
            _ => Err(fault::fatal(fault::PROTOCOL_VIOLATION, "a password is due")),
        }
    }
}

impl Login {
    /// Looks at a token. Who is refused waits as long whatever the reason.
    async fn admit<C: ClientInfo>(&self, client: &C, token: &str) -> PgWireResult<Account> {
        let user = client.metadata().get(METADATA_USER).map_or("", String::as_str);
        let address = client.socket_addr().ip();
        let slow = tokio::time::sleep(REFUSAL);
        if self.refusals.allow(address, Instant::now()) {
            let admitted = self.gate.admit(user, token).await;
            if let Some(account) = admitted.map_err(|cause| fault::of_engine(&cause))? {
                return Ok(account);
            }
            self.refusals.remember(address, Instant::now());
        }
        slow.await;
        Err(fault::fatal(fault::WRONG_PASSWORD, "password authentication failed"))
    }

    async fn begin<C>(&self, client: &mut C, account: Account) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // Without a name, a client means the database called as its user.
        let database = client.metadata().get(METADATA_DATABASE);
        if database.is_some_and(|database| database != DATABASE) {
            return Err(fault::fatal(
                fault::UNKNOWN_DATABASE,
                format!("the only database is \"{DATABASE}\""),
            ));
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place
            .map_err(|_| fault::fatal(fault::TOO_MANY_CONNECTIONS, "sorry, too many clients already"))?;
        let (number, secret) = self.numbers.generate(&*client);
        client.set_pid_and_secret_key(number, secret.clone());
        let watch = Arc::new(Watch::new());
        let entry = self.cancellable.enter(number, &secret, Arc::clone(&watch));
        let settings = Settings::begin(&account.actor, client.metadata());
        let catalogue = Catalogue::new(self.tables.clone()).map_err(|cause| {
            tracing::warn!(%cause, "the catalogue cannot be made");
            fault::fatal(fault::PROTOCOL_VIOLATION, "the service cannot answer")
        })?;
        let ports = (Arc::clone(&self.engine), Arc::clone(&self.gate));
        let (longest, held) = (self.limits.statement, Held { place, entry });
        let connection = Connection::new(ports, account, settings, catalogue, longest, (number, watch), held);
        // A purpose that the role is not granted is told before anything is asked.
        connection.begin_statement();
        connection.session().await.map_err(ends_the_connection)?;
        client.session_extensions().insert(connection);
        let connection = connection::of(client)?;
        finish_authentication(client, &Parameters(connection)).await
    }
}

fn ends_the_connection(cause: PgWireError) -> PgWireError {
    match cause {
        PgWireError::UserError(mut info) => {
            info.severity = "FATAL".to_owned();
            PgWireError::UserError(info)
        }
        other => other,
    }
}

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, _client: &C) -> Option<HashMap<String, String>> {
        let settings = self.0.settings();
        let told = [
            "server_version",
            "server_encoding",
            "client_encoding",
            "application_name",
            "datestyle",
            "intervalstyle",
            "timezone",
            "integer_datetimes",
            "standard_conforming_strings",
            "session_authorization",
            "default_transaction_read_only",
            settings::SEARCH_PATH,
        ];
        let mut parameters: HashMap<String, String> = told
            .into_iter()
            .filter_map(|name| {
                Some((crate::command::shown_as(name).to_owned(), settings.get(name)?.to_owned()))
            })
            .collect();
        parameters.insert("is_superuser".to_owned(), "off".to_owned());
        parameters.insert("in_hot_standby".to_owned(), "off".to_owned());
        Some(parameters)
    }
}
