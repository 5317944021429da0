//! How long there is to answer: one calendar month, three with a reason.
//!
//! A period of months ends with the day of the same number as the one on which the request was
//! received, or with the last day of a month that has no such day: 31 January, then 28 or 29
//! February (Regulation (EEC, Euratom) 1182/71, Art. 3(2)(c); GDPR Art. 12(3)). Weekends and
//! holidays do not move the day here: later would be lawful, the day itself always is.
//!
//! Days are whole calendar days where the controller is; [`day_of`] says which one a moment is in.

use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Months within which to answer.
const TERM: u32 = 1;
/// Months by which the term may be extended.
const EXTENSION: u32 = 2;

/// When a request came in, and what became of its clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    #[serde(with = "crate::text")]
    received: NaiveDate,
    is_extended: bool,
    pauses: Vec<Pause>,
}

/// Days on which the clock stood still, for it was not sure whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When more was asked for.
    #[serde(with = "crate::text")]
    pub from: NaiveDate,
    /// When it came; `None`: it has not.
    #[serde(with = "crate::text::optional")]
    pub until: Option<NaiveDate>,
}

/// Why the clock cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It was extended before: there is no second time.
    #[error("the term was extended before")]
    ExtendedBefore,
    /// The person has to be told within the first month.
    #[error("the first month ended on {0}: it can be extended no more")]
    TooLate(NaiveDate),
    /// It stands still already.
    #[error("the clock stands still already")]
    Paused,
    /// It does not stand still.
    #[error("the clock does not stand still")]
    Running,
    /// A day before the one that it follows.
    #[error("the day lies before {0}")]
    Backwards(NaiveDate),
}

impl Clock {
    /// The clock of a request that was received on a day.
    pub fn starting(received: NaiveDate) -> Self {
        Self { received, is_extended: false, pauses: Vec::new() }
    }

    /// When the request was received.
    pub fn received(&self) -> NaiveDate {
        self.received
    }

    /// Whether it was extended.
    pub fn is_extended(&self) -> bool {
        self.is_extended
    }

    /// The days on which it stood still.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// The last day to answer on; `None` while the clock stands still.
    pub fn due(&self) -> Option<NaiveDate> {
        let months = if self.is_extended { TERM + EXTENSION } else { TERM };
        self.is_running().then(|| self.after(months))
    }

    /// The last day to answer on if the clock ran on from `today`, whether or not it stands still.
    pub fn expected(&self, today: NaiveDate) -> NaiveDate {
        let mut running = self.clone();
        // A day before the pause began is no day to end it on; then it took none.
        let _ = running.resume(today);
        running.due().unwrap_or_else(|| self.after(TERM))
    }

    /// Extends the term by two months, from the end of the first on.
    ///
    /// # Errors
    /// [`ClockError::ExtendedBefore`], [`ClockError::TooLate`].
    pub fn extend(&mut self, on: NaiveDate) -> Result<(), ClockError> {
        if self.is_extended {
            return Err(ClockError::ExtendedBefore);
        }
        if self.is_running() && on > self.after(TERM) {
            return Err(ClockError::TooLate(self.after(TERM)));
        }
        self.is_extended = true;
        Ok(())
    }

    /// Stops the clock, for it is not sure whose request it is: nothing else stops it (GDPR Art. 12(6);
    /// EDPB 01/2022, 158 to 161).
    ///
    /// # Errors
    /// [`ClockError::Paused`], [`ClockError::Backwards`].
    pub fn pause(&mut self, on: NaiveDate) -> Result<(), ClockError> {
        let earliest = self.pauses.last().map_or(Some(self.received), |last| last.until);
        match earliest {
            None => Err(ClockError::Paused),
            Some(earliest) if on < earliest => Err(ClockError::Backwards(earliest)),
            Some(_) => {
                self.pauses.push(Pause { from: on, until: None });
                Ok(())
            }
        }
    }

    /// Lets the clock run on.
    ///
    /// # Errors
    /// [`ClockError::Running`], [`ClockError::Backwards`].
    pub fn resume(&mut self, on: NaiveDate) -> Result<(), ClockError> {
        match self.pauses.last_mut() {
            Some(Pause { from, until: until @ None }) => match on < *from {
                true => Err(ClockError::Backwards(*from)),
                false => {
                    *until = Some(on);
                    Ok(())
                }
            },
            _ => Err(ClockError::Running),
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.pauses.last().is_none_or(|last| last.until.is_some())
    }

    fn after(&self, months: u32) -> NaiveDate {
        let stood = self.pauses.iter().filter_map(|pause| Some(pause.until? - pause.from));
        let days: i64 = stood.map(|stood| stood.num_days()).sum();
        months_after(self.received, months)
            .checked_add_days(Days::new(days.unsigned_abs()))
            .unwrap_or(NaiveDate::MAX)
    }
}

/// The day of the same number some months later, or the last one of a month that has no such day.
pub fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The day on which a moment is, so far east of Greenwich.
pub fn day_of(moment: DateTime<Utc>, offset: FixedOffset) -> NaiveDate {
    moment.with_timezone(&offset).date_naive()
}

#[cfg(test)]
mod tests;
