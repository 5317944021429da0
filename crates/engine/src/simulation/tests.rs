use super::*;

/// Plays the seeds of one part of all that are asked for.
#[expect(clippy::disallowed_methods, reason = "the number of seeds is the caller's")]
fn play_part(part: u64) {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let (first, seeds) = (number("VERMEIL_SIMULATION_FIRST", 0), number("VERMEIL_SIMULATION_SEEDS", 200));
    (first..first + seeds).filter(|seed| seed % PARTS == part).for_each(play);
}

/// A world whose silos were published, and its engine, in the hands of `judge`.
fn judged(judge: impl AsyncFnOnce(&mut World, &Engine)) {
    let mut world = World::new();
    live(&mut world, Power::steady(), &Step::Run).expect_done();
    runtime().block_on(async {
        let engine = Engine::open(world.config(), Access::MustExist).await.unwrap();
        judge(&mut world, &engine).await;
    });
}

#[test]
#[should_panic(expected = "came back")]
fn the_judge_sees_who_is_still_there() {
    judged(async |world, engine| {
        let accounts = world.look(engine).await;
        let closure = world.closure(&accounts, 0);
        world.asked(1, closure);
        world.judge_who_is_there(engine, &[1].into()).await;
    });
}

#[test]
#[should_panic(expected = "lost")]
fn the_judge_misses_who_was_there() {
    judged(async |world, engine| {
        world.seen.insert(("shop".to_owned(), "nobody".to_owned()));
        world.judge_who_is_there(engine, &[].into()).await;
    });
}

/// Tests that share the seeds, so that they run side by side.
const PARTS: u64 = 4;

#[test]
fn nothing_is_lost_doubled_or_left_part_0() {
    play_part(0);
}

#[test]
fn nothing_is_lost_doubled_or_left_part_1() {
    play_part(1);
}

#[test]
fn nothing_is_lost_doubled_or_left_part_2() {
    play_part(2);
}

#[test]
fn nothing_is_lost_doubled_or_left_part_3() {
    play_part(3);
}
