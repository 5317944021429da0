//! Personal values in the clear, as a type that cannot be printed.

use crate::policy::Grant;

/// A personal value, or a batch of them, in the clear.
///
/// It has no `Debug`, no `Display` and no `Serialize`: formatting it does not
/// compile, and so it cannot reach a log line, an error or a metric.
///
/// ```compile_fail,E0277
/// println!("{}", vermeil_model::Plaintext::new("Ada Lovelace"));
/// ```
/// ```compile_fail,E0277
/// println!("{:?}", vermeil_model::Plaintext::new("Ada Lovelace"));
/// ```
///
/// The value comes out only against a [`Grant`], which only the
/// [`Policy`](crate::Policy) can make:
///
/// ```
/// use vermeil_model::{FieldClass, Plaintext, Policy};
///
/// let name = Plaintext::new("Ada Lovelace");
/// let grant = Policy::sealing();
/// assert_eq!(*name.expose(&grant), "Ada Lovelace");
/// ```
#[derive(Clone)]
pub struct Plaintext<T>(T);

impl<T> Plaintext<T> {
    /// Takes a value into custody.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Reads the value under a grant.
    pub fn expose(&self, _grant: &Grant) -> &T {
        &self.0
    }

    /// Hands the value over under a grant.
    pub fn into_exposed(self, _grant: &Grant) -> T {
        self.0
    }

    /// Changes the value in custody, without releasing it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Plaintext<U> {
        Plaintext(change(self.0))
    }
}
