//! Requests that other controllers hand over, as the service asks it.

use async_trait::async_trait;
use vermeil_engine::{EngineError, HandedOver as Handed, OpenDsrStatus as Status, ToldController};
use vermeil_serve::ports::{Asking, Callback, HandedOver, OpenDsr, OpenDsrStatus, Told};
use vermeil_serve::{Problem, ProblemKind};

use super::desk::{Desk, reader};
use super::problems::problem;

#[async_trait]
impl OpenDsr for Desk {
    async fn take_over(&self, asking: &Asking, handed: HandedOver) -> Result<OpenDsrStatus, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let HandedOver { id, kind, identifiers, sent, callbacks } = handed;
        let handed = Handed { id, kind, identifiers, sent, callbacks };
        let taken = self.to_the_end(async move { engine.take_over(handed, &reader).await }).await;
        taken.map(status).map_err(malformed)
    }

    async fn status(&self, asking: &Asking, id: &str) -> Result<Option<OpenDsrStatus>, Problem> {
        let found = self.engine.opendsr_status(id, &reader(asking)).await;
        Ok(found.map_err(|error| problem(&error))?.map(status))
    }

    async fn call_back(&self, asking: &Asking, id: &str) -> Result<Option<OpenDsrStatus>, Problem> {
        let (engine, reader, id) = (self.engine.clone(), reader(asking), id.to_owned());
        let called = self.to_the_end(async move { engine.call_back(&id, &reader).await }).await;
        called.map(|found| found.map(status)).map_err(malformed)
    }

    async fn take_callbacks(&self, limit: u32) -> Result<Vec<Callback>, Problem> {
        let due = self.engine.take_callbacks(limit).await.map_err(|error: EngineError| problem(&error))?;
        let callback = |(due, expected): (vermeil_engine::DueCallback, Option<String>)| Callback {
            number: due.number,
            controller: due.controller,
            id: due.id,
            url: due.url,
            status: due.status,
            expected,
        };
        Ok(due.into_iter().map(callback).collect())
    }

    async fn end_callback(&self, number: i64, told: Told) -> Result<(), Problem> {
        let told = match told {
            Told::Yes => ToldController::Yes,
            Told::No => ToldController::No,
        };
        self.engine.end_callback(number, told).await.map_err(|error| problem(&error))
    }
}

fn status(found: Status) -> OpenDsrStatus {
    let Status { received_at, expected, status, state, .. } = found;
    OpenDsrStatus { received_at, expected, status, state }
}

/// There, whatever cannot be followed is a bad request.
fn malformed(refused: Problem) -> Problem {
    match refused.kind {
        ProblemKind::Invalid | ProblemKind::Conflict => Problem { kind: ProblemKind::Malformed, ..refused },
        _ => refused,
    }
}
