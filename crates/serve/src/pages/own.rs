//! The page on which people see, correct, allow and ask.

use std::fmt::Write;

use vermeil_model::consent::ConsentScope;
use vermeil_rights::dossier::{LetterLanguage, field_label, purpose_label};
use vermeil_rights::request::RequestKind;

use super::texts::Texts;
use super::{Page, escaped, texts};
use crate::ports::{OwnContact, OwnView};
use crate::problem::Language;

/// What can be asked for here; correcting has its own form, and access is the page itself.
pub(crate) const ASKED_HERE: [RequestKind; 4] =
    [RequestKind::Erasure, RequestKind::Portability, RequestKind::Restriction, RequestKind::Objection];

/// What was just done, as the address of the page says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// A value was set right.
    Corrected,
    /// What may be done was said.
    Said,
    /// A request was opened.
    Asked,
}

impl Done {
    /// As addresses write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Said => "said",
            Self::Asked => "asked",
        }
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Corrected, Self::Said, Self::Asked].into_iter().find(|done| done.as_str() == name)
    }
}

/// The page.
pub(crate) fn page(view: &OwnView, form_token: &str, done: Option<Done>, language: Language) -> Page {
    let writer =
        Writer { texts: texts(language), letters: letters(language), form_token, html: String::new() };
    Page { language, title: texts(language).own_title.to_owned(), body: writer.write(view, done) }
}

/// What letters call a language.
fn letters(language: Language) -> LetterLanguage {
    match language {
        Language::French => LetterLanguage::French,
        Language::English => LetterLanguage::English,
    }
}

struct Writer<'a> {
    texts: &'static Texts,
    letters: LetterLanguage,
    form_token: &'a str,
    html: String,
}

impl Writer<'_> {
    fn write(mut self, view: &OwnView, done: Option<Done>) -> String {
        let texts = self.texts;
        if let Some(done) = done {
            let said = match done {
                Done::Corrected => texts.own_corrected,
                Done::Said => texts.own_said,
                Done::Asked => texts.own_asked,
            };
            self.add(&format!("<p class=\"said\" role=\"status\">{said}</p>\n"));
        }
        self.add(&format!("<p>{}</p>\n", texts.own_explained));
        self.choices(&view.contacts);
        self.corrections(view);
        self.requests();
        self.add(&format!("<h2>{}</h2>\n", texts.own_data));
        match view.dossier.is_empty() {
            true => self.add(&format!("<p>{}</p>\n", texts.own_nothing)),
            false => self.add(&view.dossier.to_fragment(self.letters)),
        }
        let token = self.token();
        self.add(&format!(
            "<form method=\"post\" action=\"/my/end\">{token}<p><button type=\"submit\">{}</button></p></form>\n",
            texts.own_end
        ));
        self.html
    }

    fn choices(&mut self, contacts: &[OwnContact]) {
        let texts = self.texts;
        let (title, note) = (texts.own_choices, texts.own_choices_note);
        let [contact, purpose, state, change] = texts.own_choices_columns;
        self.add(&format!(
            "<h2>{title}</h2>\n<table><caption>{note}</caption>\n<tr><th scope=\"col\">{contact}</th>\
             <th scope=\"col\">{purpose}</th><th scope=\"col\">{state}</th><th scope=\"col\">{change}</th></tr>\n"
        ));
        let token = self.token();
        for OwnContact { scope, value, choices } in contacts {
            for (purpose, allowed) in choices {
                let label = escaped(purpose_label(&purpose.0, self.letters));
                let (state, action, change) = match allowed {
                    true => (texts.own_allowed, "withdraw", texts.own_withdraw),
                    false => (texts.own_refused, "give", texts.own_give),
                };
                let (value, purpose) = (escaped(value), escaped(&purpose.0));
                let scope = scope.as_str();
                // Whoever hears the button alone must know what it does.
                let spoken = format!("{change} – {label}, {value}");
                self.add(&format!(
                    "<tr><td>{value}</td><td>{label}</td><td>{state}</td><td>\
                     <form method=\"post\" action=\"/my/consents\">{token}\
                     <input type=\"hidden\" name=\"scope\" value=\"{scope}\">\
                     <input type=\"hidden\" name=\"contact\" value=\"{value}\">\
                     <input type=\"hidden\" name=\"purpose\" value=\"{purpose}\">\
                     <button type=\"submit\" name=\"say\" value=\"{action}\" aria-label=\"{spoken}\">{change}\
                     </button></form></td></tr>\n"
                ));
            }
        }
        self.add("</table>\n");
    }

    fn corrections(&mut self, view: &OwnView) {
        let texts = self.texts;
        self.add(&format!("<h2>{}</h2>\n<p>{}</p>\n", texts.own_correct, texts.own_correct_note));
        let token = self.token();
        for (number, known) in view.dossier.profile.iter().enumerate() {
            let label = field_label(&known.field, self.letters).unwrap_or(&known.field);
            let (label, field, value) = (escaped(label), escaped(&known.field), escaped(&known.value));
            let button = texts.own_correct_button;
            self.add(&format!(
                "<form method=\"post\" action=\"/my/corrections\">{token}\
                 <input type=\"hidden\" name=\"field\" value=\"{field}\">\
                 <p><label for=\"value-{number}\">{label}</label> \
                 <input id=\"value-{number}\" name=\"value\" value=\"{value}\" autocomplete=\"off\" required> \
                 <button type=\"submit\" aria-label=\"{button} – {label}\">{button}</button></p></form>\n"
            ));
        }
    }

    fn requests(&mut self) {
        let texts = self.texts;
        self.add(&format!("<h2>{}</h2>\n<p>{}</p>\n", texts.own_ask, texts.own_ask_note));
        let token = self.token();
        for (kind, text) in ASKED_HERE.into_iter().zip(texts.own_kinds) {
            let kind = kind.as_str();
            self.add(&format!(
                "<form method=\"post\" action=\"/my/requests\">{token}\
                 <p><button type=\"submit\" name=\"kind\" value=\"{kind}\">{text}</button></p></form>\n"
            ));
        }
    }

    fn token(&self) -> String {
        format!("<input type=\"hidden\" name=\"form\" value=\"{}\">", escaped(self.form_token))
    }

    fn add(&mut self, html: &str) {
        self.html.write_str(html).expect("text takes all that is written to it");
    }
}

/// A kind of contact point that has addresses.
pub(crate) fn scope_named(name: &str) -> Option<ConsentScope> {
    [ConsentScope::Email, ConsentScope::Phone].into_iter().find(|scope| scope.as_str() == name)
}
