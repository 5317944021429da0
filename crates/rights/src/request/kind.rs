//! What can be asked for, how far it can come, and on what it can be refused.

use serde::{Deserialize, Serialize};

/// An enumeration whose members have one name each, in every language and store.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$member_doc])* #[serde(rename = $text)] $member,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$(Self::$member,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $text,)*
                }
            }

            /// The one of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.as_str() == name)
            }
        }
    };
}

named! {
    /// What is asked for.
    RequestKind {
        /// To learn what is kept, why, since when, from whom, and who got it (GDPR Art. 15).
        Access = "access",
        /// That what is wrong is set right (Art. 16).
        Rectification = "rectification",
        /// To be forgotten (Art. 17).
        Erasure = "erasure",
        /// That nothing is done with it but keep it (Art. 18).
        Restriction = "restriction",
        /// To get what one provided in a form that others can read (Art. 20).
        Portability = "portability",
        /// That it is not used for marketing any more (Art. 21).
        Objection = "objection",
    }
}

named! {
    /// How far a request has come.
    RequestState {
        /// It is not sure whose it is. Whether anyone is known is told to nobody.
        IdentityUnverified = "identity_unverified",
        /// It is to be decided, or carried out.
        Pending = "pending",
        /// Another account approved the erasure.
        Approved = "approved",
        /// Begun.
        InProgress = "in_progress",
        /// Answered: the person is invisible to everything but storage and legal claims until that ends.
        Restricted = "restricted",
        /// Answered.
        Completed = "completed",
        /// Answered by a refusal.
        Refused = "refused",
        /// Called back, or outlived by an erasure.
        Cancelled = "cancelled",
        /// The same person asked for the same before.
        Duplicate = "duplicate",
    }
}

named! {
    /// How it was made sure who asks.
    IdentityMethod {
        /// They asked in a session that they had logged in to: nothing more may be asked for.
        Session = "session",
        /// They returned a code that was sent to a contact point that is on record.
        Code = "code",
        /// They came in person.
        InPerson = "in-person",
        /// They showed a document, which is not kept.
        Document = "document",
        /// They knew what only they would.
        Knowledge = "knowledge",
        /// Someone acts for them, and showed that they may.
        Mandate = "mandate",
    }
}

named! {
    /// What a request can be refused on.
    Ground {
        /// They did not prove who they are (Art. 11(2), 12(2)).
        Identity = "identity",
        /// Manifestly unfounded (Art. 12(5)).
        Unfounded = "unfounded",
        /// Excessive, for it is repeated, say (Art. 12(5)).
        Excessive = "excessive",
        /// It would harm the rights of others (Art. 15(4), 20(4)).
        RightsOfOthers = "rights-of-others",
        /// The law says that it must be kept (Art. 17(3)(b)).
        LegalObligation = "legal-obligation",
        /// It is needed for legal claims (Art. 17(3)(e)).
        LegalClaims = "legal-claims",
        /// None of the grounds of the article holds (Art. 17(1), 18(1), 20(1)).
        NotApplicable = "not-applicable",
        /// What is kept is right (Art. 16).
        Accurate = "accurate",
    }
}

impl RequestState {
    /// Where nothing was begun yet.
    pub const UNDECIDED: [RequestState; 3] = [Self::IdentityUnverified, Self::Pending, Self::Approved];

    /// Whether an answer is still due.
    pub fn is_open(self) -> bool {
        Self::UNDECIDED.contains(&self) || self == Self::InProgress
    }

    /// Whether nothing follows any more.
    pub fn is_final(self) -> bool {
        !self.is_open() && self != Self::Restricted
    }
}

impl Ground {
    /// Whether it is about who asks and how, not about what is asked for.
    pub fn is_about_the_request(self) -> bool {
        matches!(self, Self::Identity | Self::Unfounded | Self::Excessive)
    }
}
