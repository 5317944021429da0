//! How often each kind of error occurs in each silo.

/// The error rates of the three silos.
///
/// The defaults are assumptions about shops like those the silos are shaped after,
/// not measurements; the crate's docs compare what they amount to with data of known truth.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorRates {
    /// The ERP: keyed by clerks, years ago.
    pub erp: SiloRates,
    /// The web shop: typed by the people themselves.
    pub web: SiloRates,
    /// The CRM: taken down by ear, by advisers.
    pub crm: SiloRates,
    /// Share of rows delivered twice, byte for byte.
    pub duplicate_rows: f64,
    /// Share of extra rows that break their contract: too few fields, an impossible date, no key.
    pub bad_rows: f64,
}

/// The error rates of one silo: each a share of its rows, in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct SiloRates {
    /// The given name has a slip of the keyboard. Default: ERP 0.05, web 0.07, CRM 0.06.
    pub given_name_typo: f64,
    /// A diminutive stands for the given name. Default: ERP 0, web 0.11, CRM 0.06.
    pub given_name_nickname: f64,
    /// A compound name loses its second half, another one all but its initial. Default: ERP 0.06, web 0.05, CRM 0.06.
    pub given_name_shortened: f64,
    /// The second given name follows the first. Default: ERP 0.12, web 0.02, CRM 0.04.
    pub given_names_in_full: f64,
    /// The family name has a slip of the keyboard. Default: ERP 0.07, web 0.06, CRM 0.06.
    pub family_name_typo: f64,
    /// The family name is written as it sounds. Default: ERP 0.06, web 0.03, CRM 0.09.
    pub family_name_misheard: f64,
    /// Of those who bear two names, the other one is given. Default: ERP 0.2, web 0.22, CRM 0.22.
    pub family_name_other: f64,
    /// Given and family name stand in each other's column. Default: ERP 0.02, web 0.03, CRM 0.015.
    pub names_swapped: f64,
    /// Names are cut after eight letters, as by an old import. Default: ERP 0.04, web 0, CRM 0.
    pub truncated: f64,
    /// Accents are left out. Default: ERP 0.95, web 0.35, CRM 0.12.
    pub accents_lost: f64,
    /// All lower or all upper case. Default: ERP 0, web 0.35, CRM 0.06.
    pub case_lost: f64,
    /// No birth date. Default: ERP 0.35, web 0.45, CRM 0.3.
    pub birth_date_missing: f64,
    /// The first of January stands for an unknown day. Default: ERP 0.05, web 0.04, CRM 0.04.
    pub birth_date_placeholder: f64,
    /// Day and month are exchanged, where both stay possible. Default: ERP 0.06, web 0.04, CRM 0.06.
    pub day_month_swapped: f64,
    /// Another day, month or year by one digit. Default: ERP 0.05, web 0.05, CRM 0.05.
    pub birth_date_digit_wrong: f64,
    /// No e-mail address. Default: ERP 0.4, web 0, CRM 0.15.
    pub email_missing: f64,
    /// Another address of the same person. Default: ERP 0.12, web 0.15, CRM 0.12.
    pub email_other: f64,
    /// The address has a slip of the keyboard. Default: ERP 0.02, web 0.01, CRM 0.02.
    pub email_typo: f64,
    /// Neither phone. Default: ERP 0.2, web 0.35, CRM 0.15.
    pub phone_missing: f64,
    /// Another number of the same person. Default: ERP 0.08, web 0.08, CRM 0.08.
    pub phone_other: f64,
    /// One digit of the phone is another. Default: ERP 0.03, web 0.02, CRM 0.03.
    pub phone_digit_wrong: f64,
    /// No street, postal code or town. Default: ERP 0.03, web 0.3, CRM 0.12.
    pub address_missing: f64,
    /// The address is the one of when the account was made. Default: ERP 0.6, web 0.3, CRM 0.4.
    pub address_stale: f64,
    /// One digit of the postal code is another, or two are exchanged. Default: ERP 0.04, web 0.04, CRM 0.04.
    pub postal_code_wrong: f64,
    /// The kind of way is abbreviated. Default: ERP 0.6, web 0.15, CRM 0.3.
    pub street_abbreviated: f64,
    /// The street has a slip of the keyboard. Default: ERP 0.05, web 0.06, CRM 0.05.
    pub street_typo: f64,
}

impl Default for ErrorRates {
    fn default() -> Self {
        Self {
            erp: SiloRates {
                given_name_typo: 0.05,
                given_name_nickname: 0.0,
                given_name_shortened: 0.06,
                given_names_in_full: 0.12,
                family_name_typo: 0.07,
                family_name_misheard: 0.06,
                family_name_other: 0.2,
                names_swapped: 0.02,
                truncated: 0.04,
                accents_lost: 0.95,
                case_lost: 0.0,
                birth_date_missing: 0.35,
                birth_date_placeholder: 0.05,
                day_month_swapped: 0.06,
                birth_date_digit_wrong: 0.05,
                email_missing: 0.4,
                email_other: 0.12,
                email_typo: 0.02,
                phone_missing: 0.2,
                phone_other: 0.08,
                phone_digit_wrong: 0.03,
                address_missing: 0.03,
                address_stale: 0.6,
                postal_code_wrong: 0.04,
                street_abbreviated: 0.6,
                street_typo: 0.05,
            },
            web: SiloRates {
                given_name_typo: 0.07,
                given_name_nickname: 0.11,
                given_name_shortened: 0.05,
                given_names_in_full: 0.02,
                family_name_typo: 0.06,
                family_name_misheard: 0.03,
                family_name_other: 0.22,
                names_swapped: 0.03,
                truncated: 0.0,
                accents_lost: 0.35,
                case_lost: 0.35,
                birth_date_missing: 0.45,
                birth_date_placeholder: 0.04,
                day_month_swapped: 0.04,
                birth_date_digit_wrong: 0.05,
                email_missing: 0.0,
                email_other: 0.15,
                email_typo: 0.01,
                phone_missing: 0.35,
                phone_other: 0.08,
                phone_digit_wrong: 0.02,
                address_missing: 0.3,
                address_stale: 0.3,
                postal_code_wrong: 0.04,
                street_abbreviated: 0.15,
                street_typo: 0.06,
            },
            crm: SiloRates {
                given_name_typo: 0.06,
                given_name_nickname: 0.06,
                given_name_shortened: 0.06,
                given_names_in_full: 0.04,
                family_name_typo: 0.06,
                family_name_misheard: 0.09,
                family_name_other: 0.22,
                names_swapped: 0.015,
                truncated: 0.0,
                accents_lost: 0.12,
                case_lost: 0.06,
                birth_date_missing: 0.3,
                birth_date_placeholder: 0.04,
                day_month_swapped: 0.06,
                birth_date_digit_wrong: 0.05,
                email_missing: 0.15,
                email_other: 0.12,
                email_typo: 0.02,
                phone_missing: 0.15,
                phone_other: 0.08,
                phone_digit_wrong: 0.03,
                address_missing: 0.12,
                address_stale: 0.4,
                postal_code_wrong: 0.04,
                street_abbreviated: 0.3,
                street_typo: 0.05,
            },
            duplicate_rows: 0.005,
            bad_rows: 0.004,
        }
    }
}

impl ErrorRates {
    /// Every rate of wrong or otherwise written values times `factor`, none beyond 0.9.
    ///
    /// Missing values stay as frequent as they are: what is not there cannot be wrong, so more of
    /// them would make the rest look better. Duplicate and bad rows stay, too.
    pub fn scaled(mut self, factor: f64) -> Self {
        for silo in [&mut self.erp, &mut self.web, &mut self.crm] {
            for rate in silo.of_values() {
                *rate = (*rate * factor).min(0.9_f64.max(*rate));
            }
        }
        self
    }
}

impl SiloRates {
    /// The rates of values that are there.
    fn of_values(&mut self) -> Vec<&mut f64> {
        // Taken apart without `..`: a new rate that is forgotten here does not compile.
        let Self {
            given_name_typo,
            given_name_nickname,
            given_name_shortened,
            given_names_in_full,
            family_name_typo,
            family_name_misheard,
            family_name_other,
            names_swapped,
            truncated,
            accents_lost,
            case_lost,
            birth_date_missing: _,
            birth_date_placeholder,
            day_month_swapped,
            birth_date_digit_wrong,
            email_missing: _,
            email_other,
            email_typo,
            phone_missing: _,
            phone_other,
            phone_digit_wrong,
            address_missing: _,
            address_stale,
            postal_code_wrong,
            street_abbreviated,
            street_typo,
        } = self;
        vec![
            given_name_typo,
            given_name_nickname,
            given_name_shortened,
            given_names_in_full,
            family_name_typo,
            family_name_misheard,
            family_name_other,
            names_swapped,
            truncated,
            accents_lost,
            case_lost,
            birth_date_placeholder,
            day_month_swapped,
            birth_date_digit_wrong,
            email_other,
            email_typo,
            phone_other,
            phone_digit_wrong,
            address_stale,
            postal_code_wrong,
            street_abbreviated,
            street_typo,
        ]
    }
}
