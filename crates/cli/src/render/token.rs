//! Tokens of the services.

use vermeil_engine::TokenReport;

use super::rows::visible;
use super::table::{Grid, moment, text};
use crate::language::Catalog;

/// Whose the secret is that stands beside this, and that it is not shown again.
pub fn created(catalog: &Catalog, token: &TokenReport) -> String {
    catalog.message("token-created", &about(token))
}

/// That a token is worth nothing any more.
pub fn revoked(catalog: &Catalog, token: &TokenReport) -> String {
    catalog.message("token-revoked", &about(token))
}

/// Every token.
pub fn list(catalog: &Catalog, tokens: &[TokenReport]) -> String {
    if tokens.is_empty() {
        return catalog.text("tokens-none");
    }
    let columns =
        ["token", "actor", "role", "status", "created-by", "created-at", "expires-at", "revoked-at"];
    let mut grid = Grid::new(catalog, &columns);
    for token in tokens {
        let at = |at: &Option<String>| at.as_deref().map_or_else(|| text(""), moment);
        grid.row(vec![
            text(token.token),
            text(visible(&token.actor)),
            text(&token.role),
            text(catalog.text(&format!("token-status-{}", token.status))),
            text(visible(&token.created_by)),
            moment(&token.created_at),
            at(&token.expires_at),
            at(&token.revoked_at),
        ]);
    }
    grid.finish()
}

fn about(token: &TokenReport) -> [(&'static str, fluent_bundle::FluentValue<'static>); 3] {
    [
        ("token", token.token.to_string().into()),
        ("actor", visible(&token.actor).to_string().into()),
        ("role", token.role.clone().into()),
    ]
}
