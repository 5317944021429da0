//! `vermeil serve`: the services of a pipeline, over HTTP and the PostgreSQL wire.

mod consents;
mod customers;
mod desk;
mod downloads;
mod erasures;
mod jobs;
mod opendsr;
mod postgres;
mod problems;
mod requests;
mod self_service;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;
use vermeil_engine::Access;
use vermeil_model::pipeline::OpenDsrSettings;
use vermeil_serve::ports::Ports;
use vermeil_serve::{OpenDsrFiles, Schedule, Settings, TlsFiles, Transport};

use self::desk::Desk;
pub use self::downloads::PLACE as DOWNLOADS;
pub use self::self_service::PLACE as INVITATIONS;
use crate::args::{Format, ServeArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::session::Session;

/// Where the service listens, as the first line of standard output tells it.
#[derive(Serialize)]
struct Listening {
    http: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres: Option<SocketAddr>,
}

/// How often controllers are told of changes unless the pipeline says.
const EVERY_MINUTE: &str = "* * * * *";

/// Answers until this process is told to end.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ServeArguments,
) -> Result<Outcome, Failure> {
    let transport = transport(arguments)?;
    let engine = Arc::new(session.engine(Access::MustExist).await?);
    let pipeline = engine.pipeline();
    let mut schedule = pipeline.schedule.clone();
    if pipeline.opendsr.is_some() {
        schedule.callbacks.get_or_insert_with(|| EVERY_MINUTE.to_owned());
    }
    let settings = Settings {
        service: pipeline.service.clone(),
        schedule: Schedule::parse(&schedule)?,
        oidc: pipeline.oidc.clone(),
        opendsr: pipeline.opendsr.clone().map(|settings| opendsr_files(session, settings)).transpose()?,
    };
    let wire = match arguments.postgres {
        Some(address) => Some(postgres::bind(address, &transport).await?),
        None => None,
    };
    let wire_address = wire.as_ref().map(postgres::Wire::address);
    let (end, ended) = watch::channel(false);
    let wire = wire.map(|wire| tokio::spawn(wire.serve(Arc::clone(&engine), ended.clone())));
    let desk = Arc::new(Desk::new(engine));
    let ports = Ports {
        gate: Arc::clone(&desk) as _,
        customers: Arc::clone(&desk) as _,
        erasures: Arc::clone(&desk) as _,
        requests: Arc::clone(&desk) as _,
        downloads: Arc::clone(&desk) as _,
        self_service: Arc::clone(&desk) as _,
        opendsr: Arc::clone(&desk) as _,
        consents: Arc::clone(&desk) as _,
        jobs: Arc::clone(&desk) as _,
        health: Arc::clone(&desk) as _,
        phrases: Arc::new(problems::Titles::new()),
    };
    let mut told = Ok(());
    let listening = |http| {
        told = tell(session, output, &Listening { http, postgres: wire_address });
    };
    let ending = ending()?;
    let ending = async {
        ending.await;
        end.send_replace(true);
    };
    let served = vermeil_serve::serve(arguments.http, transport, settings, ports, listening, ending).await;
    // Where HTTP broke off, the other ends, too.
    end.send_replace(true);
    if let Some(wire) = wire {
        postgres::ended(wire.await)?;
    }
    served?;
    told?;
    session.notice(&session.catalog.text("serve-ended"));
    Ok(Outcome::Done)
}

fn tell(session: &Session, output: &mut Output, listening: &Listening) -> Result<(), CliError> {
    match output.format {
        Format::Json => output.json(listening)?,
        Format::Table => {
            let postgres = listening.postgres.map(|address| ("serve-listening-postgres", address));
            for (key, address) in [("serve-listening", listening.http)].into_iter().chain(postgres) {
                let arguments = [("address", address.to_string().into())];
                output.line(&session.catalog.message(key, &arguments))?;
            }
        }
    }
    output.flush()
}

fn transport(arguments: &ServeArguments) -> Result<Transport, CliError> {
    let read = |file: &Path| {
        std::fs::read(file).map_err(|cause| CliError::Unreadable { file: file.to_owned(), cause })
    };
    Ok(match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => {
            Transport::Tls(TlsFiles { certificate: read(certificate)?, key: read(key)? })
        }
        _ if arguments.insecure => Transport::Elsewhere,
        _ => Transport::Local,
    })
}

/// What the files hold that `opendsr` names, beside the pipeline file.
fn opendsr_files(session: &Session, settings: OpenDsrSettings) -> Result<OpenDsrFiles, CliError> {
    let read = |name: &str| {
        // The pipeline is named by its folder or by its file.
        let folder = match session.pipeline.is_dir() {
            true => session.pipeline.as_path(),
            false => session.pipeline.parent().unwrap_or(Path::new("")),
        };
        let file = folder.join(name);
        std::fs::read(&file).map_err(|cause| CliError::Unreadable { file, cause })
    };
    let (certificate, key) = (read(&settings.certificate)?, read(&settings.key)?);
    Ok(OpenDsrFiles { settings, certificate, key })
}

/// Over once this process is asked to end: by the service manager, or from the keyboard.
fn ending() -> Result<impl Future<Output = ()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let watch = |kind| signal(kind).map_err(|cause: io::Error| CliError::Runtime(cause));
    let (mut terminate, mut interrupt) = (watch(SignalKind::terminate())?, watch(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
