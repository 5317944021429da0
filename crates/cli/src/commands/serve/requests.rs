//! What data subjects ask for, as the service asks it.

use std::time::Duration;

use async_trait::async_trait;
use vermeil_engine::{
    Delivery, NewRequest as New, RequestChange as Change, Silent, SubjectRequestReport, Verification,
};
use vermeil_model::RecordId;
use vermeil_rights::dossier::LetterLanguage;
use vermeil_rights::request::IdentityMethod;
use vermeil_serve::ports::{Asking, NewRequest, RequestChange, Requests, WhichRequests};
use vermeil_serve::{Problem, ProblemKind, SubjectRequest};

use super::desk::{Desk, reader};
use super::problems::problem;

/// How long somebody waits for a request to be carried out; it goes on afterwards.
const WAITED_FOR: Duration = Duration::from_secs(5);

#[async_trait]
impl Requests for Desk {
    async fn open(&self, asking: &Asking, new: NewRequest) -> Result<SubjectRequest, Problem> {
        let new = New {
            kind: new.kind,
            received: new.received,
            identifiers: new.identifiers.into_iter().collect(),
            changes: new.set.into_iter().collect(),
            purposes: new.object_to,
        };
        let (engine, reader) = (self.engine.clone(), reader(asking));
        told(self.to_the_end(async move { engine.open_subject_request(new, &reader).await }).await?)
    }

    async fn list(&self, which: WhichRequests) -> Result<Vec<SubjectRequest>, Problem> {
        let all = self.engine.subject_requests().await.map_err(|error| problem(&error))?.into_iter();
        let is_wanted = |request: &SubjectRequestReport| match which {
            WhichRequests::All => true,
            WhichRequests::Due => request.overdue || request.due_soon,
        };
        all.filter(is_wanted).map(told).collect()
    }

    async fn get(&self, number: i64) -> Result<SubjectRequest, Problem> {
        told(self.engine.subject_request(number).await.map_err(|error| problem(&error))?)
    }

    async fn verify(
        &self,
        asking: &Asking,
        number: i64,
        method: IdentityMethod,
        subject: Option<String>,
    ) -> Result<SubjectRequest, Problem> {
        let id = |text: String| -> Result<u128, Problem> {
            let id: RecordId =
                text.parse().map_err(|_| Problem::coded(ProblemKind::Invalid, "cli-not-an-id"))?;
            Ok(id.0)
        };
        let verification = Verification { method, subject: subject.map(id).transpose()? };
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let work = async move { engine.verify_subject_request(number, verification, &reader).await };
        told(self.to_the_end(work).await?)
    }

    async fn change(
        &self,
        asking: &Asking,
        number: i64,
        change: RequestChange,
    ) -> Result<SubjectRequest, Problem> {
        let change = match change {
            RequestChange::Pause => Change::Pause,
            RequestChange::Resume => Change::Resume,
            RequestChange::Extend(reason) => Change::Extend(reason),
            RequestChange::Hold { reason, basis, until } => Change::Hold { reason, basis, until },
            RequestChange::Release => Change::Release,
            RequestChange::Refuse { ground, reason } => Change::Refuse { ground, reason },
            RequestChange::Cancel => Change::Cancel,
            RequestChange::Lift { told } => Change::Lift { told },
        };
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let work = async move { engine.change_subject_request(number, change, &reader).await };
        told(self.to_the_end(work).await?)
    }

    async fn approve(&self, asking: &Asking, number: i64) -> Result<SubjectRequest, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        told(self.to_the_end(async move { engine.approve_subject_request(number, &reader).await }).await?)
    }

    async fn run(&self, asking: &Asking, number: i64) -> Result<Option<SubjectRequest>, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let work = self.to_the_end(async move {
            let delivery = Delivery { to: None, language: LetterLanguage::French };
            engine.run_subject_request(number, delivery, &reader, &Silent).await
        });
        match tokio::time::timeout(WAITED_FOR, work).await {
            Ok(ended) => told(ended?).map(Some),
            Err(_) => Ok(None),
        }
    }
}

fn told(report: SubjectRequestReport) -> Result<SubjectRequest, Problem> {
    let json = serde_json::to_value(&report).map_err(|_| Problem::new(ProblemKind::Internal))?;
    Ok(SubjectRequest(json))
}
