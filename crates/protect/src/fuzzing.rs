//! Laws that hold for any bytes whatever, for the fuzzer to break.
//!
//! Each takes its input apart into what it needs, and panics where a law does
//! not hold. `fuzz/` has a target for each; the tests here try them with random
//! bytes and with the fuzzer's own beginnings.

use vermeil_model::{FieldClass, Policy};

use crate::payload::{self, PayloadWriter};
use crate::seal::{self, Binding, DataKey, Implementation, OpenError, RecordCipher};

/// The key and the place of every value here.
const KEY: [u8; 32] = [7; 32];
const HERE: Binding<'static> = Binding {
    tenant: "demo",
    table: "landing.erp",
    class: FieldClass::Contact,
    record: [0x30; 16],
    version: 7,
    key_epoch: 1,
};

/// Whatever opens is what sealing writes; both libraries open the same.
///
/// # Panics
/// If not.
pub fn sealed_value(input: &[u8]) {
    let opened = open(input);
    match seal::key_epoch(input) {
        Ok(epoch) if epoch == HERE.key_epoch => {}
        Ok(found) => {
            assert_eq!(opened, Err(OpenError::OtherEpoch { found, expected: HERE.key_epoch }));
        }
        Err(error) => assert_eq!(opened, Err(error)),
    }
    if let Ok(value) = opened {
        let nonce = input[6..18].try_into().expect("what opens has a nonce");
        assert_eq!(sealed(nonce, &value), input, "a value is sealed in one way under one nonce");
    }
}

/// A sealed value that was changed in any way does not open.
///
/// The input is the value's length, the value, and then what to do to it:
/// three bytes (place, place, what to flip) each, and lastly where to cut.
///
/// # Panics
/// If it opens.
pub fn changed_value(input: &[u8]) {
    let mut input = Input(input);
    let length = usize::from(input.byte());
    let value = input.bytes(length).to_vec();
    let genuine = sealed([9; 12], &value);
    let mut changed = genuine.clone();
    while let Some(([high, low, flip], rest)) = input.0.split_first_chunk() {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % changed.len();
        changed[place] ^= flip;
        input = Input(rest);
    }
    changed.truncate(changed.len() - usize::from(input.byte()).min(changed.len()));
    if changed == genuine {
        assert_eq!(open(&changed), Ok(value));
    } else {
        assert!(open(&changed).is_err());
    }
}

/// Two different places never give the same associated data.
///
/// # Panics
/// If they do.
pub fn bindings(input: &[u8]) {
    let mut input = Input(input);
    // Cuts of the same text are the likeliest to be confused.
    let length = usize::from(input.byte());
    let text = String::from_utf8_lossy(input.bytes(length)).into_owned();
    let one = input.binding(&text);
    let other = input.binding(&text);
    let same = seal::associated(&one).as_slice() == seal::associated(&other).as_slice();
    assert_eq!(same, one == other, "{one:?} and {other:?}");
}

/// A payload that is accepted is written the same way again.
///
/// # Panics
/// If not.
pub fn payload(input: &[u8]) {
    let Ok(fields) = payload::fields(input) else { return };
    let mut writer = PayloadWriter::new();
    fields.iter().for_each(|(name, value)| writer.field(name, value));
    assert_eq!(writer.as_bytes(), input);
}

fn sealed(nonce: [u8; 12], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    RecordCipher::new(&DataKey::from_bytes(KEY)).seal_with(nonce, &HERE, value, &mut sealed);
    sealed
}

fn open(sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let [one, other] = Implementation::ALL.map(|implementation| {
        let opened = RecordCipher::with(implementation, &DataKey::from_bytes(KEY)).open(&HERE, sealed);
        opened.map(|value| value.into_exposed(&Policy::sealing()))
    });
    assert_eq!(one, other, "both libraries open the same");
    one
}

/// Bytes to take from the front; zeros or nothing once they are used up.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.bytes(N);
        std::array::from_fn(|place| taken.get(place).copied().unwrap_or(0))
    }

    fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// A place whose tenant and table are the two sides of a cut through `text`.
    fn binding<'t>(&mut self, text: &'t str) -> Binding<'t> {
        let cut = text.floor_char_boundary(usize::from(self.byte()));
        let (tenant, table) = text.split_at(cut);
        Binding {
            tenant,
            table,
            class: FieldClass::PERSONAL[usize::from(self.byte()) % FieldClass::PERSONAL.len()],
            record: self.array(),
            version: i64::from_be_bytes(self.array()),
            key_epoch: u32::from_be_bytes(self.array()),
        }
    }
}

#[cfg(test)]
mod tests;
