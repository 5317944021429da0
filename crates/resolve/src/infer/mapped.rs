//! How the fields of a row are made of its columns.

use std::borrow::Cow;

use super::{Because, ColumnSample, Meaning, headers};
use crate::normalise::{address, date};

/// Of texts in a column that holds whole addresses, so many have a postal code at least.
const LEAST_WITH_CODE: f64 = 0.05;
pub(super) const FULL_NAME: &str = "full_name";

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
    /// What counts where those have no value.
    stand_in: StandIn,
}

/// Columns that stand in for others, by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
enum StandIn {
    None,
    /// That part of the first whole address that tells it.
    AddressPart(AddressPart, Vec<usize>),
    /// The first of `spare`, in rows where no other column holds a name.
    SpareName {
        spare: Vec<usize>,
        names: Vec<usize>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressPart {
    Street,
    PostalCode,
    City,
}

impl AddressPart {
    const ALL: [(&'static str, AddressPart); 3] =
        [("street", Self::Street), ("postal_code", Self::PostalCode), ("city", Self::City)];

    fn of(self, address: &str) -> Option<&str> {
        let parts = address::parts(address);
        match self {
            Self::Street => parts.street,
            Self::PostalCode => parts.postal_code,
            Self::City => parts.city,
        }
    }
}

impl MappedField {
    pub(super) fn new(field: &str, columns: Vec<usize>, joined: Joined) -> Self {
        Self { field: field.to_owned(), columns, joined, stand_in: StandIn::None }
    }

    /// Whether a column may have a part in its value.
    pub(super) fn uses(&self, column: usize) -> bool {
        let stand_ins = match &self.stand_in {
            StandIn::None => &[][..],
            StandIn::AddressPart(_, columns) | StandIn::SpareName { spare: columns, .. } => columns,
        };
        self.columns.contains(&column) || stand_ins.contains(&column)
    }

    /// The field's value in a row; `None` where no column has one.
    pub fn value<'v>(&self, cell: impl Fn(usize) -> &'v str) -> Option<Cow<'v, str>> {
        let own = self.own_value(&cell);
        match (&self.stand_in, own) {
            // A line that says where the street is, too.
            (StandIn::AddressPart(AddressPart::Street, _), Some(line)) if line.contains(',') => {
                let street = AddressPart::Street.of(&line).map(str::to_owned);
                Some(street.map_or(line, Into::into))
            }
            (StandIn::None, own) | (_, own @ Some(_)) => own,
            (StandIn::AddressPart(part, columns), None) => {
                columns.iter().find_map(|column| part.of(cell(*column))).map(Into::into)
            }
            (StandIn::SpareName { spare, names }, None) => {
                let is_named = names.iter().any(|column| !cell(*column).trim().is_empty());
                let mut spare = spare.iter().map(|column| cell(*column).trim());
                spare.find(|name| !name.is_empty() && !is_named).map(Into::into)
            }
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
    for (name, part) in AddressPart::ALL {
        let is_known = mapped.iter().any(|field| field.field == name);
        if !is_known && (part == AddressPart::Street || whole.iter().any(holds_codes)) {
            mapped.push(MappedField::new(name, Vec::new(), Joined::FirstWithValue));
        }
        if let Some(field) = mapped.iter_mut().find(|field| field.field == name) {
            field.stand_in = StandIn::AddressPart(part, whole.clone());
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
        field.stand_in = StandIn::SpareName { spare, names };
    }
}
