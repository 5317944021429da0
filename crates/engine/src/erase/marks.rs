//! Recognising whose a quarantined row is.

/// Digits of a phone number without the code of its country.
const NATIONAL: usize = 9;

/// What a row in quarantine, which could not be read, is recognised by.
pub(super) enum Mark {
    Text(String),
    Digits(String),
}

impl Mark {
    /// What a distinguishing value of a field is recognised by; `None` where it may be someone else's.
    pub(super) fn of(name: &str, value: &str) -> Option<Self> {
        // In the same household, say.
        if name == "name" || name == "street" {
            return None;
        }
        let is_number = value.chars().all(|c| c.is_ascii_digit() || " +.-/()".contains(c));
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        // With or without the code of its country.
        let tail = digits.len().checked_sub(NATIONAL).map(|start| digits[start..].to_owned());
        match (is_number, tail) {
            (true, Some(tail)) => Some(Self::Digits(tail)),
            _ => Some(Self::Text(value.to_lowercase())),
        }
    }

    /// Whether it stands in a row, given in lower case and as its digits.
    pub(super) fn is_in(&self, text: &str, digits: &str) -> bool {
        match self {
            Self::Text(own) => text.contains(own),
            Self::Digits(own) => digits.contains(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, row: &str, expected: bool) {
        let row = row.to_lowercase();
        let digits: String = row.chars().filter(char::is_ascii_digit).collect();
        let is_in = Mark::of(name, value).is_some_and(|mark| mark.is_in(&row, &digits));
        assert_eq!(is_in, expected, "{value} in {row}");
    }

    #[test]
    fn an_address_is_recognised_in_any_case_and_a_number_in_any_form() {
        check("email", "zoe@courrier.example", "7;ZOE@Courrier.example;x", true);
        check("mobile", "+33612345678", "7;06 12.34-56 78;x", true);
        check("mobile", "06 12 34 56 78", "{\"tel\":\"0033612345678\"}", true);
        check("mobile", "+33612345678", "7;06 12 34 56 79;x", false);
    }

    #[test]
    fn what_a_household_shares_names_nobody() {
        check("name", "Zoé Abriquel", "7;Zoé Abriquel;x", false);
        check("street", "14 impasse des Fribouillettes", "14 impasse des Fribouillettes", false);
    }
}
