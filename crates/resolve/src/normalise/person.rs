//! Names of persons.

use super::text::fold;

/// A person's name, or part of one: folded, without titles, with its particles.
///
/// A name that consists of titles only keeps the last: `Dr` may be all a source knows,
/// and there are families called Lord.
pub fn name(raw: &str) -> String {
    let mut folded = fold(raw);
    let mut start = 0;
    while let Some((first, _)) = folded[start..].split_once(' ')
        && is_leading_title(first)
    {
        start += first.len() + 1;
    }
    while let Some((rest, last)) = folded[start..].rsplit_once(' ')
        && is_trailing_title(last)
    {
        folded.truncate(start + rest.len());
    }
    folded.drain(..start);
    folded
}

/// Whether a folded word is a particle such as `van` or `de`.
pub fn is_particle(word: &str) -> bool {
    matches!(
        word.as_bytes(),
        b"de"
            | b"du"
            | b"des"
            | b"d"
            | b"la"
            | b"le"
            | b"l"
            | b"les"
            | b"van"
            | b"von"
            | b"der"
            | b"den"
            | b"ten"
            | b"ter"
            | b"di"
            | b"da"
            | b"del"
            | b"della"
            | b"dos"
            | b"das"
            | b"el"
            | b"al"
            | b"ben"
            | b"bin"
            | b"ibn"
            | b"zu"
    )
}

/// Whether a folded word is a title before a name.
fn is_leading_title(word: &str) -> bool {
    matches!(
        word.as_bytes(),
        b"m" | b"mr"
            | b"mrs"
            | b"ms"
            | b"miss"
            | b"mister"
            | b"mme"
            | b"mlle"
            | b"mm"
            | b"mmes"
            | b"monsieur"
            | b"madame"
            | b"mademoiselle"
            | b"dr"
            | b"docteur"
            | b"doctor"
            | b"drs"
            | b"pr"
            | b"prof"
            | b"professeur"
            | b"professor"
            | b"me"
            | b"maitre"
            | b"sir"
            | b"dame"
            | b"lady"
            | b"lord"
            | b"rev"
            | b"reverend"
            | b"hon"
            | b"mgr"
            | b"monseigneur"
            | b"veuve"
            | b"vve"
            | b"messrs"
    )
}

/// Whether a folded word is a title after a name. `m`, `me` or `pr` there are rather initials.
fn is_trailing_title(word: &str) -> bool {
    matches!(
        word.as_bytes(),
        b"mr"
            | b"mrs"
            | b"ms"
            | b"miss"
            | b"mme"
            | b"mlle"
            | b"monsieur"
            | b"madame"
            | b"dr"
            | b"prof"
            | b"phd"
            | b"md"
            | b"esq"
    )
}

/// A whole name in two parts, both normalised.
#[derive(Clone, PartialEq, Eq)]
pub struct NameParts {
    /// First names; empty where the name is a single word.
    pub given: String,
    /// Family name with its particles.
    pub family: String,
}

/// Parts a whole name. In order of trust:
///
/// - a comma: `Martin, Jeanne Marie`;
/// - capitals among mixed case: `Jeanne MARTIN DUVAL`, `MARTIN DUVAL Jeanne`;
/// - else the last word, with the particles before it, is the family name: `jan van der berg`.
pub fn parts(raw: &str) -> NameParts {
    if let Some((family, given)) = raw.split_once(',') {
        let (family, given) = (name(family), name(given));
        if !family.is_empty() && !given.is_empty() {
            return NameParts { given, family };
        }
    }
    let is_capitals = |word: &&str| word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
    let (capitals, mixed): (Vec<&str>, Vec<&str>) =
        raw.split_whitespace().filter(|word| !is_title(word)).partition(is_capitals);
    if !capitals.is_empty() && mixed.iter().any(|word| word.chars().any(char::is_lowercase)) {
        return NameParts { given: name(&mixed.join(" ")), family: name(&capitals.join(" ")) };
    }
    let whole = name(raw);
    let words: Vec<&str> = whole.split(' ').collect();
    let mut start = words.len() - 1;
    while start > 1 && is_particle(words[start - 1]) {
        start -= 1;
    }
    // `de la Tour` has no first name; but Ben and Al are some.
    if start == 1 && matches!(words[0], "de" | "du" | "des" | "d" | "van" | "von") {
        start = 0;
    }
    NameParts { given: words[..start].join(" "), family: words[start..].join(" ") }
}

fn is_title(word: &str) -> bool {
    is_leading_title(&fold(word))
}
