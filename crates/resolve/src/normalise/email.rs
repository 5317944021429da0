//! E-mail addresses.

/// An e-mail address: lower case, no blanks, no `mailto:`, no `<>`, no `+tag`.
///
/// What has no `@` stays as it is, in lower case. Dots of the local part stay:
/// whether they count is the provider's choice.
pub fn address(raw: &str) -> String {
    let mut address: String =
        raw.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase();
    // What wraps an address may be wrapped itself. Every step that changes it shortens it.
    loop {
        let within = unwrapped(&address);
        if within == address {
            return address;
        }
        address = within;
    }
}

fn unwrapped(address: &str) -> String {
    let bare = match (address.rfind('<'), address.rfind('>')) {
        (Some(open), Some(close)) if open + 1 < close => &address[open + 1..close],
        _ => address,
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
