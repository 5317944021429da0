//! What sealing costs on one core, beside OpenSSL on the same machine: `cargo bench -p vermeil-protect`.
//!
//! Sealing and opening go the way of the program: size classes, associated data of a real binding, random nonces.
//! OpenSSL is `openssl speed -evp aes-256-gcm`, which encrypts on and on under one key and one nonce, makes no tag
//! and takes no associated data; with `-aead` it does so for each message, as we must.

use std::fmt::Display;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use vermeil_model::FieldClass;
use vermeil_protect::seal::Implementation;
use vermeil_protect::{Binding, DataKey, RecordCipher};

/// Bytes that are encrypted. The value is one byte shorter: padding takes at least one.
const SIZES: [usize; 4] = [64, 256, 512, 1024];
/// Each figure is the median of so many.
const ROUNDS: usize = 301;
/// Shorter than a process usually keeps its core, so that few rounds are interrupted.
const ROUND: Duration = Duration::from_micros(500);

const BINDING: Binding<'static> = Binding {
    tenant: "demo",
    table: "landing.customers",
    class: FieldClass::Contact,
    record: [0x5a; 16],
    version: 1,
    key_epoch: 1,
};

fn main() {
    println!("ns a message, one core; median of {ROUNDS} rounds of {} µs\n", ROUND.as_micros());
    row("", &SIZES.map(|size| format!("{size} bytes")));
    row("---", &SIZES.map(|_| "--:"));
    for implementation in Implementation::ALL {
        let key = DataKey::random();
        let reused = RecordCipher::with(implementation, &key);
        let figures = |of: fn(&Setting<'_>) -> f64| {
            SIZES.map(|size| format!("{:.0}", of(&Setting::new(implementation, &key, &reused, size))))
        };
        row(format!("{implementation:?}: seal, key reused"), &figures(|setting| setting.seal_reused()));
        row(format!("{implementation:?}: seal, fresh key"), &figures(|setting| setting.seal_fresh()));
        row(format!("{implementation:?}: open, key reused"), &figures(|setting| setting.open_reused()));
        row(format!("{implementation:?}: open, fresh key"), &figures(|setting| setting.open_fresh()));
    }
    for more in [&[][..], &["-aead"]] {
        let title = format!("`openssl speed -evp aes-256-gcm {}`", more.join(" "));
        row(title.replace(" `", "`"), &SIZES.map(|size| openssl(size, more).unwrap_or("not there".into())));
    }
    println!("\nns a call\n");
    row("from the operating system", &["12 bytes", "32 bytes", "3072 bytes", "8192 bytes"]);
    row("---", &SIZES.map(|_| "--:"));
    row("getrandom", &[12, 32, 3072, 8192].map(|length| format!("{:.0}", system_random(length))));
}

/// What is sealed, and under which key.
struct Setting<'a> {
    implementation: Implementation,
    key: &'a DataKey,
    reused: &'a RecordCipher,
    value: Vec<u8>,
    sealed: Vec<u8>,
}

impl<'a> Setting<'a> {
    fn new(implementation: Implementation, key: &'a DataKey, reused: &'a RecordCipher, size: usize) -> Self {
        let value = vec![0x61; size - 1];
        let mut sealed = Vec::new();
        reused.seal_into(&BINDING, &value, &mut sealed);
        Self { implementation, key, reused, value, sealed }
    }

    fn seal_reused(&self) -> f64 {
        let mut sealed = Vec::new();
        nanoseconds(|| {
            sealed.clear();
            self.reused.seal_into(black_box(&BINDING), &self.value, &mut sealed);
            black_box(&sealed);
        })
    }

    fn seal_fresh(&self) -> f64 {
        let mut sealed = Vec::new();
        nanoseconds(|| {
            sealed.clear();
            let cipher = RecordCipher::with(self.implementation, black_box(self.key));
            cipher.seal_into(black_box(&BINDING), &self.value, &mut sealed);
            black_box(&sealed);
        })
    }

    fn open_reused(&self) -> f64 {
        nanoseconds(|| drop(black_box(self.reused.open(black_box(&BINDING), &self.sealed))))
    }

    fn open_fresh(&self) -> f64 {
        nanoseconds(|| {
            let cipher = RecordCipher::with(self.implementation, black_box(self.key));
            drop(black_box(cipher.open(black_box(&BINDING), &self.sealed)));
        })
    }
}

fn system_random(length: usize) -> f64 {
    let mut bytes = vec![0; length];
    nanoseconds(|| getrandom::fill(black_box(&mut bytes)).expect("the operating system gives random bytes"))
}

/// How long one call takes.
fn nanoseconds(mut call: impl FnMut()) -> f64 {
    let mut rounds = [0.0; ROUNDS];
    for round in &mut rounds {
        let started = Instant::now();
        let mut calls = 0;
        while started.elapsed() < ROUND {
            (0..64).for_each(|_| call());
            calls += 64;
        }
        *round = started.elapsed().as_nanos() as f64 / f64::from(calls);
    }
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// What OpenSSL needs for a message; `None` where it is not installed.
fn openssl(size: usize, more: &[&str]) -> Option<String> {
    let size = size.to_string();
    let arguments = ["speed", "-mr", "-seconds", "1", "-bytes", &size, "-evp", "aes-256-gcm"];
    let output = Command::new("openssl").args(arguments).args(more).output().ok()?;
    // The last line ends in bytes a second.
    let told = String::from_utf8(output.stdout).ok()?;
    let speed: f64 = told.lines().last()?.rsplit(':').next()?.parse().ok()?;
    Some(format!("{:.0}", size.parse::<f64>().ok()? / speed * 1e9))
}

fn row<T: Display>(title: impl Display, figures: &[T]) {
    let figures: Vec<String> = figures.iter().map(T::to_string).collect();
    println!("| {title} | {} |", figures.join(" | "));
}
