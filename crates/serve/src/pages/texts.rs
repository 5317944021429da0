//! What pages say, in both languages.

use crate::problem::Language;

/// What pages say, in one language.
pub(crate) struct Texts {
    /// What to name when asking about a problem.
    pub(crate) mention: &'static str,
    /// Of an answer that waits.
    pub(crate) answer_title: &'static str,
    pub(crate) answer_explained: &'static str,
    pub(crate) answer_take: &'static str,
    pub(crate) answer_gone: &'static str,
    pub(crate) answer_gone_explained: &'static str,
}

/// What pages say.
pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    }
}

const ENGLISH: Texts = Texts {
    mention: "Should you ask about this, please mention the number",
    answer_title: "The answer to your request",
    answer_explained: "Your answer is ready as one archive: a spreadsheet, a file for other programs, where you \
        asked for access a letter that explains them, and a signature. It can be downloaded once. Keep it where \
        only you can open it.",
    answer_take: "Download my answer",
    answer_gone: "This link is not valid, or not any more",
    answer_gone_explained: "It was used, has expired, or was replaced by another. If you did not receive the whole \
        answer, ask whoever sent you the link for another one.",
};

const FRENCH: Texts = Texts {
    mention: "Si vous nous écrivez à ce sujet, merci d’indiquer le numéro",
    answer_title: "La réponse à votre demande",
    answer_explained: "Votre réponse est prête, en une archive : un tableau, un fichier pour d’autres programmes, \
        une lettre qui les explique si vous avez demandé l’accès à vos données, et une signature. Elle ne peut \
        être téléchargée qu’une fois. Gardez-la là où vous seul pouvez l’ouvrir.",
    answer_take: "Télécharger ma réponse",
    answer_gone: "Ce lien n’est pas valable, ou ne l’est plus",
    answer_gone_explained: "Il a servi, il a expiré ou un autre l’a remplacé. Si vous n’avez pas reçu toute la \
        réponse, demandez un nouveau lien à la personne qui vous l’a envoyé.",
};
