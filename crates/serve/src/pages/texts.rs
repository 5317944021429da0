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
    /// Of a link to what is one's own.
    pub(crate) own_title: &'static str,
    pub(crate) own_door_explained: &'static str,
    pub(crate) own_door_open: &'static str,
    pub(crate) own_gone_explained: &'static str,
    pub(crate) own_session_ended: &'static str,
    /// Of what is one's own.
    pub(crate) own_explained: &'static str,
    pub(crate) own_choices: &'static str,
    pub(crate) own_choices_note: &'static str,
    /// Contact point, purpose, state, change.
    pub(crate) own_choices_columns: [&'static str; 4],
    pub(crate) own_allowed: &'static str,
    pub(crate) own_refused: &'static str,
    pub(crate) own_withdraw: &'static str,
    pub(crate) own_give: &'static str,
    pub(crate) own_correct: &'static str,
    pub(crate) own_correct_note: &'static str,
    pub(crate) own_correct_button: &'static str,
    pub(crate) own_ask: &'static str,
    pub(crate) own_ask_note: &'static str,
    /// Erasure, portability, restriction, objection.
    pub(crate) own_kinds: [&'static str; 4],
    pub(crate) own_data: &'static str,
    pub(crate) own_nothing: &'static str,
    pub(crate) own_end: &'static str,
    pub(crate) own_ended: &'static str,
    pub(crate) own_corrected: &'static str,
    pub(crate) own_said: &'static str,
    pub(crate) own_asked: &'static str,
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
    own_title: "Your personal data",
    own_door_explained: "Here you can see what is kept about you, correct it, decide what it may be used for, and \
        exercise your rights. This link works once and is meant for you alone.",
    own_door_open: "Open my page",
    own_gone_explained: "It was used, has expired, or was replaced by another. Ask whoever sent you the link for \
        another one.",
    own_session_ended: "Your session has ended: ask for another link",
    own_explained: "What you change here is noted with today’s date as said by you.",
    own_choices: "What you may be contacted for",
    own_choices_note: "Your choice is in force at once, for this address or number and this purpose.",
    own_choices_columns: ["Address or number", "Purpose", "Now", "Change"],
    own_allowed: "allowed",
    own_refused: "not allowed",
    own_withdraw: "Do not allow",
    own_give: "Allow",
    own_correct: "Correct something",
    own_correct_note: "What you correct is kept even when our sources deliver the old value again.",
    own_correct_button: "Correct",
    own_ask: "Ask for something",
    own_ask_note: "You are answered within one month.",
    own_kinds: [
        "Erase my data",
        "Give me my data to take along",
        "Restrict what is done with my data",
        "Object to the use of my data",
    ],
    own_data: "What is kept about you",
    own_nothing: "Nothing is kept about you.",
    own_end: "End my session",
    own_ended: "Your session has ended. You can close this page.",
    own_corrected: "Your correction was noted. It is shown from the next update on.",
    own_said: "Your choice was noted and is in force.",
    own_asked: "Your request was noted.",
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
    own_title: "Vos données personnelles",
    own_door_explained: "Vous pouvez voir ici ce qui est conservé à votre sujet, le corriger, décider à quoi cela \
        peut servir et exercer vos droits. Ce lien ne sert qu’une fois et n’est destiné qu’à vous.",
    own_door_open: "Ouvrir ma page",
    own_gone_explained: "Il a servi, il a expiré ou un autre l’a remplacé. Demandez un nouveau lien à la personne \
        qui vous l’a envoyé.",
    own_session_ended: "Votre session est terminée : demandez un nouveau lien",
    own_explained: "Ce que vous changez ici est noté à la date d’aujourd’hui comme venant de vous.",
    own_choices: "Pour quoi vous pouvez être contacté",
    own_choices_note: "Votre choix s’applique aussitôt, pour cette adresse ou ce numéro et cette finalité.",
    own_choices_columns: ["Adresse ou numéro", "Finalité", "Aujourd’hui", "Changer"],
    own_allowed: "permis",
    own_refused: "pas permis",
    own_withdraw: "Ne pas permettre",
    own_give: "Permettre",
    own_correct: "Corriger quelque chose",
    own_correct_note: "Ce que vous corrigez est conservé même si nos sources livrent encore l’ancienne valeur.",
    own_correct_button: "Corriger",
    own_ask: "Demander quelque chose",
    own_ask_note: "Vous recevrez une réponse dans le délai d’un mois.",
    own_kinds: [
        "Effacer mes données",
        "Me remettre mes données pour les emporter",
        "Limiter ce qui est fait de mes données",
        "M’opposer à l’usage de mes données",
    ],
    own_data: "Ce qui est conservé à votre sujet",
    own_nothing: "Rien n’est conservé à votre sujet.",
    own_end: "Terminer ma session",
    own_ended: "Votre session est terminée. Vous pouvez fermer cette page.",
    own_corrected: "Votre correction est notée. Elle se verra dès la prochaine mise à jour.",
    own_said: "Votre choix est noté et s’applique.",
    own_asked: "Votre demande est notée.",
};
