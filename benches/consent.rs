//! Consent: asking whether someone may be reached while others withdraw, and queries that leave people out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use arrow::array::AsArray;
use vermeil_engine::{
    Access, Circumstances, ConsentQuestion, ConsentStatement, ConsentSubject, Engine, Reader, Silent, Stage,
};
use vermeil_model::Plaintext;
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::{AccessPolicy, PolicyFile};

use crate::report::{Meaning, Report};
use crate::{customers, landing};

const SECTION: &str = "consent";
const MAILING: &str = "mailing";
const CARE: &str = "bench";
const QUESTIONS: usize = 20_000;
const TAKEN_AT_ONCE: usize = 1_000;
const COUNT: &str = "SELECT count(*) AS n FROM golden.profiles";
/// Without the shortcut of a table's own count.
const NAMES: &str = "SELECT count(family_name) AS n FROM golden.profiles";

/// Publishes the profiles of `rows` customers of whom all but every tenth consent, then asks.
///
/// # Errors
/// A run, a statement or a query fails, or does not have the rows that it must.
pub async fn measure(rows: u64, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    customers::write(&folder.path().join(landing::FILE), rows).context("could not write the customers")?;
    let open = || {
        let mut config = landing::config(folder.path(), 0)?;
        config.policy = policy()?;
        anyhow::Ok(config)
    };
    let engine = Engine::open(open()?, Access::CreateIfMissing).await?;
    eprintln!("publishing {rows} customers");
    engine.run(Stage::Publish, &Silent).await?;
    let emails = emails(&engine).await?;
    let mut add = |name: &str, unit, measures: &str, figures: &[f64]| {
        report.add(SECTION, Meaning { name, unit, measures }, figures);
    };
    let started = Instant::now();
    let consenting = emails.iter().enumerate().filter(|(place, _)| place % 10 != 0).map(|(_, email)| email);
    let consenting: Vec<&String> = consenting.collect();
    for emails in consenting.chunks(TAKEN_AT_ONCE) {
        let given: Vec<_> = emails.iter().map(|email| said(email, ConsentStatus::Given)).collect();
        engine.record_consents(&given, &reader(MAILING)).await?;
    }
    let rate = consenting.len() as f64 / started.elapsed().as_secs_f64();
    add("taking down", "statements/s", "a thousand at once, durable, in the audit log", &[rate]);

    let (mut cold, mut warm, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("counting, run {} of {runs}", run + 1);
        let fresh = Engine::open(open()?, Access::MustExist).await?;
        let first = Instant::now();
        let seen = count(&fresh, COUNT, MAILING).await?;
        cold.push(first.elapsed().as_secs_f64());
        ensure!(0 < seen && seen < emails.len() as u64, "{seen} of {} are seen", emails.len());
        for (purpose, seconds) in [(MAILING, &mut warm), (CARE, &mut without)] {
            let started = Instant::now();
            count(&fresh, NAMES, purpose).await?;
            seconds.push(started.elapsed().as_secs_f64());
        }
    }
    add("first query of a process", "seconds", "counting those who consented: the bits are made", &cold);
    add("every name, filtered", "seconds", "a sealed column of those who consented, bits at hand", &warm);
    add("every name", "seconds", "the same column of everyone, for a purpose that nobody refused", &without);
    let (p50, p99, withdrawn) = asked(Arc::new(engine), &emails, runs).await?;
    add("check, p50", "ms", "one question at a time, while withdrawals go on", &p50);
    add("check, p99", "ms", "one question at a time, while withdrawals go on", &p99);
    add("withdrawals meanwhile", "statements/s", "one at a time, durable, in the audit log", &withdrawn);
    Ok(())
}

/// The milliseconds of questions, and the withdrawals a second that were taken down meanwhile.
async fn asked(
    engine: Arc<Engine>,
    emails: &[String],
    runs: usize,
) -> anyhow::Result<(Vec<f64>, Vec<f64>, Vec<f64>)> {
    let (mut p50, mut p99, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("asking, run {} of {runs}", run + 1);
        let ended = Arc::new(AtomicBool::new(false));
        let withdrawing = tokio::spawn({
            let (engine, ended) = (Arc::clone(&engine), Arc::clone(&ended));
            let some: Vec<String> = emails.iter().skip(run * 1_000).take(100_000).cloned().collect();
            async move {
                let (started, mut taken) = (Instant::now(), 0_u32);
                for email in some.iter().cycle() {
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                    let no = [said(email, ConsentStatus::Withdrawn)];
                    engine.record_consents(&no, &reader(MAILING)).await?;
                    taken += 1;
                }
                anyhow::Ok(f64::from(taken) / started.elapsed().as_secs_f64())
            }
        });
        let mut milliseconds = Vec::with_capacity(QUESTIONS);
        for place in 0..QUESTIONS {
            let email = &emails[place * 7_919 % emails.len()];
            let question = [ConsentQuestion { subject: by(email), purpose: Purpose(MAILING.to_owned()) }];
            let started = Instant::now();
            engine.check_consents(&question, &reader(MAILING)).await?;
            milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
        }
        ended.store(true, Ordering::Relaxed);
        rates.push(withdrawing.await??);
        milliseconds.sort_by(f64::total_cmp);
        p50.push(milliseconds[QUESTIONS / 2]);
        p99.push(milliseconds[QUESTIONS * 99 / 100]);
    }
    Ok((p50, p99, rates))
}

async fn emails(engine: &Engine) -> anyhow::Result<Vec<String>> {
    let mut rows = engine.query("SELECT email FROM golden.profiles", &reader(CARE)).await?;
    let mut emails = Vec::new();
    while let Some(batch) = rows.next().await {
        emails.extend(batch?.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(emails)
}

async fn count(engine: &Engine, sql: &str, purpose: &str) -> anyhow::Result<u64> {
    let mut rows = engine.query(sql, &reader(purpose)).await?;
    let batch = rows.next().await.context("a count has a row")??;
    let counts = batch.column(0).as_primitive::<arrow::datatypes::Int64Type>();
    Ok(counts.value(0).unsigned_abs())
}

fn by(email: &str) -> ConsentSubject {
    let value = Plaintext::new(email.to_owned());
    ConsentSubject::Contact { scope: ConsentScope::Email, value, country: None }
}

fn said(email: &str, status: ConsentStatus) -> ConsentStatement {
    ConsentStatement {
        subject: by(email),
        purpose: Some(Purpose(MAILING.to_owned())),
        status,
        occurred_at: None,
        expires_at: None,
        circumstances: Circumstances::default(),
    }
}

fn reader(purpose: &str) -> Reader {
    Reader {
        actor: "bench".to_owned(),
        role: Role("reader".to_owned()),
        purpose: Some(Purpose(purpose.to_owned())),
    }
}

/// May open everything.
fn policy() -> anyhow::Result<AccessPolicy> {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    let names = file("names", "entity Role enum [\"reader\"]; entity Purpose enum [\"bench\", \"mailing\"];");
    Ok(AccessPolicy::parse(Some(&names), &[file("access", "permit (principal, action, resource);")])?)
}
