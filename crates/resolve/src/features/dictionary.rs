//! Distinct values, each once, behind a code.

use hashbrown::HashTable;
use zeroize::Zeroize;

use super::Shape;
use crate::mix::hash_bytes;

/// Distinct normalised values in the order in which they came.
#[derive(Default)]
pub(crate) struct Dictionary {
    text: String,
    /// The end of each value in `text`.
    ends: Vec<usize>,
    /// Of each value, once all have come.
    shapes: Vec<Shape>,
    codes: HashTable<u32>,
}

impl Dictionary {
    /// The code of a value, which is added where it is new.
    pub(crate) fn code(&mut self, value: &str) -> u32 {
        let Self { text, ends, codes, .. } = self;
        let hash = hash_bytes(value.as_bytes());
        if let Some(code) = codes.find(hash, |&code| value_of(text, ends, code) == value) {
            return *code;
        }
        let code = u32::try_from(ends.len()).expect("a store refuses more values than records times columns");
        append_wiped(text, value);
        ends.push(text.len());
        codes.insert_unique(hash, code, |&code| hash_bytes(value_of(text, ends, code).as_bytes()));
        code
    }

    /// No value comes any more. Shapes are made only now, in as much memory as they need: what a
    /// growing vector leaves behind could not be wiped.
    pub(crate) fn finish(&mut self) {
        self.codes = HashTable::new();
        self.shapes = Vec::with_capacity(self.len());
        self.shapes
            .extend((0..self.len() as u32).map(|code| Shape::of(value_of(&self.text, &self.ends, code))));
    }

    /// The value behind a code.
    pub(crate) fn value(&self, code: u32) -> &str {
        value_of(&self.text, &self.ends, code)
    }

    /// What can be told of the value behind a code without reading it.
    pub(crate) fn shape(&self, code: u32) -> Shape {
        self.shapes[code as usize]
    }

    /// How many distinct values there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        self.text.zeroize();
        self.shapes.zeroize();
    }
}

fn value_of<'a>(text: &'a str, ends: &[usize], code: u32) -> &'a str {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &text[start..ends[code]]
}

/// Appends without leaving the old bytes behind, as a growing `String` would.
fn append_wiped(text: &mut String, value: &str) {
    if text.capacity() - text.len() < value.len() {
        let mut larger = String::with_capacity((2 * text.len()).max(text.len() + value.len()).max(1024));
        larger.push_str(text);
        text.zeroize();
        *text = larger;
    }
    text.push_str(value);
}
