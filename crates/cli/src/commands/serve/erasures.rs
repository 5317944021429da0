//! Erasing people, as the service asks for it.

use std::time::Duration;

use async_trait::async_trait;
use vermeil_engine::{EngineError, ErasureReport, ErasureSummary, FlaggedReport, Silent, WhichErasures};
use vermeil_model::RecordId;
use vermeil_serve::ports::{Asking, Erasures, Subject};
use vermeil_serve::{
    Erasure, ErasurePlan, ErasureStep, ErasureTable, ErasureTrace, FlaggedRecord, Problem, ProblemKind,
};

use super::desk::{Desk, reader};
use super::problems::problem;

/// How long somebody waits for an erasure to end; it goes on afterwards.
const WAITED_FOR: Duration = Duration::from_secs(5);

#[async_trait]
impl Erasures for Desk {
    async fn plan(&self, asking: &Asking, subjects: &[Subject]) -> Result<Vec<ErasurePlan>, Problem> {
        let mut plans = Vec::new();
        for subject in subjects {
            let summary = self.engine.plan_erasure(&known(subject)?, &reader(asking)).await;
            plans.push(plan(summary.map_err(|error| problem(&error))?));
        }
        Ok(plans)
    }

    async fn open(&self, asking: &Asking, subjects: Vec<Subject>) -> Result<Vec<Erasure>, Problem> {
        let subjects = subjects.iter().map(known).collect::<Result<Vec<_>, Problem>>()?;
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let opened = self.to_the_end(async move { engine.open_erasures(&subjects, &reader).await }).await?;
        Ok(opened.into_iter().map(erasure).collect())
    }

    async fn list(&self) -> Result<Vec<Erasure>, Problem> {
        let erasures = self.engine.erasures().await.map_err(|error| problem(&error))?;
        Ok(erasures.into_iter().map(erasure).collect())
    }

    async fn get(&self, number: i64) -> Result<Erasure, Problem> {
        self.engine.erasure(number).await.map(erasure).map_err(|error| problem(&error))
    }

    async fn approve(&self, asking: &Asking, number: i64) -> Result<Erasure, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        self.to_the_end(async move { engine.approve_erasure(number, &reader).await }).await.map(erasure)
    }

    async fn cancel(&self, asking: &Asking, number: i64) -> Result<Erasure, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        self.to_the_end(async move { engine.cancel_erasure(number, &reader).await }).await.map(erasure)
    }

    async fn run(&self, asking: &Asking, number: i64) -> Result<Option<Erasure>, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let which = WhichErasures::Numbered(vec![number]);
        let work = self.to_the_end(async move {
            let report = engine.run_erasures(&which, &reader, &Silent).await?;
            report
                .erasures
                .into_iter()
                .next()
                .ok_or(EngineError::Unknown { what: "erasure", id: number.to_string() })
        });
        match tokio::time::timeout(WAITED_FOR, work).await {
            Ok(ended) => ended.map(|report| Some(erasure(report))),
            Err(_) => Ok(None),
        }
    }

    async fn certificate(&self, number: i64) -> Result<String, Problem> {
        self.engine.erasure_certificate(number).await.map_err(|error| problem(&error))
    }

    async fn flagged(&self, asking: &Asking) -> Result<Vec<FlaggedRecord>, Problem> {
        let flagged = self.engine.flagged_records(&reader(asking)).await.map_err(|error| problem(&error))?;
        let record =
            |FlaggedReport { record_id, source, flagged_at }| FlaggedRecord { record_id, source, flagged_at };
        Ok(flagged.into_iter().map(record).collect())
    }
}

fn known(subject: &Subject) -> Result<vermeil_engine::Subject, Problem> {
    Ok(match subject {
        Subject::Id(text) => {
            let id: RecordId =
                text.parse().map_err(|_| Problem::coded(ProblemKind::Invalid, "cli-not-an-id"))?;
            vermeil_engine::Subject::Id(id.0)
        }
        Subject::Identifier { field, value } => {
            vermeil_engine::Subject::Value { field: field.clone(), value: value.clone() }
        }
    })
}

fn erasure(report: ErasureReport) -> Erasure {
    let step = |step: vermeil_engine::ErasureStepReport| ErasureStep {
        step: step.step,
        begun_at: step.begun_at,
        ended_at: step.ended_at,
        attempts: step.attempts,
    };
    let trace = |trace: vermeil_engine::TraceReport| ErasureTrace {
        place: trace.place,
        file: trace.file,
        channel: trace.channel,
        what: trace.what,
    };
    Erasure {
        number: report.number,
        status: report.status,
        opened_by: report.opened_by,
        opened_at: report.opened_at,
        approved_by: report.approved_by,
        approved_at: report.approved_at,
        ended_at: report.ended_at,
        summary: plan(report.summary),
        steps: report.steps.into_iter().map(step).collect(),
        traces: report.traces.into_iter().map(trace).collect(),
    }
}

fn plan(summary: ErasureSummary) -> ErasurePlan {
    let table = |table: vermeil_engine::ErasureTable| ErasureTable {
        table: table.table,
        rows: table.rows,
        files: table.files,
        bytes: table.bytes,
        bytes_to_rewrite: table.bytes_to_rewrite,
    };
    ErasurePlan {
        records: summary.records,
        versions: summary.versions,
        events: summary.events,
        profiles: summary.profiles,
        quarantined: summary.quarantined,
        keys: summary.keys,
        suppression_tags: summary.suppression_tags,
        tables: summary.tables.into_iter().map(table).collect(),
    }
}
