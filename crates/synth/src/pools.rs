//! The words that people, places and purchases are made of; see `data/`.

use crate::chance::{Chance, Zipf};

/// Gender, as given names and titles know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    Female,
    Male,
}

/// A given name and what friends make of it.
#[derive(Clone)]
pub(crate) struct GivenName {
    pub name: &'static str,
    pub diminutives: Vec<&'static str>,
}

/// A postal code and its town.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Town {
    pub postal_code: &'static str,
    pub name: &'static str,
}

/// Every word list, parsed once.
pub(crate) struct Pools {
    family_names: Vec<String>,
    family_ranks: Zipf,
    stems: Vec<&'static str>,
    endings: Vec<&'static str>,
    /// By gender, then by generation.
    given_names: [[Vec<GivenName>; 4]; 2],
    given_ranks: Zipf,
    towns: Vec<Town>,
    town_ranks: Zipf,
    pub ways: Vec<&'static str>,
    pub street_names: Vec<&'static str>,
    trade: Vec<(&'static str, Vec<&'static str>)>,
}

/// The share of family names that come from the list; the others are composed.
///
/// In France the 400 most frequent names cover about a sixth of the people.
/// More here, so that a small run has namesakes too.
const LISTED_FAMILY_NAMES: f64 = 0.55;

impl Pools {
    /// Parses the lists.
    pub fn new() -> Self {
        let family_names: Vec<String> = lines(include_str!("../data/family_names.txt"))
            .flat_map(str::split_whitespace)
            .map(|name| name.replace('_', " "))
            .collect();
        let parts: Vec<(&str, Vec<&str>)> =
            named(include_str!("../data/family_name_parts.txt"), char::is_whitespace);
        let streets = named(include_str!("../data/streets.txt"), |mark| mark == '|');
        let towns: Vec<Town> = lines(include_str!("../data/towns.txt"))
            .filter_map(|line| line.split_once(' '))
            .map(|(postal_code, name)| Town { postal_code, name })
            .collect();
        Self {
            family_ranks: Zipf::new(family_names.len(), 6.0),
            family_names,
            stems: list(&parts, "stem"),
            endings: list(&parts, "ending"),
            given_names: given_names(),
            given_ranks: Zipf::new(24, 4.0),
            town_ranks: Zipf::new(towns.len(), 8.0),
            towns,
            ways: list(&streets, "way"),
            street_names: list(&streets, "name"),
            trade: named(include_str!("../data/trade.txt"), |mark| mark == '|'),
        }
    }

    /// A family name: often a frequent one, else a composed one.
    pub fn family_name(&self, chance: &mut Chance) -> String {
        if chance.happens(LISTED_FAMILY_NAMES) {
            return self.family_names[self.family_ranks.draw(chance)].clone();
        }
        let composed = format!("{}{}", chance.pick(&self.stems), chance.pick(&self.endings));
        match chance.position(&[0.03, 0.02, 0.02]) {
            0 => format!("Le {composed}"),
            1 => format!("de {composed}"),
            2 => format!("{composed}-{}", self.family_names[self.family_ranks.draw(chance)]),
            _ => composed,
        }
    }

    /// A given name of someone born in `year`.
    pub fn given_name(&self, gender: Gender, year: i32, chance: &mut Chance) -> &GivenName {
        let generation = match year {
            ..1955 => 0,
            1955..1975 => 1,
            1975..1995 => 2,
            _ => 3,
        };
        // Fashions overlap: a few are named like the generation before.
        let generation = if chance.happens(0.12) { generation.max(1) - 1 } else { generation };
        let names = &self.given_names[gender as usize][generation];
        &names[self.given_ranks.draw(chance) % names.len()]
    }

    /// A town, large ones more often.
    pub fn town(&self, chance: &mut Chance) -> Town {
        self.towns[self.town_ranks.draw(chance)]
    }

    /// One entry of a list of `data/trade.txt`.
    pub fn word(&self, list_name: &str, chance: &mut Chance) -> &'static str {
        let (_, words) = self
            .trade
            .iter()
            .find(|(name, _)| *name == list_name)
            .expect("lists are named by literals, and a test draws from each");
        chance.pick(words.as_slice())
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Lists with their names: the first word of a line names it, the rest is parted at `mark`.
fn named(text: &'static str, mark: impl Fn(char) -> bool) -> Vec<(&'static str, Vec<&'static str>)> {
    lines(text)
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name, rest.split(&mark).collect()))
        .collect()
}

fn list(lists: &[(&'static str, Vec<&'static str>)], wanted: &str) -> Vec<&'static str> {
    lists.iter().filter(|(name, _)| *name == wanted).flat_map(|(_, words)| words.iter().copied()).collect()
}

fn given_names() -> [[Vec<GivenName>; 4]; 2] {
    let mut all: [[Vec<GivenName>; 4]; 2] = Default::default();
    for line in lines(include_str!("../data/given_names.txt")) {
        let mut words = line.split(' ');
        let gender = if words.next() == Some("f") { Gender::Female } else { Gender::Male };
        let generation: usize = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
        all[gender as usize][generation - 1] = words
            .map(|word| {
                let mut names = word.split('/');
                GivenName { name: names.next().unwrap_or_default(), diminutives: names.collect() }
            })
            .collect();
    }
    all
}
