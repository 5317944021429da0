//! Invented people: households, what they are called, where they live, how they are reached.

use chrono::{Datelike, Days, NaiveDate};

use crate::chance::{Chance, scramble};
use crate::contact::{Addresses, Landlines, mobile};
use crate::pools::{Gender, GivenName, Pools, Town};

/// The day everything is seen from: no date lies after it.
pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 6, 30).expect("a day of the calendar");

/// The first day on which a silo made an account.
pub(crate) const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2014, 1, 1).expect("a day of the calendar");

/// A living person, as they are and as they were.
#[derive(Clone)]
pub(crate) struct Person {
    pub id: String,
    pub gender: Gender,
    pub given_name: GivenName,
    pub second_given_name: &'static str,
    pub birth_name: String,
    /// Since when another name is used, and which.
    pub married_name: Option<(NaiveDate, String)>,
    pub birth_date: NaiveDate,
    /// Since when, in order; the first is never empty.
    pub homes: Vec<(NaiveDate, Home)>,
    /// The older first; empty for those who have none.
    pub emails: Vec<String>,
    /// The older first; empty for those who have none.
    pub mobiles: Vec<String>,
    pub landline: Option<String>,
    pub switchboard: Option<String>,
    pub job: &'static str,
}

/// A postal address.
#[derive(Clone)]
pub(crate) struct Home {
    pub street: String,
    pub town: Town,
}

/// A company.
pub(crate) struct Organisation {
    pub id: String,
    pub name: String,
    pub legal_form: &'static str,
    pub siren: String,
    pub home: Home,
    pub switchboard: String,
}

impl Person {
    /// The family name in use on a day.
    pub fn family_name_on(&self, day: NaiveDate) -> &str {
        match &self.married_name {
            Some((since, name)) if *since <= day => name,
            _ => &self.birth_name,
        }
    }

    /// The name that is not in use on a day, of those who bear two.
    pub fn other_family_name_on(&self, day: NaiveDate) -> Option<&str> {
        self.married_name
            .as_ref()
            .map(|(since, name)| if *since <= day { &self.birth_name } else { name }.as_str())
    }

    /// Where they live on a day.
    pub fn home_on(&self, day: NaiveDate) -> &Home {
        let position = self.homes.iter().rposition(|(since, _)| *since <= day).unwrap_or(0);
        &self.homes[position].1
    }
}

/// Makes people, household by household.
pub(crate) struct Population {
    pools: Pools,
    chance: Chance,
    made: u64,
    landlines: Landlines,
    organisations: u64,
    addresses: Addresses,
    /// Of the companies made last: some people work there.
    switchboards: Vec<String>,
}

impl Population {
    /// The population of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            pools: Pools::new(),
            chance: Chance::new(seed),
            made: 0,
            landlines: Landlines::default(),
            organisations: 0,
            addresses: Addresses::new(),
            switchboards: Vec::new(),
        }
    }

    /// The word lists.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }

    /// The next household: people of one address, most of one name.
    pub fn household(&mut self) -> Vec<Person> {
        let home = self.home();
        let age_of_head = self.chance.between(18, 92);
        let kind = self.chance.position(&[0.40, 0.31, 0.23]);
        let first_gender = self.gender();
        let family_name = self.pools.family_name(&mut self.chance);
        let head_birth = self.born_about(age_of_head);
        let head = self.person(first_gender, family_name, head_birth, &home);
        let mut people = vec![head];
        match kind {
            0 => {}
            1 => self.add_partner(&mut people),
            2 => {
                self.add_partner(&mut people);
                self.add_children(&mut people);
            }
            _ => self.add_flatmates(&mut people),
        }
        let shared_landline = self.chance.happens(0.45).then(|| self.landlines.next(home.town.postal_code));
        let move_day = self.chance.happens(0.3).then(|| self.day_within_years(9));
        let new_home = self.home();
        for person in &mut people {
            if person.landline.is_none() {
                person.landline.clone_from(&shared_landline);
            }
            // One who has already left home does not move with the others.
            if let Some(day) = move_day.filter(|_| person.homes.len() == 1) {
                person.homes.push((day, new_home.clone()));
            }
            if self.chance.happens(0.08) {
                let (day, own) = (self.day_within_years(6), self.home());
                person.homes.retain(|(since, _)| *since < day);
                person.homes.push((day, own));
            }
        }
        people
    }

    /// The next company.
    pub fn organisation(&mut self) -> Organisation {
        self.organisations += 1;
        let home = self.home();
        let word = self.pools.word("company", &mut self.chance);
        let name = if self.chance.happens(0.5) {
            format!("{word} {}", self.pools.family_name(&mut self.chance))
        } else {
            format!("{word} {}", self.pools.word("trade", &mut self.chance))
        };
        let switchboard = self.landlines.next(home.town.postal_code);
        if self.switchboards.len() < 50 {
            self.switchboards.push(switchboard.clone());
        } else {
            let replaced = self.chance.below(self.switchboards.len());
            self.switchboards[replaced].clone_from(&switchboard);
        }
        Organisation {
            id: format!("O{:08}", scramble(self.organisations, 100_000_000)),
            name,
            legal_form: self.pools.word("legal", &mut self.chance),
            siren: siren(&mut self.chance),
            home,
            switchboard,
        }
    }

    fn person(&mut self, gender: Gender, birth_name: String, birth_date: NaiveDate, home: &Home) -> Person {
        self.made += 1;
        let year = birth_date.year();
        let given_name = self.pools.given_name(gender, year, &mut self.chance).clone();
        let second_given_name = self.pools.given_name(gender, year - 25, &mut self.chance).name;
        let age = TODAY.year() - year;
        let mut person = Person {
            // Scrambled, so that neighbouring ids do not tell who lives together.
            id: format!("P{:08}", scramble(self.made, 100_000_000)),
            gender,
            given_name,
            second_given_name,
            birth_name,
            married_name: None,
            birth_date,
            homes: vec![(NaiveDate::MIN, home.clone())],
            emails: Vec::new(),
            mobiles: Vec::new(),
            landline: None,
            switchboard: None,
            job: self.pools.word("job", &mut self.chance),
        };
        if !self.chance.happens(if age > 75 { 0.4 } else { 0.03 }) {
            self.add_email(&mut person);
            if self.chance.happens(0.3) {
                self.add_email(&mut person);
            }
        }
        if !self.chance.happens(if age > 75 { 0.35 } else { 0.04 }) {
            person.mobiles.push(mobile(self.made * 2));
            if self.chance.happens(0.2) {
                person.mobiles.push(mobile(self.made * 2 + 1));
            }
        }
        if !self.switchboards.is_empty() && self.chance.happens(0.06) {
            person.switchboard = Some(self.switchboards[self.chance.below(self.switchboards.len())].clone());
        }
        person
    }

    fn add_email(&mut self, person: &mut Person) {
        let provider = self.pools.word("provider", &mut self.chance);
        let email = self.addresses.make(person, provider, &mut self.chance);
        person.emails.push(email);
    }

    fn add_partner(&mut self, people: &mut Vec<Person>) {
        let head = &people[0];
        let same_gender = self.chance.happens(0.03);
        let gender = match (head.gender, same_gender) {
            (Gender::Female, false) | (Gender::Male, true) => Gender::Male,
            _ => Gender::Female,
        };
        let age = i64::from(TODAY.year() - head.birth_date.year()) + self.chance.between(-6, 5);
        let (home, family_name) = (head.homes[0].1.clone(), self.pools.family_name(&mut self.chance));
        let birth_date = self.born_about(age.max(18));
        let mut partner = self.person(gender, family_name, birth_date, &home);
        let adult_since = partner.birth_date.max(people[0].birth_date) + Days::new(19 * 365);
        let years_of_marriage = self.chance.between(0, 40) as u64;
        let day = adult_since.max(TODAY - Days::new(years_of_marriage * 365));
        if self.chance.happens(0.7) && day < TODAY {
            // Mostly she takes his name; some join both; a few men take hers.
            let (giver, taker) = if people[0].gender == Gender::Male || self.chance.happens(0.04) {
                (&people[0], &mut partner)
            } else {
                (&partner, &mut people[0])
            };
            let (given, kept) = (giver.birth_name.clone(), taker.birth_name.clone());
            taker.married_name = match self.chance.position(&[0.66, 0.12]) {
                0 => Some((day, given)),
                1 if !kept.contains('-') && !given.contains('-') => Some((day, format!("{kept}-{given}"))),
                _ => None,
            };
        }
        if self.chance.happens(0.1) {
            partner.emails.clone_from(&people[0].emails);
        }
        if self.chance.happens(0.04) {
            partner.mobiles.clone_from(&people[0].mobiles);
        }
        people.push(partner);
    }

    fn add_children(&mut self, people: &mut Vec<Person>) {
        let youngest_parent = people[0].birth_date.max(people[1].birth_date);
        let father = usize::from(people[1].gender == Gender::Male);
        let (home, family_name) = (people[0].homes[0].1.clone(), people[father].birth_name.clone());
        let mut previous: Option<NaiveDate> = None;
        for _ in 0..self.chance.between(1, 3) {
            let twin_of = previous.filter(|_| self.chance.happens(0.05));
            let age_of_parent = self.chance.between(19 * 365, 36 * 365) as u64;
            let birth_date = twin_of.unwrap_or(youngest_parent + Days::new(age_of_parent));
            // Younger ones have no accounts.
            if birth_date.year() > TODAY.year() - 16 {
                continue;
            }
            previous = Some(birth_date);
            let gender = self.gender();
            let mut child = self.person(gender, family_name.clone(), birth_date, &home);
            let namesake = people[..2].iter().find(|parent| parent.gender == gender);
            if let Some(parent) = namesake.filter(|_| self.chance.happens(0.05)) {
                child.given_name = parent.given_name.clone();
            }
            let grown_up = birth_date + Days::new(18 * 365);
            if grown_up < TODAY && self.chance.happens(0.6) {
                let left = grown_up + Days::new(self.chance.between(0, 3000) as u64);
                let own = self.home();
                child.homes.push((left.min(TODAY), own));
                child.landline = Some(self.landlines.next(child.homes[1].1.town.postal_code));
            }
            people.push(child);
        }
    }

    fn add_flatmates(&mut self, people: &mut Vec<Person>) {
        let age = i64::from(TODAY.year() - people[0].birth_date.year());
        let home = people[0].homes[0].1.clone();
        for _ in 0..self.chance.between(1, 3) {
            let (gender, family_name) = (self.gender(), self.pools.family_name(&mut self.chance));
            let younger_by = self.chance.between(0, 3);
            let birth_date = self.born_about(age + younger_by);
            let flatmate = self.person(gender, family_name, birth_date, &home);
            people.push(flatmate);
        }
    }

    fn home(&mut self) -> Home {
        let number = 1 + self.chance.below(140).min(self.chance.below(140));
        let suffix = self.chance.pick(&["", "", "", "", "", "", "", " bis", " ter"]);
        let way = self.chance.pick(&self.pools.ways);
        let name = self.chance.pick(&self.pools.street_names);
        Home { street: format!("{number}{suffix} {way} {name}"), town: self.pools.town(&mut self.chance) }
    }

    fn gender(&mut self) -> Gender {
        if self.chance.happens(0.52) { Gender::Female } else { Gender::Male }
    }

    fn born_about(&mut self, age: i64) -> NaiveDate {
        TODAY - Days::new((age * 365 + self.chance.between(0, 364)) as u64)
    }

    fn day_within_years(&mut self, years: i64) -> NaiveDate {
        TODAY - Days::new(self.chance.between(1, years * 365) as u64)
    }
}

/// Nine digits whose Luhn sum is a multiple of ten.
fn siren(chance: &mut Chance) -> String {
    let digits: Vec<u32> = (0..8).map(|place| chance.between(i64::from(place == 0), 9) as u32).collect();
    let sum: u32 = digits
        .iter()
        .enumerate()
        // From the right the check digit is first, so odd positions here are doubled.
        .map(|(place, digit)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
        .sum();
    let number: String = digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
    format!("{number}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests;
