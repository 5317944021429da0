//! E-mail addresses.

/// An e-mail address: lower case, no blanks, no `mailto:`, no `<>`, no `+tag`.
///
/// What has no `@` stays as it is, in lower case. Dots of the local part stay:
/// whether they count is the provider's choice.
pub fn address(raw: &str) -> String {
    let lower: String =
        raw.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase();
    let bare = match (lower.rfind('<'), lower.rfind('>')) {
        (Some(open), Some(close)) if open < close => &lower[open + 1..close],
        _ => &lower,
    };
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare).trim_end_matches(['.', ',', ';']);
    match bare.rsplit_once('@') {
        Some((local, domain)) => {
            let kept = match local.split_once('+') {
                Some((before, _)) if !before.is_empty() => before,
                _ => local,
            };
            if kept.is_empty() && domain.is_empty() { String::new() } else { format!("{kept}@{domain}") }
        }
        None => bare.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(),
    }
}
