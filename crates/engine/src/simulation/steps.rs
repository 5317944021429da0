//! What may happen.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use vermeil_model::decision::Reason;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Plaintext};

use super::power::Power;
use super::powered;
use super::world::{PEOPLE, World, officer, second_officer};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::{Author, Rectify, Silent, Stage, Subject, WhichErasures};

/// Draws that a seed repeats.
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    pub(super) fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `0..end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.0.next_u64()) * end as u128) >> 64) as usize
    }
}

/// One step of a history. Numbers are positions among what there is then, taken modulo.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Everything is landed, linked and published.
    Run,
    /// Only landed.
    Land,
    /// Two records are one person.
    Merge(usize, usize),
    /// A record is someone else.
    Split(usize),
    /// A value is set right.
    Rectify(usize),
    /// Someone is erased, while nothing else goes on.
    Erase(usize),
    /// Someone is erased beside a run.
    EraseBesideRun(usize),
    /// Keys move under a new generation.
    Rotate,
    /// Files are folded.
    Optimize,
    /// What was begun is ended.
    BringToAnEnd,
}

impl Step {
    /// The next step, before which a silo may change.
    pub(super) fn drawn(draws: &mut Draws, world: &mut World) -> Self {
        match draws.below(3) {
            0 => world.edit(draws.below(4 * PEOPLE)),
            1 => world.add(draws.below(2), draws.below(PEOPLE + 3)),
            _ => {}
        }
        let (one, other) = (draws.below(64), draws.below(64));
        match draws.below(12) {
            0 | 1 => Self::Run,
            2 => Self::Land,
            3 => Self::Merge(one, other),
            4 => Self::Split(one),
            5 => Self::Rectify(one),
            6..=8 => Self::Erase(one),
            9 => Self::EraseBesideRun(one),
            10 => Self::Rotate,
            _ => Self::Optimize,
        }
    }
}

/// Takes a step, whatever was cut off before it.
pub(super) async fn take(world: &mut World, power: &Arc<Power>, step: &Step) {
    let engine = powered(world, power).await;
    reconcile(world, &engine).await;
    match *step {
        Step::Run => {
            engine.run(Stage::Publish, &Silent).await.unwrap();
            world.look(&engine).await;
        }
        Step::Land => {
            engine.run(Stage::Land, &Silent).await.unwrap();
        }
        Step::Merge(one, other) => {
            let accounts = world.look(&engine).await;
            let [one, other] = [one, other].map(|position| accounts.get(position % accounts.len().max(1)));
            if let (Some(one), Some(other)) = (one, other) {
                decided(engine.merge(one.record.0, other.record.0, author(&reason())).await);
            }
        }
        Step::Split(position) => {
            let accounts = world.look(&engine).await;
            if let Some(one) = accounts.get(position % accounts.len().max(1)) {
                decided(engine.split(one.profile, &[one.record], author(&reason())).await);
            }
        }
        Step::Rectify(position) => {
            let accounts = world.look(&engine).await;
            if let Some(one) = accounts.get(position % accounts.len().max(1)) {
                let value = Rectify::Set(Plaintext::new("17 quai des Corrections".to_owned()));
                let by = (&officer(), &reason());
                match engine.rectify(one.record.0, "street", value, by, &Silent).await {
                    Ok(_) | Err(EngineError::Erased { .. }) => {}
                    Err(cause) => panic!("{cause}"),
                }
            }
        }
        Step::Erase(position) => erase(world, &engine, position).await,
        Step::EraseBesideRun(position) => {
            let beside = powered(world, power).await;
            let (ran, ()) =
                futures::join!(beside.run(Stage::Publish, &Silent), erase(world, &engine, position));
            ran.unwrap();
        }
        Step::Rotate => {
            engine.rotate_keys("officer", &Silent).await.unwrap();
        }
        Step::Optimize => {
            engine.optimize(&Silent).await.unwrap();
        }
        Step::BringToAnEnd => end(world, &engine).await,
    }
}

/// Opens, approves and carries out a request about one of those who are published.
async fn erase(world: &mut World, engine: &Engine, position: usize) {
    let accounts = world.look(engine).await;
    if accounts.is_empty() {
        return;
    }
    let meant = &accounts[position % accounts.len()];
    world.intended = Some(world.closure(&accounts, position));
    match engine.open_erasures(&[Subject::Id(meant.record.0)], &officer()).await {
        Ok(_) => {}
        // Whose keys are destroyed by a request that was cut off is still published.
        Err(EngineError::NobodyFound) => {
            world.intended = None;
            return;
        }
        Err(cause) => panic!("{cause}"),
    }
    reconcile(world, engine).await;
    end(world, engine).await;
}

/// What the world knows of requests that were opened before the power was cut.
async fn reconcile(world: &mut World, engine: &Engine) {
    let opened = engine.erasures().await.unwrap();
    let newest =
        opened.iter().map(|erasure| erasure.number).find(|number| !world.closures.contains_key(number));
    if let (Some(number), Some(closure)) = (newest, world.intended.take()) {
        world.asked(number, closure);
    }
}

/// Brings every request to its end.
async fn end(world: &mut World, engine: &Engine) {
    loop {
        for erasure in engine.erasures().await.unwrap() {
            if erasure.status == "open" {
                engine.approve_erasure(erasure.number, &second_officer()).await.unwrap();
            }
        }
        match engine.run_erasures(&WhichErasures::AllApproved, &officer(), &Silent).await {
            Ok(_) => return,
            // The person has more records by now: asked again, approved again.
            Err(EngineError::ErasureChanged { number }) => grown(world, engine, number).await,
            Err(cause) => panic!("{cause}"),
        }
    }
}

async fn grown(world: &mut World, engine: &Engine, number: i64) {
    let accounts = engine.published_accounts(&officer()).await.unwrap();
    let own = world.closures[&number].accounts.clone();
    for position in 0..accounts.len() {
        let closure = world.closure(&accounts, position);
        if !closure.accounts.is_disjoint(&own) {
            world.asked(number, closure);
        }
    }
}

fn author(reason: &Reason) -> Author<'_> {
    Author { actor: "officer", reason }
}

fn reason() -> Reason {
    "as the history has it".parse().unwrap()
}

/// A decision may be refused: what contradicts another, or about who is one already.
fn decided<T>(decision: Result<T, EngineError>) {
    match decision {
        Ok(_) => {}
        Err(cause) => assert_eq!(cause.kind(), ErrorKind::Usage, "{cause}"),
    }
}
