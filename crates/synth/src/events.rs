//! What happened to customers: one JSON object a line, each with the ERP's customer number.
//!
//! The ERP's, because in the shops this is shaped after it handles every order, the web shop's too.
//! Members: `id`, `accountId`, `kind` (order, ticket, visit, call, survey), `at`, `endedAt` (RFC 3339), `channel`,
//! `status`, `product`, `quantity`, `amount`, `currency`, `number`, `agent`, `subject`, `text`, `question`,
//! `score`, `answer`. What does not belong to a kind is left out.

use chrono::{Days, NaiveDateTime, TimeDelta};

use crate::SynthError;
use crate::account::moment;
use crate::chance::Chance;
use crate::people::TODAY;
use crate::pools::Pools;
use crate::rates::ErrorRates;
use crate::silo::{Defect, JsonLine, Rows, digits_key};

/// Adds what happened to one ERP account since it was made: none to four events.
pub(crate) fn add_events(
    rows: &mut Rows,
    made: &mut u64,
    (account_key, since): (&str, NaiveDateTime),
    (pools, rates): (&Pools, &ErrorRates),
    chance: &mut Chance,
) -> Result<(), SynthError> {
    for _ in 0..chance.position(&[0.35, 0.28, 0.2, 0.1]) {
        *made += 1;
        let event = Event { number: *made, account_key, since };
        let row = event.row(None, pools, chance);
        rows.add(row, rates, chance)?;
        if chance.happens(rates.bad_rows) {
            *made += 1;
            let event = Event { number: *made, account_key, since };
            let row = event.row(Some(Defect::any(chance)), pools, chance);
            rows.add_bad(row, chance)?;
        }
    }
    Ok(())
}

struct Event<'a> {
    number: u64,
    account_key: &'a str,
    since: NaiveDateTime,
}

impl Event<'_> {
    fn row(&self, defect: Option<Defect>, pools: &Pools, chance: &mut Chance) -> Vec<u8> {
        let days = (TODAY - self.since.date()).num_days();
        let at = moment(self.since.date() + Days::new(chance.between(0, days) as u64), chance);
        let written = |moment: NaiveDateTime| moment.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let kind = ["order", "ticket", "visit", "call", "survey"][chance.position(&[0.6, 0.12, 0.1, 0.1])];
        let key = format!("E{}", digits_key(self.number, 10));
        let line = JsonLine::default()
            .text("id", if defect == Some(Defect::NoKey) { "" } else { &key })
            .text("accountId", self.account_key)
            .text("kind", kind)
            .text(
                "at",
                &if defect == Some(Defect::ImpossibleDate) {
                    "2024-13-45T25:00:00Z".to_owned()
                } else {
                    written(at)
                },
            );
        let ended = written(at + TimeDelta::minutes(chance.between(2, 50)));
        let line = match kind {
            "order" => {
                let cents = chance.between(500, 90_000);
                line.text("channel", chance.pick(&["web", "store", "phone"]))
                    .text("status", chance.pick(&["shipped", "paid", "returned"]))
                    .text("product", pools.word("product", chance))
                    .raw("quantity", &chance.between(1, 4).to_string())
                    .raw("amount", &format!("{}.{:02}", cents / 100, cents % 100))
                    .text("currency", "EUR")
                    .text("number", &format!("C{}", digits_key(self.number, 8)))
            }
            "ticket" => line
                .text("channel", chance.pick(&["e-mail", "chat", "web"]))
                .text("status", chance.pick(&["open", "solved"]))
                .text("number", &format!("T{}", digits_key(self.number, 8)))
                .text("agent", pools.word("agent", chance))
                .text("subject", pools.word("subject", chance))
                .text("text", pools.word("text", chance)),
            "survey" => line
                .text("channel", "e-mail")
                .text("question", "Recommanderiez-vous notre maison ?")
                .raw("score", &chance.between(0, 10).to_string())
                .text("answer", pools.word("answer", chance)),
            _ => line
                .text("endedAt", &ended)
                .text("channel", if kind == "call" { "phone" } else { "store" })
                .text("agent", pools.word("agent", chance)),
        };
        line.line(defect)
    }
}
