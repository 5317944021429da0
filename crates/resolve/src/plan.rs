//! What is compared and how pairs are found: a schema and a pipeline's `match`
//! section, resolved to columns of the feature store.

use vermeil_model::diagnostic::{Diagnose, Diagnostic, ErrorKind};
use vermeil_model::pipeline::Matching;
use vermeil_model::schema::{BlockingRule, Comparison, Field, KeyTransform, Normaliser, Schema};

/// The most comparisons a plan can hold: their levels are packed into 128 bits.
pub const MAX_COMPARISONS: usize = 32;

/// Phone numbers are one set: a mobile number in the phone column is still evidence.
const PHONE_FIELDS: [&str; 2] = ["phone", "mobile"];
/// What people who live together mostly share.
const HOME_FIELDS: [&str; 4] = ["family_name", "phone", "mobile", "street"];
/// Where it is, in wider and narrower terms.
const PLACE_FIELDS: [&str; 3] = ["postal_code", "city", "region"];
/// What people who work together share.
const FIRM_FIELDS: [&str; 3] = ["organisation_name", "registration_number", "vat_number"];
const GIVEN_NAME: &str = "given_name";
const FAMILY_NAME: &str = "family_name";
pub(crate) const FULL_NAME: &str = "full_name";
const BIRTH_DATE: &str = "birth_date";
const COUNTRY: &str = "country";

/// A column of the feature store: a field of the schema that matching reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIndex(pub(crate) usize);

impl FieldIndex {
    /// Its place in [`MatchPlan::fields`].
    pub fn place(self) -> usize {
        self.0
    }

    /// The code of this column in a record's row of codes.
    pub(crate) fn of(self, row: &[u32]) -> u32 {
        row[self.0]
    }
}

/// A dictionary of the feature store. Columns whose values are compared with
/// each other share one, so that equal codes are equal values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DictionaryIndex(pub(crate) usize);

/// A field that matching reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedField {
    /// The canonical name.
    pub name: String,
    /// How its values are normalised.
    pub normaliser: Normaliser,
    pub(crate) dictionary: DictionaryIndex,
}

/// One comparison: one summand of a pair's weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedComparison {
    /// The canonical name of its first field.
    pub field: String,
    /// How values are compared.
    pub comparison: Comparison,
    /// Where the values stand; the best pair of values counts.
    pub columns: Vec<FieldIndex>,
    /// Whom agreement speaks for.
    pub tells: Tells,
    /// The other name column, which two records may have exchanged for this one.
    pub exchanged_with: Option<FieldIndex>,
}

/// Whom agreement speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// One person.
    Person,
    /// One person, or people of one home who were born together: see
    /// [`crate::estimate::BORN_TOGETHER`].
    Birth,
    /// One organisation. Whoever has a name of their own is one of its people, and shares it with
    /// all others as people of one home do theirs.
    Firm,
    /// People of one home. Their family name, address and phone number agree together,
    /// so what these fields say together is limited: see [`crate::estimate::MatchModel::same_home`].
    Home,
    /// People of one home, by where it is. A postal code gives away the town, so of several such
    /// fields that agree only the one that says most counts, and so of those that do not.
    Place,
    /// One person, or people of one home who share a mailbox. An address that is alike but not
    /// equal is another writing of the name: it counts for no more than the name does not say.
    Mailbox,
}

impl PlannedComparison {
    /// Whether it compares names that persons are called by.
    pub(crate) fn is_of_persons_names(&self) -> bool {
        self.exchanged_with.is_some()
    }
}

impl Tells {
    /// Whether agreement speaks for one person rather than for one home.
    pub(crate) fn is_personal(self) -> bool {
        matches!(self, Tells::Person | Tells::Birth | Tells::Firm)
    }
}

/// One blocking rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRule {
    /// As written in the schema or the pipeline.
    pub rule: BlockingRule,
    /// In the order of the rule.
    pub keys: Vec<PlannedKey>,
    /// Comparisons that agreeing on this rule foretells; see [`crate::estimate`].
    pub foretold: Vec<usize>,
}

/// One key of a blocking rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedKey {
    /// Where the values stand; each gives a key of its own.
    pub columns: Vec<FieldIndex>,
    /// What of a value must agree.
    pub transform: KeyTransform,
}

/// What is compared, and how pairs are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchPlan {
    fields: Vec<PlannedField>,
    comparisons: Vec<PlannedComparison>,
    rules: Vec<PlannedRule>,
    dictionaries: usize,
}

/// The parts of a plan that a whole name and a country flow into.
#[derive(Clone, Copy)]
pub(crate) struct NameColumns {
    pub(crate) given: FieldIndex,
    pub(crate) family: FieldIndex,
    pub(crate) full: FieldIndex,
}

/// A schema and a pipeline's `match` section do not make a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// `match.comparisons` names something that is no field.
    #[error("`match.comparisons` names `{field}`, which is no field of `{schema}` (nearest: `{nearest}`)")]
    UnknownComparisonField {
        /// The schema's id.
        schema: String,
        /// The unknown field.
        field: String,
        /// The field's name nearest to it.
        nearest: String,
    },
    /// A blocking rule names something that is no field.
    #[error("blocking rule `{rule}` names `{field}`, which is no field of `{schema}` (nearest: `{nearest}`)")]
    UnknownBlockingField {
        /// The schema's id.
        schema: String,
        /// The rule as written.
        rule: String,
        /// The unknown field.
        field: String,
        /// The field's name nearest to it.
        nearest: String,
    },
    /// A part of a date or an address was asked of a field that is none.
    #[error(
        "blocking rule `{rule}` takes a part of `{field}` that only a field normalised as `{needed}` has"
    )]
    TransformDoesNotFit {
        /// The rule as written.
        rule: String,
        /// The field.
        field: String,
        /// The normaliser the transform needs.
        needed: &'static str,
    },
    /// No field is compared.
    #[error("`{schema}` compares no field, so no two records can be told to be one")]
    NothingCompared {
        /// The schema's id.
        schema: String,
    },
    /// No rule finds pairs.
    #[error("`{schema}` has no blocking rule, so no two records would ever be compared")]
    NoBlockingRule {
        /// The schema's id.
        schema: String,
    },
    /// More comparisons than a plan can hold.
    #[error("{count} fields are compared, but at most {MAX_COMPARISONS} can be")]
    TooManyComparisons {
        /// How many.
        count: usize,
    },
}

impl Diagnose for PlanError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::UnknownComparisonField { schema, field, nearest } => {
                Diagnostic::new("match-unknown-comparison-field")
                    .with("schema", schema)
                    .with("field", field)
                    .with("nearest", nearest)
            }
            Self::UnknownBlockingField { schema, rule, field, nearest } => {
                Diagnostic::new("match-unknown-blocking-field")
                    .with("schema", schema)
                    .with("rule", rule)
                    .with("field", field)
                    .with("nearest", nearest)
            }
            Self::TransformDoesNotFit { rule, field, needed } => {
                Diagnostic::new("match-transform-does-not-fit")
                    .with("rule", rule)
                    .with("field", field)
                    .with("needed", needed)
            }
            Self::NothingCompared { schema } => {
                Diagnostic::new("match-nothing-compared").with("schema", schema)
            }
            Self::NoBlockingRule { schema } => {
                Diagnostic::new("match-no-blocking-rule").with("schema", schema)
            }
            Self::TooManyComparisons { count } => Diagnostic::new("match-too-many-comparisons")
                .with("count", count)
                .with("limit", MAX_COMPARISONS),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl MatchPlan {
    /// Resolves a schema and what a pipeline says instead of it.
    ///
    /// # Errors
    /// [`PlanError`] names the field and the nearest valid one.
    pub fn new(schema: &Schema, matching: &Matching) -> Result<MatchPlan, PlanError> {
        if let Some(field) = matching.comparisons.keys().find(|name| schema.field(name).is_none()) {
            return Err(PlanError::UnknownComparisonField {
                schema: schema.id(),
                field: field.clone(),
                nearest: schema.nearest_field(field).unwrap_or_default().to_owned(),
            });
        }
        let mut plan =
            MatchPlan { fields: Vec::new(), comparisons: Vec::new(), rules: Vec::new(), dictionaries: 0 };
        for field in &schema.fields {
            let comparison = matching.comparisons.get(&field.name).copied().unwrap_or(field.comparison);
            if let Some(comparison) = comparison {
                plan.add_comparison(field, comparison, schema);
            }
        }
        match plan.comparisons.len() {
            0 => return Err(PlanError::NothingCompared { schema: schema.id() }),
            count @ MAX_COMPARISONS.. if count > MAX_COMPARISONS => {
                return Err(PlanError::TooManyComparisons { count });
            }
            _ => {}
        }
        plan.pair_names();
        // Read for what they tell about other fields, wherever the schema has them.
        for name in [FULL_NAME, COUNTRY] {
            if let Some(field) = schema.field(name) {
                plan.column(field);
            }
        }
        for rule in matching.blocking.as_ref().unwrap_or(&schema.blocking) {
            plan.add_rule(rule, schema)?;
        }
        if plan.rules.is_empty() {
            return Err(PlanError::NoBlockingRule { schema: schema.id() });
        }
        Ok(plan)
    }

    /// The fields that matching reads: what to hand to the feature store.
    pub fn fields(&self) -> &[PlannedField] {
        &self.fields
    }

    /// The column of a field; `None` where matching does not read it.
    pub fn field_index(&self, name: &str) -> Option<FieldIndex> {
        self.fields.iter().position(|field| field.name == name).map(FieldIndex)
    }

    /// The comparisons, in the order of the schema.
    pub fn comparisons(&self) -> &[PlannedComparison] {
        &self.comparisons
    }

    /// The blocking rules, each once.
    pub fn rules(&self) -> &[PlannedRule] {
        &self.rules
    }

    pub(crate) fn field(&self, index: FieldIndex) -> &PlannedField {
        &self.fields[index.0]
    }

    pub(crate) fn dictionaries(&self) -> usize {
        self.dictionaries
    }

    /// Where a whole name goes; `None` where the plan does not read all three columns.
    pub(crate) fn name_columns(&self) -> Option<NameColumns> {
        Some(NameColumns {
            given: self.field_index(GIVEN_NAME)?,
            family: self.field_index(FAMILY_NAME)?,
            full: self.field_index(FULL_NAME)?,
        })
    }

    pub(crate) fn country_column(&self) -> Option<FieldIndex> {
        self.field_index(COUNTRY)
    }

    /// The column of a field, added where it is not read yet.
    fn column(&mut self, field: &Field) -> FieldIndex {
        if let Some(index) = self.field_index(&field.name) {
            return index;
        }
        let kin: &[&str] = [&PHONE_FIELDS[..], &[GIVEN_NAME, FAMILY_NAME]]
            .into_iter()
            .find(|kin| kin.contains(&field.name.as_str()))
            .unwrap_or_default();
        let shared = self
            .fields
            .iter()
            .find(|other| kin.contains(&other.name.as_str()) && other.normaliser == field.normaliser);
        let dictionary = shared.map_or(DictionaryIndex(self.dictionaries), |other| other.dictionary);
        self.dictionaries = self.dictionaries.max(dictionary.0 + 1);
        self.fields.push(PlannedField { name: field.name.clone(), normaliser: field.normaliser, dictionary });
        FieldIndex(self.fields.len() - 1)
    }

    fn add_comparison(&mut self, field: &Field, comparison: Comparison, schema: &Schema) {
        let columns = self.columns_of(field, schema);
        if self.comparisons.iter().any(|planned| planned.columns == columns) {
            return;
        }
        self.comparisons.push(PlannedComparison {
            field: field.name.clone(),
            comparison,
            columns,
            tells: match field.name.as_str() {
                name if HOME_FIELDS.contains(&name) => Tells::Home,
                name if PLACE_FIELDS.contains(&name) => Tells::Place,
                BIRTH_DATE => Tells::Birth,
                name if FIRM_FIELDS.contains(&name) => Tells::Firm,
                _ if comparison == Comparison::Email => Tells::Mailbox,
                _ => Tells::Person,
            },
            exchanged_with: None,
        });
    }

    /// A field's columns: its own, or those of all phone numbers.
    fn columns_of(&mut self, field: &Field, schema: &Schema) -> Vec<FieldIndex> {
        let is_phone = |field: &Field| {
            PHONE_FIELDS.contains(&field.name.as_str()) && field.normaliser == Normaliser::Phone
        };
        if !is_phone(field) {
            return vec![self.column(field)];
        }
        let phones = PHONE_FIELDS.into_iter().filter_map(|name| schema.field(name)).filter(|f| is_phone(f));
        phones.map(|field| self.column(field)).collect()
    }

    /// Lets given and family names be recognised in each other's place.
    fn pair_names(&mut self) {
        let name = |wanted: &str| {
            self.comparisons
                .iter()
                .position(|planned| planned.field == wanted && planned.comparison == Comparison::Name)
        };
        if let (Some(given), Some(family)) = (name(GIVEN_NAME), name(FAMILY_NAME)) {
            let (given_column, family_column) =
                (self.comparisons[given].columns[0], self.comparisons[family].columns[0]);
            if self.field(given_column).dictionary == self.field(family_column).dictionary {
                self.comparisons[given].exchanged_with = Some(family_column);
                self.comparisons[family].exchanged_with = Some(given_column);
            }
        }
    }

    fn add_rule(&mut self, rule: &BlockingRule, schema: &Schema) -> Result<(), PlanError> {
        let mut keys = Vec::with_capacity(rule.keys.len());
        for key in &rule.keys {
            let field = schema.field(&key.field).ok_or_else(|| PlanError::UnknownBlockingField {
                schema: schema.id(),
                rule: rule.to_string(),
                field: key.field.clone(),
                nearest: schema.nearest_field(&key.field).unwrap_or_default().to_owned(),
            })?;
            let needed = match key.transform {
                KeyTransform::Year | KeyTransform::MonthDay => Some((Normaliser::Date, "date")),
                KeyTransform::LocalPart => Some((Normaliser::Email, "email")),
                _ => None,
            };
            if let Some((normaliser, needed)) = needed
                && field.normaliser != normaliser
            {
                return Err(PlanError::TransformDoesNotFit {
                    rule: rule.to_string(),
                    field: key.field.clone(),
                    needed,
                });
            }
            keys.push(PlannedKey { columns: self.columns_of(field, schema), transform: key.transform });
        }
        if self.rules.iter().any(|planned| planned.keys == keys) {
            return Ok(());
        }
        let foretells = |planned: &PlannedComparison| {
            keys.iter().flat_map(|key| &key.columns).any(|column| {
                let is_whole_name = self.field(*column).name == FULL_NAME;
                planned.columns.contains(column) || (is_whole_name && planned.exchanged_with.is_some())
            })
        };
        let foretold =
            (0..self.comparisons.len()).filter(|&index| foretells(&self.comparisons[index])).collect();
        self.rules.push(PlannedRule { rule: rule.clone(), keys, foretold });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
