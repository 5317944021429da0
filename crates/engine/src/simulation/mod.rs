//! Histories drawn from a seed: loads, merges, corrections, erasures and rotations, beside each other and cut
//! off by power failures, until everything that was begun is brought to its end. Then nothing may be lost,
//! doubled or left of whoever was erased, and the prover must have passed.
//!
//! The same seed draws the same steps and the same operation of the lake at which the power is cut. Only where
//! two programs run side by side does the operating system have a say.
//!
//! `cargo xtask simulate` runs as many seeds as one likes; the tests run few.

mod power;
mod steps;
mod world;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures::FutureExt;
use tokio::runtime::{Builder, Runtime};

use self::power::{Cut, Power, Powered};
use self::steps::{Draws, Step};
use self::world::World;
use crate::engine::{Access, Engine};

/// Steps of one history.
const STEPS: usize = 4;

/// After how many operations of the lake the power is cut at the latest: more than most steps take.
const MOST_OPERATIONS: u64 = 160;

/// What came of a step.
enum Lived {
    Done,
    /// The power was cut.
    CutOff,
}

/// Plays one history to its end.
fn play(seed: u64) {
    let mut draws = Draws::of(seed);
    let mut world = World::new();
    let mut told = vec![format!("seed {seed}")];
    let guard = Telling(&mut told);
    live(&mut world, Power::steady(), &Step::Run).expect_done();
    for _ in 0..STEPS {
        let step = Step::drawn(&mut draws, &mut world);
        let power = match draws.below(3) {
            0 => Power::steady(),
            cut => {
                let cut = if cut == 1 { Cut::Before } else { Cut::After };
                Power::for_operations(1 + draws.below(MOST_OPERATIONS as usize) as u64, cut)
            }
        };
        guard.0.push(format!("{step:?}"));
        let lived = live(&mut world, power, &step);
        if matches!(lived, Lived::CutOff) {
            guard.0.push("cut off".to_owned());
        }
    }
    live(&mut world, Power::steady(), &Step::BringToAnEnd).expect_done();
    runtime().block_on(async {
        let engine = Engine::open(world.config(), Access::MustExist).await.unwrap();
        world.judge(&engine).await;
    });
}

/// Says how it came to a failure.
struct Telling<'a>(&'a mut Vec<String>);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.join(" · "));
        }
    }
}

impl Lived {
    fn expect_done(self) {
        assert!(matches!(self, Self::Done), "the power was steady");
    }
}

/// The life of one process: what is under way when the power is cut ends there.
fn live(world: &mut World, power: Arc<Power>, step: &Step) -> Lived {
    let runtime = runtime();
    let lived = runtime.block_on(async {
        // Boxed: as large as all that an engine may do.
        let taken = Box::pin(AssertUnwindSafe(steps::take(world, &power, step)).catch_unwind());
        tokio::select! {
            biased;
            () = power.is_cut() => Lived::CutOff,
            taken = taken => match taken {
                Ok(()) => Lived::Done,
                // What failed for want of power did not fail.
                Err(_) if power.is_off() => Lived::CutOff,
                Err(cause) => resume_unwind(cause),
            },
        }
    });
    power.end();
    // What runs on other threads comes to an end, as what a processor has begun does.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    lived
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// An engine whose lake takes power.
async fn powered(world: &World, power: &Arc<Power>) -> Engine {
    let mut engine = Engine::open(world.config(), Access::CreateIfMissing).await.unwrap();
    let power = Arc::clone(power);
    engine.lake = engine.lake.through(|store| Arc::new(Powered { store, power }));
    engine
}

mod tests;
