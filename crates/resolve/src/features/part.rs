//! Records that one thread takes: raw values become codes.

use std::borrow::Cow;

use vermeil_model::RecordId;
use vermeil_model::schema::Normaliser;
use zeroize::Zeroize;

use super::MISSING;
use super::interner::{FETCHED_AT_ONCE, Interner, Values};
use super::recent::{Recent, Short};
use crate::names::{Naming, latin};
use crate::normalise::{self, Country, person};
use crate::plan::{FULL_NAME, FieldIndex, MatchPlan, NameColumns, PlannedField};

/// Takes records in any order. Parts can be filled at the same time, and make one store together:
/// [`FeatureStore::join`](super::FeatureStore::join).
pub struct FeatureStorePart<'a> {
    plan: &'a MatchPlan,
    names: Option<NameColumns>,
    country: Option<FieldIndex>,
    pub(super) records: Vec<PushedRecord>,
    /// Row after row, one code a field.
    pub(super) rows: Vec<u32>,
    pub(super) dictionaries: Vec<Interner>,
    /// By field.
    recent: Vec<Recent>,
    waiting: Waiting,
}

/// A record whose values are in a row of codes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PushedRecord {
    pub(super) id: RecordId,
    pub(super) source: u32,
    pub(super) row: u32,
}

/// Normalised values of one field that have no code yet.
#[derive(Default)]
struct Waiting {
    values: Values,
    /// Where the code of each goes among the rows, and the raw value where it is worth remembering.
    places: Vec<(usize, Option<Short>)>,
}

impl<'a> FeatureStorePart<'a> {
    /// No records for a plan.
    pub fn new(plan: &'a MatchPlan) -> Self {
        Self {
            plan,
            names: plan.name_columns(),
            country: plan.country_column(),
            records: Vec::new(),
            rows: Vec::new(),
            dictionaries: (0..plan.dictionaries()).map(|_| Interner::default()).collect(),
            recent: plan.fields().iter().map(|_| Recent::default()).collect(),
            waiting: Waiting::default(),
        }
    }

    /// No records for a plan, of which so few will come that remembering their values does not pay.
    pub fn for_few(plan: &'a MatchPlan) -> Self {
        Self { recent: plan.fields().iter().map(|_| Recent::of_nothing()).collect(), ..Self::new(plan) }
    }

    /// Adds records with their sources, some thousands at once best.
    ///
    /// `value` gives the raw value of a field of a record, by the record's place in `records`. Values
    /// are normalised here. A whole name fills given and family name where both are missing, and
    /// is put together from them where it is missing itself.
    pub fn push<'v>(
        &mut self,
        records: &[(RecordId, u32)],
        value: impl Fn(usize, FieldIndex) -> Option<Cow<'v, str>>,
    ) {
        let first = self.rows.len();
        self.rows.resize(first + records.len() * self.plan.fields().len(), MISSING);
        for place in 0..self.plan.fields().len() {
            self.push_field(FieldIndex(place), first, &value);
        }
        if let Some(names) = self.names {
            self.complete_first_names(names, first);
            self.make_whole_names(names, first);
            self.part_whole_names(names, first, |record| value(record, names.full));
        }
        // Too many are refused when all have come.
        let rows = (self.records.len() as u32)..;
        let records = records.iter().zip(rows);
        self.records.extend(records.map(|((id, source), row)| PushedRecord {
            id: *id,
            source: *source,
            row,
        }));
    }

    /// Codes one field of the records whose rows start at `first`.
    fn push_field<'v>(
        &mut self,
        field: FieldIndex,
        first: usize,
        value: impl Fn(usize, FieldIndex) -> Option<Cow<'v, str>>,
    ) {
        let planned = self.plan.field(field);
        let country_column =
            self.country.filter(|_| matches!(planned.normaliser, Normaliser::Phone | Normaliser::PostalCode));
        for (record, row) in self.rows_from(first).enumerate() {
            let Some(raw) = value(record, field) else { continue };
            let hint = country_column.and_then(|column| value(record, column));
            let country = hint.map_or(Country::Unknown, |hint| Country::from_hint(&hint));
            let short = Short::new(&raw, country);
            if let Some(code) = short.and_then(|short| self.recent[field.0].find(short)) {
                self.rows[row + field.0] = code;
                continue;
            }
            match normalise::normalise(planned.normaliser, country, &in_latin(planned, &raw)) {
                Some(normal) => {
                    self.waiting.values.push(&normal);
                    self.waiting.places.push((row + field.0, short));
                }
                None => short.into_iter().for_each(|short| self.recent[field.0].insert(short, MISSING)),
            }
        }
        self.code_waiting(field);
    }

    /// Gives the values that wait for it their codes, which are of a field.
    fn code_waiting(&mut self, field: FieldIndex) {
        let Waiting { values, places } = &mut self.waiting;
        let codes = self.dictionaries[self.plan.field(field).dictionary.0].codes(values.iter());
        for (code, (place, short)) in codes.into_iter().zip(places.drain(..)) {
            self.rows[place] = code;
            if let Some(short) = short {
                self.recent[field.0].insert(short, code);
            }
        }
        values.clear();
    }

    /// A whole name may know first names that its parts do not: `mary anne fussell` beside `mary`
    /// and `fussell`.
    fn complete_first_names(&mut self, names: NameColumns, first: usize) {
        for row in self.rows_from(first) {
            let (Some(whole), Some(given), Some(family)) =
                (self.text(row, names.full), self.text(row, names.given), self.text(row, names.family))
            else {
                continue;
            };
            let firsts = whole.strip_suffix(family).and_then(|firsts| firsts.strip_suffix(' '));
            if let Some(firsts) =
                firsts.filter(|firsts| firsts.len() > given.len() && firsts.starts_with(given))
            {
                let firsts = firsts.to_owned();
                self.waiting.push(row, names.given, &firsts);
            }
        }
        self.code_waiting(names.given);
    }

    /// Puts whole names together from their parts, where only these are told.
    fn make_whole_names(&mut self, names: NameColumns, first: usize) {
        let mut whole = String::new();
        let rows: Vec<usize> = self
            .rows_from(first)
            .filter(|row| !self.has(*row, names.full))
            .filter(|row| self.has(*row, names.given) || self.has(*row, names.family))
            .collect();
        for rows in rows.chunks(FETCHED_AT_ONCE) {
            for field in [names.given, names.family] {
                let codes = rows.iter().map(|row| self.rows[row + field.0]).filter(|code| *code != MISSING);
                self.dictionaries[self.plan.field(field).dictionary.0].fetch(codes);
            }
            for row in rows {
                whole.clear();
                for part in [names.given, names.family].iter().filter_map(|field| self.text(*row, *field)) {
                    if !whole.is_empty() {
                        whole.push(' ');
                    }
                    whole.push_str(part);
                }
                self.waiting.push(*row, names.full, &whole);
            }
        }
        whole.zeroize();
        self.code_waiting(names.full);
    }

    /// Parts whole names where their parts are not told.
    fn part_whole_names<'v>(
        &mut self,
        names: NameColumns,
        first: usize,
        whole: impl Fn(usize) -> Option<Cow<'v, str>>,
    ) {
        let mut given = Waiting::default();
        for (record, row) in self.rows_from(first).enumerate() {
            let has_part = self.has(row, names.given) || self.has(row, names.family);
            if has_part || !self.has(row, names.full) {
                continue;
            }
            let whole = whole(record).expect("a code was made from a raw value");
            let parts = person::parts(&in_latin(self.plan.field(names.full), &whole));
            let normal = |field, part: &str| {
                normalise::normalise(self.plan.field(field).normaliser, Country::Unknown, part)
            };
            if let Some(part) = normal(names.given, &parts.given) {
                given.push(row, names.given, &part);
            }
            if let Some(part) = normal(names.family, &parts.family) {
                self.waiting.push(row, names.family, &part);
            }
        }
        self.code_waiting(names.family);
        self.waiting = given;
        self.code_waiting(names.given);
    }

    /// Where rows start, from one of them on.
    fn rows_from(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        (first..self.rows.len()).step_by(self.plan.fields().len())
    }

    fn has(&self, row: usize, field: FieldIndex) -> bool {
        self.rows[row + field.0] != MISSING
    }

    fn text(&self, row: usize, field: FieldIndex) -> Option<&str> {
        match self.rows[row + field.0] {
            MISSING => None,
            code => Some(self.dictionaries[self.plan.field(field).dictionary.0].value(code)),
        }
    }
}

impl Waiting {
    fn push(&mut self, row: usize, field: FieldIndex, value: &str) {
        self.values.push(value);
        self.places.push((row + field.0, None));
    }
}

/// What is written in words, in Latin letters: only here, for matching. What is stored, and what is
/// found by a tag, keeps its script.
fn in_latin<'v>(field: &PlannedField, value: &'v str) -> Cow<'v, str> {
    match field.normaliser {
        Normaliser::PersonName if field.name == FULL_NAME => latin(value, Naming::WholeName),
        Normaliser::PersonName | Normaliser::OrganisationName | Normaliser::Text | Normaliser::Street => {
            latin(value, Naming::Other)
        }
        _ => Cow::Borrowed(value),
    }
}
