//! Distinct values, each once, behind a code.

use std::cmp::Reverse;

use hashbrown::HashTable;
use zeroize::Zeroize;

use super::{Packed, Shape};
use crate::mix::hash_bytes;
use crate::names::{NameIndex, NameKind, Names};

/// Distinct normalised values in the order in which they came.
#[derive(Default)]
pub(crate) struct Dictionary {
    text: String,
    /// The end of each value in `text`.
    ends: Vec<usize>,
    /// Of each value, once all have come.
    shapes: Vec<Shape>,
    /// [`Packed`] words, likewise.
    words: Vec<u64>,
    codes: HashTable<u32>,
    /// The words of each value, where values are compared as whole names.
    names: Option<Names>,
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

    /// No value comes any more: gives the most frequent values the lowest codes, so that most of
    /// what is looked up lies side by side, whatever the order in which values came.
    ///
    /// Takes how often each code occurs, and returns the new code of each.
    pub(crate) fn finish(&mut self, counts: &[u32]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|&code| (Reverse(counts[code as usize]), self.value(code)));
        // In as much memory as is needed: what a growing vector leaves behind could not be wiped.
        let mut sorted = Dictionary {
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.len()),
            shapes: Vec::with_capacity(self.len()),
            words: Vec::with_capacity(self.len()),
            codes: HashTable::new(),
            names: None,
        };
        let mut codes = vec![0; self.len()];
        for (new, &old) in order.iter().enumerate() {
            let value = self.value(old);
            sorted.text.push_str(value);
            sorted.ends.push(sorted.text.len());
            sorted.shapes.push(Shape::of(value));
            sorted.words.push(Packed::word_of(value));
            codes[old as usize] = new as u32;
        }
        *self = sorted;
        codes
    }

    /// Parts the values into words, once all have come.
    pub(super) fn part_names(&mut self, kind: NameKind) {
        let mut names = Names::new(kind);
        (0..self.len() as u32).for_each(|code| {
            names.add(self.value(code));
        });
        self.names = Some(names);
    }

    /// How alike two values are as names; `None` where they were not parted.
    pub(crate) fn likeness(&self, left: u32, right: u32) -> Option<f32> {
        self.names.as_ref().map(|names| names.likeness(NameIndex(left), NameIndex(right)))
    }

    /// The value behind a code.
    pub(crate) fn value(&self, code: u32) -> &str {
        value_of(&self.text, &self.ends, code)
    }

    /// What can be told of the value behind a code without reading it.
    pub(crate) fn shape(&self, code: u32) -> Shape {
        self.shapes[code as usize]
    }

    /// The value behind a code as one word; `None` where it does not fit into one.
    pub(crate) fn packed(&self, code: u32) -> Option<Packed> {
        Packed::from_word(self.words[code as usize])
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
        self.words.zeroize();
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
