//! What the comparisons of a pair said so far, and what the others can still say.

use super::Scored;
use crate::compare::Agreement;
use crate::estimate::born_together;
use crate::features::MISSING;
use crate::plan::Tells;

/// Sums of bits are exact to far less than this, whatever their order.
const ROUNDING_BITS: f64 = 1e-6;

/// The sums of what fields said.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) person: f64,
    home: f64,
    place_for: f64,
    place_against: f64,
    /// How much likelier, in bits, days of birth are in one home than among strangers.
    pub(super) born_together: f64,
    /// By what tells firms.
    firm: f64,
    /// Whether both records have a person's name.
    are_persons: bool,
    /// For the join, by names.
    names: f64,
    /// For the join, by mailboxes that are alike.
    mailbox: f64,
}

impl Said {
    pub(super) fn new(prior: f64) -> Self {
        Self {
            person: prior,
            home: 0.0,
            place_for: 0.0,
            place_against: 0.0,
            born_together: 0.0,
            firm: 0.0,
            are_persons: false,
            names: 0.0,
            mailbox: 0.0,
        }
    }

    pub(super) fn add(&mut self, scored: &Scored, agreement: Agreement, bits: f64) {
        if scored.is_name {
            self.names += bits.max(0.0);
            self.are_persons |= agreement.level.is_some();
        }
        match scored.tells {
            Tells::Person => self.person += bits,
            Tells::Birth => {
                self.person += bits;
                if bits > 0.0 {
                    self.born_together = born_together(bits.exp2()).log2();
                }
            }
            Tells::Firm => self.firm += bits,
            Tells::Home => self.home += bits,
            Tells::Place => {
                self.place_for = self.place_for.max(bits);
                self.place_against = self.place_against.min(bits);
            }
            Tells::Mailbox if bits > 0.0 && !agreement.is_equal() => self.mailbox += bits,
            Tells::Mailbox => self.home += bits,
        }
    }

    /// All that tells persons, and organisations where these are no persons.
    pub(super) fn person(&self) -> f64 {
        if self.are_persons { self.person } else { self.person + self.firm }
    }

    /// All that tells homes.
    pub(super) fn home(&self) -> f64 {
        let firm = if self.are_persons { self.firm } else { 0.0 };
        firm + self.home + self.place_for + self.place_against + (self.mailbox - self.names).max(0.0)
    }

    /// Whether the pair may still reach so many bits. `most_home` is the most that all that tells
    /// homes is worth together.
    pub(super) fn can_reach(&self, least: f64, rest: Reach, most_home: f64) -> bool {
        let place = self.place_for.max(rest.place) + self.place_against;
        // What names will say is not known yet: a firm counts where it can say more.
        let home = self.home + self.firm.min(0.0) + self.mailbox + rest.home + place;
        self.person + self.firm.max(0.0) + rest.person + home.min(most_home) + ROUNDING_BITS >= least
    }
}

/// The most bits that a record can get of comparisons which were not asked yet, with any other.
#[derive(Clone, Copy, Default)]
pub(super) struct Reach {
    person: f64,
    home: f64,
    place: f64,
}

impl Reach {
    /// With one comparison more to come. What a record lacks tells nothing about it, and values
    /// that many have tell little.
    pub(super) fn with(self, scored: &Scored, mut codes: impl Iterator<Item = u32>) -> Reach {
        match scored.tells {
            Tells::Person | Tells::Birth | Tells::Firm => {
                let rarity = |code: u32| f64::from(scored.frequency_bits[code as usize].max(0.0));
                let rarest = codes.filter(|code| *code != MISSING).map(rarity).reduce(f64::max);
                let most = rarest.map_or(0.0, |rarest| scored.most_of_level + rarest);
                Reach { person: self.person + most, ..self }
            }
            // Homes are worth so much and no more: how rare a value is hardly matters.
            _ if codes.all(|code| code == MISSING) => self,
            Tells::Home | Tells::Mailbox => Reach { home: self.home + scored.most, ..self },
            Tells::Place => Reach { place: self.place.max(scored.most), ..self },
        }
    }
}
