//! What the statements of one profile come to, for one purpose.
//!
//! People allow and refuse per contact point and purpose: what someone said of an e-mail address says
//! nothing of a phone number. What was said of a record is said of its person, however reached.
//!
//! ```text
//! restricted                        absent, but for a legal obligation (Art. 18)
//! objected, anywhere                absent (Art. 21), where the basis knows objection
//! basis consent                     there, where the person or a contact point said yes
//! basis with a right to object      there, unless the person or every contact point said no
//! another basis                     there
//! ```
//!
//! Of several contact points of one kind a no counts over a yes: which of them a profile shows is not known
//! here, and one that was refused must not be. So it is with what was said of several records, unless the
//! pipeline says that the last word counts. Of one contact point or record the last word counts always.
//!
//! Source: Regulation (EU) 2016/679, Art. 6, 7, 18, 21.

use vermeil_model::consent::{ConsentScope, ConsentStatus, Contradiction, LegalBasis};

/// What holds of one contact point or record of a profile, for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Of what.
    pub scope: ConsentScope,
    /// What was said last.
    pub status: ConsentStatus,
    /// When: microseconds since 1970, UTC.
    pub occurred_at: i64,
    /// When it ends by itself: microseconds since 1970, UTC.
    pub expires_at: Option<i64>,
}

/// What a reader sees of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visible {
    /// The profile at all.
    pub profile: bool,
    /// Its e-mail addresses.
    pub email: bool,
    /// Its phone numbers.
    pub phone: bool,
}

impl Visible {
    /// Nothing.
    pub const NOTHING: Self = Self { profile: false, email: false, phone: false };
    /// Everything.
    pub const ALL: Self = Self { profile: true, email: true, phone: true };
}

/// A word on one scope: yes, no, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Yes,
    No,
    None,
}

/// What may be seen of a profile of whose contact points and records these are the statements; statements
/// of other purposes must not be among them, restrictions must.
pub fn visible(
    basis: LegalBasis,
    contradiction: Contradiction,
    statements: &[Statement],
    now: i64,
) -> Visible {
    let status = |statement: &Statement| statement.status_at(now);
    if basis == LegalBasis::LegalObligation {
        return Visible::ALL;
    }
    let is_restricted = statements.iter().any(|said| status(said) == ConsentStatus::Restricted);
    let has_objected = statements.iter().any(|said| status(said) == ConsentStatus::Objected);
    if is_restricted || (knows_objection(basis) && has_objected) {
        return Visible::NOTHING;
    }
    if !knows_objection(basis) {
        return Visible::ALL;
    }
    let person = word(contradiction, statements, ConsentScope::Record, now);
    let [email, phone] =
        [ConsentScope::Email, ConsentScope::Phone].map(|scope| word(contradiction, statements, scope, now));
    if person == Word::No {
        return Visible::NOTHING;
    }
    if basis == LegalBasis::Consent {
        let reached = |word| word == Word::Yes || (person == Word::Yes && word == Word::None);
        let (email, phone) = (reached(email), reached(phone));
        return Visible { profile: person == Word::Yes || email || phone, email, phone };
    }
    let (email, phone) = (email != Word::No, phone != Word::No);
    Visible { profile: email || phone, email, phone }
}

/// Whether someone may object to what rests on that basis, or take it back.
pub fn knows_objection(basis: LegalBasis) -> bool {
    matches!(basis, LegalBasis::Consent | LegalBasis::PublicTask | LegalBasis::LegitimateInterests)
}

impl Statement {
    /// What it says then: a consent of which the time is over has expired.
    pub fn status_at(&self, now: i64) -> ConsentStatus {
        match self.status {
            ConsentStatus::Given if self.expires_at.is_some_and(|end| end <= now) => ConsentStatus::Expired,
            status => status,
        }
    }
}

fn word(contradiction: Contradiction, statements: &[Statement], scope: ConsentScope, now: i64) -> Word {
    let said = statements.iter().filter(|said| said.scope == scope);
    let said = said.filter_map(|said| match said.status_at(now) {
        ConsentStatus::Given => Some((said.occurred_at, Word::Yes)),
        ConsentStatus::Restricted | ConsentStatus::Released => None,
        _ => Some((said.occurred_at, Word::No)),
    });
    let chosen = match (contradiction, scope) {
        // Of two words at one moment the no counts here too.
        (Contradiction::MostRecent, ConsentScope::Record) => {
            said.max_by_key(|(at, word)| (*at, *word == Word::No))
        }
        _ => said.max_by_key(|(_, word)| *word == Word::No),
    };
    chosen.map_or(Word::None, |(_, word)| word)
}

#[cfg(test)]
mod tests;
