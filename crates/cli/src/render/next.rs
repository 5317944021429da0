//! What to type next.

use crate::language::Catalog;

/// A command worth trying.
pub struct Next<'a> {
    /// The words after the program's name.
    pub words: &'a [&'a str],
    /// The message that says what it shows.
    pub why: &'a str,
}

/// Commands with their reasons, ready to be copied into a shell.
pub fn commands(catalog: &Catalog, program: &str, next: &[Next<'_>]) -> String {
    let mut lines = vec![catalog.text("next-heading")];
    for command in next {
        let words: Vec<_> =
            std::iter::once(program).chain(command.words.iter().copied()).map(quoted).collect();
        lines.push(format!("  # {}", catalog.text(command.why)));
        lines.push(format!("  {}", words.join(" ")));
    }
    lines.join("\n")
}

/// A word as a shell takes it unchanged.
fn quoted(word: &str) -> String {
    let harmless = |character: char| character.is_ascii_alphanumeric() || "-_./:=@,+".contains(character);
    if !word.is_empty() && word.chars().all(harmless) {
        return word.to_owned();
    }
    if word.contains(['"', '$', '`', '\\', '!']) || cfg!(windows) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests;
