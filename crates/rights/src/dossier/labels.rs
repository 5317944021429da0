//! The words of letters, in French and English.

use super::letter::LetterLanguage;

/// A name that programs write, in French and in English.
type Label = (&'static str, [&'static str; 2]);

/// The texts of a letter; places to be filled stand in braces.
pub(super) struct Texts {
    pub(super) tag: &'static str,
    pub(super) months: [&'static str; 12],
    pub(super) title: &'static str,
    pub(super) salutation: &'static str,
    pub(super) opening: &'static str,
    pub(super) nothing_kept: &'static str,
    pub(super) profile: &'static str,
    pub(super) profile_note: &'static str,
    pub(super) records: &'static str,
    pub(super) records_note: &'static str,
    pub(super) events: &'static str,
    pub(super) events_note: &'static str,
    pub(super) row: &'static str,
    pub(super) unread: &'static str,
    pub(super) unread_note: &'static str,
    pub(super) consents: &'static str,
    pub(super) no_consents: &'static str,
    pub(super) every_purpose: &'static str,
    pub(super) sources: &'static str,
    pub(super) sources_note: &'static str,
    pub(super) by_yourself: &'static str,
    pub(super) by_others: &'static str,
    pub(super) purposes: &'static str,
    pub(super) purposes_note: &'static str,
    pub(super) no_decision: &'static str,
    pub(super) undeclared: &'static str,
    pub(super) recipients: &'static str,
    pub(super) no_recipients: &'static str,
    pub(super) rights: &'static str,
    pub(super) rights_text: [&'static str; 3],
    pub(super) closing: &'static str,
    pub(super) field: &'static str,
    pub(super) fields: &'static str,
    pub(super) value: &'static str,
    pub(super) source: &'static str,
    pub(super) origin: &'static str,
    pub(super) observed: &'static str,
    pub(super) purpose: &'static str,
    pub(super) basis: &'static str,
    pub(super) retention: &'static str,
    pub(super) about: &'static str,
    pub(super) said: &'static str,
    pub(super) recipient: &'static str,
}

pub(super) fn texts(language: LetterLanguage) -> &'static Texts {
    match language {
        LetterLanguage::French => &FRENCH,
        LetterLanguage::English => &ENGLISH,
    }
}

static FRENCH: Texts = Texts {
    tag: "fr",
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    title: "Les données que nous conservons à votre sujet",
    salutation: "Madame, Monsieur,",
    opening: "Vous avez exercé votre droit d’accès auprès de {controller} le {received} (demande n° {number}). \
              Voici l’ensemble des données à caractère personnel que nous conservons à votre sujet, dans leur \
              état du {made}. Elles figurent également, sous une forme lisible par un logiciel, dans les \
              fichiers data.json et data.csv joints à cette lettre.",
    nothing_kept: "Vous avez exercé votre droit d’accès auprès de {controller} le {received} (demande \
                   n° {number}). Au {made}, nous ne conservons aucune donnée à caractère personnel que nous \
                   puissions rattacher à vous.",
    profile: "Ce que nous tenons pour exact",
    profile_note: "Nos différentes sources se recoupent ; pour chaque information, voici la valeur retenue et \
                   la source dont elle provient.",
    records: "Vos comptes",
    records_note: "Chaque compte est reproduit tel que la source l’a transmis, dans chacune de ses versions \
                   successives.",
    events: "Vos commandes, échanges et visites",
    events_note: "Ce qui s’est produit en lien avec vos comptes.",
    row: "{source}, version {version}, {at}",
    unread: "Données mises à l’écart",
    unread_note: "Ces lignes n’ont pas pu être lues correctement. Elles ne sont pas utilisées.",
    consents: "Vos choix",
    no_consents: "Nous n’avons enregistré ni accord, ni refus, ni opposition de votre part.",
    every_purpose: "toutes les finalités",
    sources: "D’où proviennent ces données",
    sources_note: "",
    by_yourself: "saisies par vous-même",
    by_others: "recueillies par nos services ou transmises par un tiers",
    purposes: "Pourquoi nous les conservons, et combien de temps",
    purposes_note: "La durée court à compter de la fin de notre relation ou de votre dernier contact.",
    no_decision: "Aucune décision produisant des effets juridiques à votre égard n’est prise sur le seul \
                  fondement d’un traitement automatisé de ces données.",
    undeclared: "non précisé",
    recipients: "À qui elles ont été transmises",
    no_recipients: "Aucune transmission de vos données à un destinataire n’est enregistrée.",
    rights: "Vos droits",
    rights_text: [
        "Vous pouvez demander que ces données soient rectifiées ou effacées, que leur utilisation soit limitée, \
         ou recevoir celles que vous nous avez fournies dans un format réutilisable. Vous pouvez retirer à tout \
         moment un accord que vous avez donné, et vous opposer à l’utilisation de vos données à des fins de \
         prospection, sans avoir à vous justifier.",
        "Il vous suffit de nous l’écrire ; nous vous répondrons dans un délai d’un mois.",
        "Si vous estimez que vos droits ne sont pas respectés, vous pouvez saisir la Commission nationale de \
         l’informatique et des libertés (CNIL), 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, ou \
         l’autorité de contrôle du pays où vous résidez.",
    ],
    closing: "Nous vous prions d’agréer, Madame, Monsieur, l’expression de nos salutations distinguées. \
              — {controller}",
    field: "Information",
    fields: "Informations concernées",
    value: "Valeur",
    source: "Source",
    origin: "Origine",
    observed: "Date",
    purpose: "Finalité",
    basis: "Fondement",
    retention: "Durée",
    about: "Portée",
    said: "Choix",
    recipient: "Destinataire",
};

static ENGLISH: Texts = Texts {
    tag: "en",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    title: "The data that we keep about you",
    salutation: "Dear Sir or Madam,",
    opening: "On {received} you asked {controller} for access to your data (request {number}). This is all the \
              personal data that we keep about you, as it stood on {made}. The files data.json and data.csv \
              that come with this letter hold the same in a form that software can read.",
    nothing_kept: "On {received} you asked {controller} for access to your data (request {number}). As of \
                   {made} we keep no personal data that we could relate to you.",
    profile: "What we believe to be right",
    profile_note: "Several of our sources know you. This is the value that we go by for each piece of \
                   information, and the source that it comes from.",
    records: "Your accounts",
    records_note: "Each account is shown as its source delivered it, in each of its versions.",
    events: "Your orders, messages and visits",
    events_note: "What happened in connection with your accounts.",
    row: "{source}, version {version}, {at}",
    unread: "Data set aside",
    unread_note: "These rows could not be read properly. They are not used.",
    consents: "Your choices",
    no_consents: "We have recorded no consent, refusal or objection of yours.",
    every_purpose: "every purpose",
    sources: "Where this data comes from",
    sources_note: "",
    by_yourself: "entered by yourself",
    by_others: "taken down by our staff, or received from others",
    purposes: "Why we keep it, and for how long",
    purposes_note: "The time runs from the end of our relation, or from your last contact with us.",
    no_decision: "No decision that has legal effects on you is based solely on automated processing of this data.",
    undeclared: "not specified",
    recipients: "Who received it",
    no_recipients: "No disclosure of your data to a recipient is on record.",
    rights: "Your rights",
    rights_text: [
        "You may ask us to correct or erase this data, to restrict its use, or to give you what you provided in a \
         form that can be used elsewhere. You may withdraw a consent at any time, and you may object to the use \
         of your data for direct marketing without giving a reason.",
        "Just write to us; we will answer within one month.",
        "If you think that your rights are not respected, you may complain to the data protection authority of \
         the country that you live in; in France this is the CNIL, 3 place de Fontenoy, TSA 80715, 75334 Paris \
         Cedex 07.",
    ],
    closing: "Yours faithfully, {controller}",
    field: "Information",
    fields: "Information concerned",
    value: "Value",
    source: "Source",
    origin: "Origin",
    observed: "Date",
    purpose: "Purpose",
    basis: "Legal basis",
    retention: "Kept for",
    about: "About",
    said: "Choice",
    recipient: "Recipient",
};

pub(super) const PURPOSES: &[Label] = &[
    ("customer_care", ["service client", "customer care"]),
    ("contract", ["exécution du contrat", "performance of the contract"]),
    ("marketing", ["prospection commerciale", "marketing"]),
    ("data_subject_rights", ["exercice de vos droits", "your rights as a data subject"]),
];

pub(super) const BASES: &[Label] = &[
    ("consent", ["votre consentement", "your consent"]),
    ("contract", ["le contrat qui nous lie", "the contract with you"]),
    ("legal_obligation", ["une obligation légale", "a legal obligation"]),
    ("vital_interests", ["la sauvegarde d’intérêts vitaux", "vital interests"]),
    ("public_task", ["une mission d’intérêt public", "a task in the public interest"]),
    ("legitimate_interests", ["notre intérêt légitime", "our legitimate interests"]),
];

pub(super) const SCOPES: &[Label] = &[
    ("email", ["adresse électronique", "e-mail address"]),
    ("phone", ["téléphone", "phone number"]),
    ("record", ["vous-même", "yourself"]),
];

pub(super) const STATUSES: &[Label] = &[
    ("given", ["accordé", "given"]),
    ("refused", ["refusé", "refused"]),
    ("withdrawn", ["retiré", "withdrawn"]),
    ("expired", ["expiré", "expired"]),
    ("objected", ["opposition", "objection"]),
    ("restricted", ["limitation", "restriction"]),
    ("released", ["limitation levée", "restriction lifted"]),
];

/// Fields of the schemas that ship with the product.
const FIELDS: &[Label] = &[
    ("party_kind", ["nature (personne ou organisation)", "kind (person or organisation)"]),
    ("title", ["civilité", "title"]),
    ("given_name", ["prénom", "first name"]),
    ("family_name", ["nom de famille", "family name"]),
    ("birth_name", ["nom de naissance", "family name at birth"]),
    ("full_name", ["nom complet", "whole name"]),
    ("organisation_name", ["raison sociale", "organisation"]),
    ("registration_number", ["numéro d’immatriculation", "registration number"]),
    ("vat_number", ["numéro de TVA", "VAT number"]),
    ("account_number", ["numéro de client", "customer number"]),
    ("login_id", ["identifiant de connexion", "login"]),
    ("loyalty_number", ["numéro de fidélité", "loyalty number"]),
    ("national_id", ["numéro d’identification national", "national identification number"]),
    ("email", ["adresse électronique", "e-mail address"]),
    ("phone", ["téléphone", "phone"]),
    ("mobile", ["téléphone mobile", "mobile phone"]),
    ("street", ["rue", "street"]),
    ("address_extra", ["complément d’adresse", "address, further lines"]),
    ("postal_code", ["code postal", "postal code"]),
    ("city", ["ville", "town"]),
    ("region", ["région", "region"]),
    ("country", ["pays", "country"]),
    ("birth_date", ["date de naissance", "date of birth"]),
    ("birth_place", ["lieu de naissance", "place of birth"]),
    ("birth_country", ["pays de naissance", "country of birth"]),
    ("gender", ["sexe", "gender"]),
    ("occupation", ["profession", "occupation"]),
    ("language", ["langue", "language"]),
    ("party_role", ["qualité (client, prospect…)", "role (customer, prospect…)"]),
    ("household_id", ["foyer", "household"]),
    ("parent_account", ["compte de rattachement", "parent account"]),
    ("credit_rating", ["appréciation de solvabilité", "credit rating"]),
    ("notes", ["notes", "notes"]),
    ("marketing_opt_in", ["accord pour la prospection", "agreed to marketing"]),
    ("customer_since", ["client depuis", "customer since"]),
    ("active", ["compte actif", "active account"]),
    ("event_kind", ["nature", "kind"]),
    ("occurred_at", ["survenu le", "happened on"]),
    ("ended_at", ["terminé le", "ended on"]),
    ("channel", ["canal", "channel"]),
    ("status", ["état", "status"]),
    ("product", ["produit", "product"]),
    ("quantity", ["quantité", "quantity"]),
    ("amount", ["montant", "amount"]),
    ("currency", ["devise", "currency"]),
    ("document_number", ["numéro du document", "document number"]),
    ("delivery_address", ["adresse de livraison", "delivery address"]),
    ("agent", ["interlocuteur", "agent"]),
    ("subject_line", ["objet", "subject"]),
    ("body", ["texte", "text"]),
    ("contact_point", ["coordonnée utilisée", "contact point used"]),
    ("page", ["page visitée", "page visited"]),
    ("device_id", ["appareil", "device"]),
    ("ip_address", ["adresse IP", "IP address"]),
    ("question", ["question", "question"]),
    ("score", ["note attribuée", "score"]),
    ("answer", ["réponse", "answer"]),
];

/// What a name is called; itself where nothing is known of it.
pub(super) fn label<'n>(labels: &[Label], name: &'n str, language: LetterLanguage) -> &'n str {
    find(labels, name, language).unwrap_or(name)
}

/// What a field of a shipped schema is called.
pub fn field(name: &str, language: LetterLanguage) -> Option<&'static str> {
    find(FIELDS, name, language)
}

/// What a purpose of the shipped policies is called; itself where it is another.
pub fn purpose(name: &str, language: LetterLanguage) -> &str {
    label(PURPOSES, name, language)
}

fn find(labels: &[Label], name: &str, language: LetterLanguage) -> Option<&'static str> {
    let (_, texts) = labels.iter().find(|(known, _)| *known == name)?;
    Some(
        texts[match language {
            LetterLanguage::French => 0,
            LetterLanguage::English => 1,
        }],
    )
}

/// An ISO 8601 duration of one unit in words; itself where it is another.
pub(super) fn period(duration: &str, language: LetterLanguage) -> String {
    let parsed = duration.strip_prefix('P').and_then(|rest| {
        let (count, unit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
        Some((count.parse::<u32>().ok()?, unit))
    });
    let words = match (parsed, language) {
        (Some((count, "Y")), LetterLanguage::French) => (count, ["an", "ans"]),
        (Some((count, "M")), LetterLanguage::French) => (count, ["mois", "mois"]),
        (Some((count, "D")), LetterLanguage::French) => (count, ["jour", "jours"]),
        (Some((count, "Y")), LetterLanguage::English) => (count, ["year", "years"]),
        (Some((count, "M")), LetterLanguage::English) => (count, ["month", "months"]),
        (Some((count, "D")), LetterLanguage::English) => (count, ["day", "days"]),
        _ => return duration.to_owned(),
    };
    let (count, [one, many]) = words;
    format!("{count} {}", if count < 2 { one } else { many })
}
