//! What people allow and refuse, as the service asks it.

use async_trait::async_trait;
use vermeil_engine::{
    Circumstances, ConsentAnswer as Answered, ConsentEntry as Entry, ConsentQuestion as Question,
    ConsentStatement as Statement, ConsentSubject as Subject,
};
use vermeil_model::RecordId;
use vermeil_serve::ports::{Asking, ConsentQuestion, ConsentStatement, ConsentSubject, Consents};
use vermeil_serve::{ConsentAnswer, ConsentEntry, Problem, ProblemKind};

use super::desk::{Desk, reader};
use super::problems::problem;

#[async_trait]
impl Consents for Desk {
    async fn record(&self, asking: &Asking, statements: Vec<ConsentStatement>) -> Result<i64, Problem> {
        let statements = statements.into_iter().map(statement).collect::<Result<Vec<_>, Problem>>()?;
        let (engine, reader) = (self.engine.clone(), reader(asking));
        self.to_the_end(async move { engine.record_consents(&statements, &reader).await }).await
    }

    async fn of(&self, asking: &Asking, asked: ConsentSubject) -> Result<Vec<ConsentEntry>, Problem> {
        let said = self.engine.consents_of(&subject(asked)?, &reader(asking)).await;
        Ok(said.map_err(|error| problem(&error))?.into_iter().map(entry).collect())
    }

    async fn check(
        &self,
        asking: &Asking,
        questions: Vec<ConsentQuestion>,
    ) -> Result<Vec<ConsentAnswer>, Problem> {
        let question = |question: ConsentQuestion| {
            Ok(Question { subject: subject(question.subject)?, purpose: question.purpose })
        };
        let questions = questions.into_iter().map(question).collect::<Result<Vec<_>, Problem>>()?;
        let answers = self.engine.check_consents(&questions, &reader(asking)).await;
        Ok(answers.map_err(|error| problem(&error))?.into_iter().map(answer).collect())
    }
}

fn statement(said: ConsentStatement) -> Result<Statement, Problem> {
    Ok(Statement {
        subject: subject(said.subject)?,
        purpose: said.purpose,
        status: said.status,
        occurred_at: said.occurred_at,
        expires_at: said.expires_at,
        circumstances: Circumstances {
            channel: said.channel,
            text_version: said.text_version,
            proof: said.proof,
        },
    })
}

fn subject(subject: ConsentSubject) -> Result<Subject, Problem> {
    Ok(match subject {
        ConsentSubject::Contact { scope, value, country } => Subject::Contact { scope, value, country },
        ConsentSubject::Id(text) => {
            let id: RecordId =
                text.parse().map_err(|_| Problem::coded(ProblemKind::Invalid, "cli-not-an-id"))?;
            Subject::Id(id.0)
        }
    })
}

fn entry(entry: Entry) -> ConsentEntry {
    ConsentEntry {
        number: entry.number,
        scope: entry.scope,
        purpose: entry.purpose,
        status: entry.status,
        holds: entry.holds,
        occurred_at: entry.occurred_at,
        recorded_at: entry.recorded_at,
        expires_at: entry.expires_at,
        recorded_by: entry.recorded_by,
        detail: entry.detail,
    }
}

fn answer(answer: Answered) -> ConsentAnswer {
    let Answered { purpose, allowed, basis, status, since } = answer;
    ConsentAnswer { purpose, allowed, basis, status, since }
}
