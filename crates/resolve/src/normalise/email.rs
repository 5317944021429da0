//! E-mail addresses.

/// An e-mail address: lower case, no blanks, no `mailto:`, no `<>`, no `+tag`.
///
/// What has no `@` stays as it is, in lower case. Dots of the local part stay:
/// whether they count is the provider's choice.
pub fn address(raw: &str) -> String {
    let mut address = if raw.bytes().all(|byte| byte.is_ascii_graphic()) {
        raw.to_ascii_lowercase()
    } else {
        raw.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase()
    };
    // What wraps an address may be wrapped itself. Every step that changes it shortens it.
    while let Some(within) = unwrapped(&address) {
        address = within;
    }
    address
}

/// What an address wraps; `None` where it wraps nothing.
fn unwrapped(address: &str) -> Option<String> {
    let bare = match (address.rfind('<'), address.rfind('>')) {
        (Some(open), Some(close)) if open + 1 < close => &address[open + 1..close],
        _ => address,
    };
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare).trim_end_matches(['.', ',', ';']);
    let (kept, domain) = match bare.rsplit_once('@') {
        Some((local, domain)) => match local.split_once('+') {
            Some((before, _)) if !before.is_empty() => (before, Some(domain)),
            _ => (local, Some(domain)),
        },
        None => (bare.trim_matches(|c: char| !c.is_alphanumeric()), None),
    };
    match domain {
        Some("") if kept.is_empty() => Some(String::new()),
        Some(domain) if kept.len() + "@".len() + domain.len() == address.len() => None,
        Some(domain) => Some(format!("{kept}@{domain}")),
        None => (kept.len() < address.len()).then(|| kept.to_owned()),
    }
}
