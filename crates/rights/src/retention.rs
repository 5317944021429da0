//! How long people are kept, and from when on the time runs.
//!
//! Of a prospect it runs from the last contact by the person themselves, or from when their data was
//! collected where there was none: that they opened a mail is no contact. Of a customer it runs from the
//! same, and is longer: who is party to invoices is kept as long as these are.
//!
//! Source: CNIL, "Référentiel relatif aux traitements de données à caractère personnel mis en œuvre aux fins
//! de gestion des activités commerciales" (2022), 6: three years; SAN-2020-003 (Spartoo): opening a mail.
//! Code de commerce, art. L123-22: ten years.

use std::str::FromStr;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::deadline::months_after;

/// A calendar period of one unit, written as ISO 8601 does: `P3Y`, `P18M`, `P30D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Calendar months.
    Months(u32),
    /// Days.
    Days(u32),
}

/// No period of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is written as `P3Y`, `P18M` or `P30D`")]
pub struct NotAPeriod;

/// Why someone is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They never bought anything.
    Prospect,
    /// They did.
    Customer,
}

/// How someone stands to whoever keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Why they are kept.
    pub relation: Relation,
    /// When their data was collected first.
    pub collected: NaiveDate,
    /// When they last did something of their own accord.
    pub last_contact: Option<NaiveDate>,
}

/// How long people are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPeriods {
    /// Prospects: three years unless set.
    pub prospects: Period,
    /// Customers: ten years unless set.
    pub customers: Period,
}

impl Default for RetentionPeriods {
    fn default() -> Self {
        Self { prospects: Period::Months(36), customers: Period::Months(120) }
    }
}

impl Period {
    /// The day on which a period ends that begins on `day`.
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Months(months) => months_after(day, months),
            Self::Days(days) => day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let counted = text.strip_prefix('P').ok_or(NotAPeriod)?;
        let (count, unit) = counted.split_at_checked(counted.len().saturating_sub(1)).ok_or(NotAPeriod)?;
        if !count.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotAPeriod);
        }
        let count: u32 = count.parse().map_err(|_| NotAPeriod)?;
        match unit {
            "Y" => count.checked_mul(12).map(Self::Months).ok_or(NotAPeriod),
            "M" => Ok(Self::Months(count)),
            "D" => Ok(Self::Days(count)),
            _ => Err(NotAPeriod),
        }
    }
}

impl Standing {
    /// The last day on which someone may be kept.
    pub fn kept_until(&self, periods: &RetentionPeriods) -> NaiveDate {
        let from = self.last_contact.map_or(self.collected, |last| last.max(self.collected));
        match self.relation {
            Relation::Prospect => periods.prospects.after(from),
            Relation::Customer => periods.customers.after(from),
        }
    }
}

#[cfg(test)]
mod tests;
