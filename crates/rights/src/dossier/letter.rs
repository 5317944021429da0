//! The letter that answers a request for access: one page of HTML, without a script or anything of
//! another place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::labels::{self, Texts};
use super::{Dossier, DossierField, DossierRow};

/// The language of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterLanguage {
    /// Français.
    French,
    /// English.
    English,
}

const STYLE: &str = "body{font:16px/1.5 Georgia,serif;color:#1a1a1a;max-width:46rem;margin:3rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #999}\
h3{font-size:1rem;margin-bottom:.3rem}table{border-collapse:collapse;width:100%;font-size:.9rem}\
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}\
caption{text-align:left;color:#555}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem}\
.note{color:#555;font-size:.9rem}@media print{body{margin:0;max-width:none}}";

pub(super) fn page(dossier: &Dossier, language: LetterLanguage) -> String {
    let page = Page { dossier, language, texts: labels::texts(language), html: String::new() };
    page.write()
}

pub(super) fn fragment(dossier: &Dossier, language: LetterLanguage) -> String {
    let mut page = Page { dossier, language, texts: labels::texts(language), html: String::new() };
    page.kept();
    page.html
}

struct Page<'d> {
    dossier: &'d Dossier,
    language: LetterLanguage,
    texts: &'static Texts,
    html: String,
}

impl Page<'_> {
    fn write(mut self) -> String {
        let (dossier, texts) = (self.dossier, self.texts);
        let title = text(texts.title);
        self.html = format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
            texts.tag
        );
        let (received, made) = (self.day(dossier.received), self.day(dossier.made));
        let salutation = text(texts.salutation);
        self.html.push_str(&format!("<p>{salutation}</p>\n"));
        let opening = match dossier.is_empty() {
            true => texts.nothing_kept,
            false => texts.opening,
        };
        let filled = fill(
            opening,
            &[
                ("controller", &dossier.controller),
                ("number", &dossier.request.to_string()),
                ("received", &received),
                ("made", &made),
            ],
        );
        self.html.push_str(&format!("<p>{filled}</p>\n"));
        if !dossier.is_empty() {
            self.kept();
        }
        self.rights();
        self.html.push_str("</body>\n</html>\n");
        self.html
    }

    fn kept(&mut self) {
        let (dossier, texts) = (self.dossier, self.texts);
        self.profile();
        self.rows(texts.records, texts.records_note, &dossier.records);
        self.rows(texts.events, texts.events_note, &dossier.events);
        self.unread();
        self.consents();
        self.sources();
        self.purposes();
        self.recipients();
    }

    fn profile(&mut self) {
        if self.dossier.profile.is_empty() {
            return;
        }
        self.heading(self.texts.profile, self.texts.profile_note);
        self.table_head(&[self.texts.field, self.texts.value, self.texts.source, self.texts.observed]);
        for value in &self.dossier.profile {
            let observed = value.observed_at.as_deref().map(|at| self.moment(at)).unwrap_or_default();
            self.row(&[&self.label(&value.field), &value.value, &value.source, &observed]);
        }
        self.html.push_str("</table>\n");
    }

    fn rows(&mut self, heading: &str, note: &str, rows: &[DossierRow]) {
        if rows.is_empty() {
            return;
        }
        self.heading(heading, note);
        for row in rows {
            let observed = self.moment(&row.observed_at);
            let place = fill(
                self.texts.row,
                &[("source", &row.source), ("version", &row.version.to_string()), ("at", &observed)],
            );
            self.html.push_str(&format!("<h3>{place}</h3>\n"));
            self.table_head(&[self.texts.field, self.texts.value]);
            for (field, value) in &row.values {
                self.row(&[&self.label(field), value]);
            }
            self.html.push_str("</table>\n");
        }
    }

    fn unread(&mut self) {
        if self.dossier.unread.is_empty() {
            return;
        }
        self.heading(self.texts.unread, self.texts.unread_note);
        for row in &self.dossier.unread {
            let since = self.moment(&row.since);
            let place = format!("{} · {}", text(&row.source), text(&since));
            self.html.push_str(&format!("<h3>{place}</h3>\n<pre>{}</pre>\n", text(&row.row)));
        }
    }

    fn consents(&mut self) {
        let texts = self.texts;
        self.heading(texts.consents, "");
        if self.dossier.consents.is_empty() {
            self.html.push_str(&format!("<p>{}</p>\n", text(texts.no_consents)));
            return;
        }
        self.table_head(&[texts.purpose, texts.about, texts.said, texts.observed]);
        for consent in &self.dossier.consents {
            let purpose =
                consent.purpose.as_deref().map_or(texts.every_purpose, |purpose| self.purpose(purpose));
            let scope = labels::label(labels::SCOPES, &consent.scope, self.language);
            let said = labels::label(labels::STATUSES, &consent.status, self.language);
            self.row(&[purpose, scope, said, &self.moment(&consent.occurred_at)]);
        }
        self.html.push_str("</table>\n");
    }

    fn sources(&mut self) {
        let texts = self.texts;
        self.heading(texts.sources, texts.sources_note);
        self.table_head(&[texts.source, texts.origin]);
        for source in &self.dossier.sources {
            let origin = if source.self_declared { texts.by_yourself } else { texts.by_others };
            self.row(&[&source.source, origin]);
        }
        self.html.push_str("</table>\n");
    }

    fn purposes(&mut self) {
        let texts = self.texts;
        self.heading(texts.purposes, texts.purposes_note);
        self.table_head(&[texts.purpose, texts.basis, texts.retention, texts.fields]);
        type Key<'f> = (&'f str, Option<&'f str>, Option<&'f str>);
        let mut grouped: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
        for field in &self.dossier.fields {
            for purpose in &field.purposes {
                let key = (purpose.purpose.as_str(), purpose.basis.as_deref(), field.retention.as_deref());
                grouped.entry(key).or_default().insert(&field.field);
            }
        }
        for ((purpose, basis, retention), fields) in grouped {
            let basis =
                basis.map_or(texts.undeclared, |basis| labels::label(labels::BASES, basis, self.language));
            let retention =
                retention.map_or_else(|| texts.undeclared.to_owned(), |it| labels::period(it, self.language));
            let fields: Vec<String> = fields.into_iter().map(|field| self.label(field)).collect();
            self.row(&[self.purpose(purpose), basis, &retention, &fields.join(", ")]);
        }
        self.html.push_str("</table>\n");
        self.html.push_str(&format!("<p>{}</p>\n", text(texts.no_decision)));
    }

    fn recipients(&mut self) {
        let texts = self.texts;
        self.heading(texts.recipients, "");
        if self.dossier.recipients.is_empty() {
            self.html.push_str(&format!("<p>{}</p>\n", text(texts.no_recipients)));
            return;
        }
        self.table_head(&[texts.recipient, texts.purpose, texts.observed]);
        for recipient in &self.dossier.recipients {
            self.row(&[&recipient.name, self.purpose(&recipient.purpose), &self.moment(&recipient.at)]);
        }
        self.html.push_str("</table>\n");
    }

    fn rights(&mut self) {
        let texts = self.texts;
        self.heading(texts.rights, "");
        for paragraph in texts.rights_text {
            self.html.push_str(&format!("<p>{}</p>\n", text(paragraph)));
        }
        let closing = fill(texts.closing, &[("controller", &self.dossier.controller)]);
        self.html.push_str(&format!("<p>{closing}</p>\n"));
    }

    fn heading(&mut self, heading: &str, note: &str) {
        self.html.push_str(&format!("<h2>{}</h2>\n", text(heading)));
        if !note.is_empty() {
            self.html.push_str(&format!("<p class=\"note\">{}</p>\n", text(note)));
        }
    }

    fn table_head(&mut self, columns: &[&str]) {
        let cells: String =
            columns.iter().map(|column| format!("<th scope=\"col\">{}</th>", text(column))).collect();
        self.html.push_str(&format!("<table>\n<tr>{cells}</tr>\n"));
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", text(cell))).collect();
        self.html.push_str(&format!("<tr>{cells}</tr>\n"));
    }

    /// What a field is called: in the language, or as its schema describes it.
    fn label(&self, field: &str) -> String {
        let described = |known: &&DossierField| known.field == field;
        let known = labels::field(field, self.language);
        let own = || self.dossier.fields.iter().find(described).map(|known| known.description.clone());
        known
            .map(str::to_owned)
            .or_else(own)
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| field.to_owned())
    }

    fn purpose<'p>(&self, purpose: &'p str) -> &'p str {
        labels::label(labels::PURPOSES, purpose, self.language)
    }

    fn day(&self, day: NaiveDate) -> String {
        let month = self.texts.months[day.month0() as usize];
        match (self.language, day.day()) {
            (LetterLanguage::French, 1) => format!("1er {month} {}", day.year()),
            (_, number) => format!("{number} {month} {}", day.year()),
        }
    }

    /// A moment as its day; as it is where it is none.
    fn moment(&self, rfc3339: &str) -> String {
        let day = rfc3339.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
        day.map_or_else(|| rfc3339.to_owned(), |day| self.day(day))
    }
}

/// A template with its places filled: `{name}`. What is filled in is escaped, and so is the template.
fn fill(template: &str, places: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(&text(before));
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = places.iter().find(|(place, _)| *place == name).map(|(_, value)| *value);
        filled.push_str(&text(value.unwrap_or_default()));
        rest = behind;
    }
    filled.push_str(&text(rest));
    filled
}

/// A text where HTML expects one. Control characters other than blanks have no place in it.
pub(super) fn text(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}
