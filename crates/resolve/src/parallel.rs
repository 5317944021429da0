//! Work on several threads, with results that do not tell on how many.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The results of `work`, in the order of its tasks. A panic in one of them is passed on.
pub(crate) fn map<T: Send, R: Send>(
    threads: NonZeroUsize,
    tasks: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    map_with(threads, tasks, || (), |(), task| work(task))
}

/// As [`map`], with something that each thread makes for itself, and uses for all of its tasks.
pub(crate) fn map_with<T: Send, C, R: Send>(
    threads: NonZeroUsize,
    tasks: impl Iterator<Item = T> + Send,
    own: impl Fn() -> C + Sync,
    work: impl Fn(&C, T) -> R + Sync,
) -> Vec<R> {
    let waiting = Mutex::new(tasks.enumerate());
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let run = || {
            // A thread that panicked took its task along, and the panic is passed on below.
            let own = own();
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            std::iter::from_fn(next).map(|(place, task)| (place, work(&own, task))).collect::<Vec<_>>()
        };
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
