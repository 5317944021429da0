use std::collections::HashSet;

use super::*;

#[test]
fn every_siren_passes_the_luhn_check() {
    let mut chance = Chance::new(1);
    for _ in 0..500 {
        let number = siren(&mut chance);
        let sum: u32 = number
            .chars()
            .rev()
            .enumerate()
            .map(|(place, mark)| {
                let digit = mark.to_digit(10).unwrap() * (1 + place as u32 % 2);
                digit / 10 + digit % 10
            })
            .sum();
        assert!(number.len() == 9 && sum.is_multiple_of(10), "{number}");
    }
}

#[test]
fn lists_are_long_and_varied_enough() {
    let (pools, mut chance) = (Pools::new(), Chance::new(2));
    let distinct =
        |draw: &mut dyn FnMut() -> String| (0..20_000).map(|_| draw()).collect::<HashSet<_>>().len();
    assert!(distinct(&mut || pools.family_name(&mut chance)) > 2_000);
    assert!(distinct(&mut || pools.town(&mut chance).name.to_owned()) >= 150);
    let names: HashSet<&str> = [1940, 1960, 1980, 2005]
        .into_iter()
        .flat_map(|year| [(year, Gender::Female), (year, Gender::Male)])
        .flat_map(|(year, gender)| (0..2_000).map(move |_| (year, gender)))
        .map(|(year, gender)| pools.given_name(gender, year, &mut chance).name)
        .collect();
    assert!(names.len() >= 150, "{}", names.len());
}

#[test]
fn frequent_family_names_recur_but_none_rules() {
    let (pools, mut chance) = (Pools::new(), Chance::new(3));
    let martins = (0..20_000).filter(|_| pools.family_name(&mut chance) == "Martin").count();
    assert!((150..600).contains(&martins), "{martins}");
}

#[test]
fn every_list_of_words_has_entries() {
    let (pools, mut chance) = (Pools::new(), Chance::new(4));
    for list in
        ["company", "trade", "legal", "provider", "job", "product", "agent", "subject", "text", "answer"]
    {
        assert!(!pools.word(list, &mut chance).is_empty(), "{list}");
    }
}

#[test]
fn no_two_strangers_get_one_address_or_number() {
    let mut population = Population::new(5);
    let (mut emails, mut mobiles, mut landlines) = (HashSet::new(), HashSet::new(), HashSet::new());
    for _ in 0..2_000 {
        let household = population.household();
        // Within a household they may be shared.
        let own: HashSet<&String> = household.iter().flat_map(|person| &person.emails).collect();
        assert!(own.into_iter().all(|email| emails.insert(email.clone())));
        let own: HashSet<&String> = household.iter().flat_map(|person| &person.mobiles).collect();
        assert!(own.into_iter().all(|mobile| mobiles.insert(mobile.clone())));
        let own: HashSet<&String> = household.iter().flat_map(|person| &person.landline).collect();
        assert!(own.into_iter().all(|landline| landlines.insert(landline.clone())));
    }
}

#[test]
fn families_bear_one_name_and_some_hold_twins_and_namesakes() {
    let mut population = Population::new(6);
    let (mut same_name, mut twins, mut namesakes, mut married) = (0, 0, 0, 0);
    for _ in 0..6_000 {
        let household = population.household();
        married += household.iter().filter(|person| person.married_name.is_some()).count();
        for (position, one) in household.iter().enumerate() {
            for other in &household[position + 1..] {
                let same = one.birth_name == other.birth_name;
                same_name += usize::from(same);
                twins += usize::from(same && one.birth_date == other.birth_date);
                namesakes += usize::from(same && one.given_name.name == other.given_name.name);
            }
        }
    }
    assert!(
        same_name > 1_000 && twins > 10 && namesakes > 20 && married > 1_000,
        "{same_name} {twins} {namesakes} {married}"
    );
}

#[test]
fn names_and_homes_are_those_of_the_day() {
    let mut population = Population::new(7);
    let person = (0..1_000)
        .flat_map(|_| population.household())
        .find(|person| person.homes.len() == 2 && person.married_name.is_some())
        .unwrap();
    let (wedding, married_name) = person.married_name.clone().unwrap();
    assert_eq!(person.family_name_on(wedding), married_name);
    assert_eq!(person.family_name_on(wedding - Days::new(1)), person.birth_name);
    assert_eq!(person.other_family_name_on(wedding), Some(person.birth_name.as_str()));
    let moved = person.homes[1].0;
    assert_eq!(person.home_on(moved).street, person.homes[1].1.street);
    assert_eq!(person.home_on(moved - Days::new(1)).street, person.homes[0].1.street);
}
