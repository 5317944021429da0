//! `vermeil review`: asks people about the pairs whose verdict is the least sure.

mod answers;
mod asking;

use std::collections::HashSet;
use std::io::{self, IsTerminal};
use std::str::FromStr;

use vermeil_engine::{Access, Answer, Engine, EngineError, Reader, Review, ReviewPair};
use vermeil_model::Diagnose;
use vermeil_model::RecordId;
use vermeil_model::decision::Reason;
use vermeil_model::diagnostic::ErrorKind;

use self::asking::{Asking, Reply};
use crate::args::{Format, ReviewArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::{decisions, review};
use crate::session::Session;

/// Lists the queue, takes answers from a file, or asks.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ReviewArguments,
) -> Result<Outcome, Failure> {
    if let Some(file) = &arguments.answers {
        return answers::execute(session, output, file).await;
    }
    if !arguments.list && !io::stdin().is_terminal() {
        return Err(CliError::NoTerminal.into());
    }
    let reason = arguments.reason.as_deref().map(Reason::from_str).transpose()?;
    let engine = session.engine(Access::MustExist).await?;
    let limit = arguments.limit as usize;
    if arguments.list {
        let queue = engine.review_queue(&engine.review(&*session.progress).await?).await?;
        let shown = &queue[..queue.len().min(limit)];
        match output.format {
            Format::Json => shown.iter().try_for_each(|pair| output.json(pair))?,
            Format::Table => output.line(&review::list(&session.catalog, shown, queue.len()))?,
        }
        return Ok(Outcome::Done);
    }
    let reader = session.reader(&arguments.reader);
    // Refused before the work.
    engine.check_reviewer(&reader)?;
    let review = engine.review(&*session.progress).await?;
    let interview = Interview { session, engine: &engine, review: &review, reader: &reader, reason };
    interview.hold(output, limit).await?;
    Ok(Outcome::Done)
}

/// One walk through the queue.
struct Interview<'a> {
    session: &'a Session,
    engine: &'a Engine,
    review: &'a Review,
    reader: &'a Reader,
    /// The reason of every answer; `None`: it is asked for.
    reason: Option<Reason>,
}

impl Interview<'_> {
    /// Asks about `limit` pairs at most. Each answer is kept before the next question is asked,
    /// and the queue is made anew under it.
    async fn hold(&self, output: &mut Output, limit: usize) -> Result<(), Failure> {
        let catalog = &self.session.catalog;
        let mut asking = Asking::new(catalog, io::stdin().lock(), io::stderr());
        let (mut passed, mut decisions, mut number) = (HashSet::new(), 0, 0);
        while number < limit {
            let mut queue = self.engine.review_queue(self.review).await?;
            queue.retain(|pair| !passed.contains(&(pair.left.clone(), pair.right.clone())));
            let Some(pair) = queue.first() else {
                self.session.notice(&catalog.text("review-nothing"));
                break;
            };
            passed.insert((pair.left.clone(), pair.right.clone()));
            let question = match self.engine.review_question(self.review, pair, self.reader).await {
                // Gone since the records were compared.
                Err(EngineError::Unknown { .. } | EngineError::Erased { .. }) => continue,
                other => other?,
            };
            number += 1;
            let place = (number, number + queue.len().min(limit + 1 - number) - 1);
            output.report(&question, |question| review::question(catalog, question, place))?;
            output.flush()?;
            match self.decide(output, &mut asking, pair).await? {
                Reply::Verdict(_) => decisions += 1,
                Reply::Skip => {}
                Reply::Quit => break,
            }
        }
        let ended = [("decisions", (decisions as u64).into())];
        self.session.notice(&catalog.message("review-ended", &ended));
        Ok(())
    }

    /// Asks until the answer can be taken.
    async fn decide(
        &self,
        output: &mut Output,
        asking: &mut Asking<'_, impl io::BufRead, impl io::Write>,
        pair: &ReviewPair,
    ) -> Result<Reply, Failure> {
        loop {
            let reply = asking.verdict()?;
            let Reply::Verdict(verdict) = reply else { return Ok(reply) };
            let reason = match &self.reason {
                Some(reason) => reason.clone(),
                None => match asking.reason()? {
                    Some(reason) => reason,
                    None => return Ok(Reply::Quit),
                },
            };
            let id =
                |record: &str| record.parse::<RecordId>().expect("the queue names records by their ids").0;
            let answer = Answer { left: id(&pair.left), right: id(&pair.right), verdict, reason };
            match self.engine.answer(&self.reader.actor, &[answer]).await {
                Ok(taken) => {
                    for decision in &taken {
                        output
                            .report(decision, |decision| decisions::one(&self.session.catalog, decision))?;
                    }
                    output.flush()?;
                    return Ok(reply);
                }
                Err(refused) if refused.kind() == ErrorKind::Usage => {
                    let told = Failure::from(refused).tell(&self.session.catalog, self.session.log);
                    self.session.notice(&told.unwrap_or_default());
                }
                Err(failed) => return Err(failed.into()),
            }
        }
    }
}
