//! How the fields of a row are made of its columns.

use std::borrow::Cow;

use super::{Because, ColumnSample, Meaning, headers};
use crate::normalise::{address, date};

/// Of texts in a column that holds whole addresses, so many have a postal code at least.
const LEAST_WITH_CODE: f64 = 0.05;
pub(super) const FULL_NAME: &str = "full_name";
const STREET: &str = "street";
const POSTAL_CODE: &str = "postal_code";
const CITY: &str = "city";

/// How a field's value is made of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// All of them, a blank between.
    ByBlanks,
    /// Year, month and day.
    AsDate,
    /// The first that has a value, which writes months before days.
    MonthFirst,
    /// The first that has a value.
    FirstWithValue,
}

/// A field and the columns it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// The field, in the schema of the mapping.
    pub field: String,
    /// Places of the columns.
    pub columns: Vec<usize>,
    /// How they make a value.
    pub joined: Joined,
    /// Places of columns with whole addresses, which stand in where those have no value.
    pub whole_addresses: Vec<usize>,
    /// Places of columns with whole names, which stand in for rows without any other name.
    pub spare_names: Vec<usize>,
    /// Places of the columns that hold other names.
    pub names: Vec<usize>,
}

impl MappedField {
    pub(super) fn new(field: &str, columns: Vec<usize>, joined: Joined) -> Self {
        Self {
            field: field.to_owned(),
            columns,
            joined,
            whole_addresses: Vec::new(),
            spare_names: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The field's value in a row; `None` where no column has one.
    pub fn value<'v>(&self, cell: impl Fn(usize) -> &'v str) -> Option<Cow<'v, str>> {
        let own = self.own_value(&cell);
        if own.is_none() && !self.spare_names.is_empty() {
            let is_named = self.names.iter().any(|column| !cell(*column).trim().is_empty());
            let mut spare = self.spare_names.iter().map(|column| cell(*column).trim());
            return spare.find(|name| !name.is_empty() && !is_named).map(Into::into);
        }
        if self.whole_addresses.is_empty() {
            return own;
        }
        match own {
            // A line that says where the street is, too.
            Some(street) if self.field == STREET && street.contains(',') => {
                Some(address::parts(&street).street.map_or(street.clone().into_owned(), str::to_owned).into())
            }
            Some(value) => Some(value),
            None => self.whole_addresses.iter().find_map(|column| {
                let parts = address::parts(cell(*column));
                let part = match self.field.as_str() {
                    STREET => parts.street,
                    POSTAL_CODE => parts.postal_code,
                    _ => parts.city,
                };
                part.map(Into::into)
            }),
        }
    }

    fn own_value<'v>(&self, cell: impl Fn(usize) -> &'v str) -> Option<Cow<'v, str>> {
        let mut present =
            self.columns.iter().map(|column| cell(*column).trim()).filter(|cell| !cell.is_empty());
        match self.joined {
            Joined::FirstWithValue => present.next().map(Into::into),
            Joined::MonthFirst => {
                let written = present.next()?;
                Some(date::with_day_second(written).map_or(written.into(), Into::into))
            }
            Joined::ByBlanks => {
                let first = present.next()?;
                let mut rest = present.peekable();
                if rest.peek().is_none() {
                    return Some(first.into());
                }
                Some(rest.fold(first.to_owned(), |joined, cell| joined + " " + cell).into())
            }
            Joined::AsDate => {
                let number = |place: usize| {
                    self.columns.get(place).and_then(|column| cell(*column).trim().parse::<u32>().ok())
                };
                let year = number(0)?;
                let (month, day) = (number(1).unwrap_or(1), number(2).unwrap_or(1));
                Some(format!("{year:04}-{month:02}-{day:02}").into())
            }
        }
    }
}

/// Lets columns with whole addresses stand in for the parts of addresses.
pub(super) fn part_addresses(
    mapped: &mut Vec<MappedField>,
    judged: &[(Meaning, Because)],
    samples: &[ColumnSample],
) {
    let of = |wanted: Meaning| (0..judged.len()).filter(move |&place| judged[place].0 == wanted);
    // Street lines, too, in which the rest of the address stands.
    let holds_codes = |place: &usize| {
        let written = samples[*place].values.iter().filter(|value| !value.is_empty());
        let with_code = written.clone().filter(|value| address::parts(value).postal_code.is_some()).count();
        with_code as f64 >= LEAST_WITH_CODE * written.count() as f64 && with_code > 0
    };
    let whole: Vec<usize> =
        of(Meaning::WholeAddress).chain(of(Meaning::Street).filter(holds_codes)).collect();
    if whole.is_empty() {
        return;
    }
    for name in [STREET, POSTAL_CODE, CITY] {
        let is_known = mapped.iter().any(|field| field.field == name);
        if !is_known && (name == STREET || whole.iter().any(holds_codes)) {
            mapped.push(MappedField::new(name, Vec::new(), Joined::FirstWithValue));
        }
        if let Some(field) = mapped.iter_mut().find(|field| field.field == name) {
            field.whole_addresses.clone_from(&whole);
        }
    }
}

/// Lets whole names that are not looked at, because other columns hold names, stand in for rows that have
/// none there: names in another script, for one.
pub(super) fn spare_names(
    mapped: &mut Vec<MappedField>,
    judged: &[(Meaning, Because)],
    samples: &[ColumnSample],
) {
    let is_spare = |&place: &usize| {
        judged[place] == (Meaning::Ignored, Because::OtherColumns)
            && headers::meaning_of(samples[place].name) == Some(Meaning::FullName)
    };
    let spare: Vec<usize> = (0..judged.len()).filter(is_spare).collect();
    if spare.is_empty() {
        return;
    }
    let is_name = |field: &&MappedField| {
        matches!(field.field.as_str(), "given_name" | "family_name" | FULL_NAME | "organisation_name")
    };
    let names = mapped.iter().filter(is_name).flat_map(|field| field.columns.clone()).collect();
    if !mapped.iter().any(|field| field.field == FULL_NAME) {
        mapped.push(MappedField::new(FULL_NAME, Vec::new(), Joined::FirstWithValue));
    }
    if let Some(field) = mapped.iter_mut().find(|field| field.field == FULL_NAME) {
        (field.spare_names, field.names) = (spare, names);
    }
}
