//! The paragraphs that ask for a control.
//!
//! Each names the control itself or the measure that it looks at, by the number that its text gives it. A
//! text that only asks for security in general names no control, so some lists are empty.

use super::Control;

/// The paragraphs that ask for a control, by their numbers in each text. Empty where a text says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// OWASP ASVS 5.0.0, such as `V13.2.1`.
    pub asvs: &'static [&'static str],
    /// GDPR, such as `Art. 32(1)(b)`.
    pub gdpr: &'static [&'static str],
    /// CCPA and its regulations, such as `1798.100(e)` or `11 CCR 7123`.
    pub ccpa: &'static [&'static str],
    /// SOC 2 trust services criteria, such as `CC6.1`.
    pub soc2: &'static [&'static str],
    /// EU AI Act, such as `Art. 50(1)`.
    pub ai_act: &'static [&'static str],
}

const NOTHING: Requirement =
    Requirement { asvs: &[], gdpr: &[], ccpa: &[], soc2: &[], ai_act: &[] };

impl Control {
    /// The paragraphs that ask for it.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub const fn requirement(self) -> Requirement {
        match self {
            Self::KeyState => Requirement {
                asvs: &["V13.3.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(2)"],
                soc2: &["CC6.1"],
                ..NOTHING
            },
            Self::KeyRotation => Requirement {
                asvs: &["V13.3.4"],
                gdpr: &["Art. 32(1)(a)"],
                ccpa: &["11 CCR 7123(c)(2)"],
                soc2: &["CC6.1"],
                ..NOTHING
            },
            Self::KeyPolicy => Requirement {
                asvs: &["V13.3.2"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.1", "CC6.3"],
                ..NOTHING
            },
            Self::TableDesign => Requirement {
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(5)"],
                soc2: &["CC7.1"],
                ..NOTHING
            },
            Self::TableEncryption | Self::ItemsSealed => Requirement {
                asvs: &["V14.2.4"],
                gdpr: &["Art. 32(1)(a)"],
                ccpa: &["1798.150(a)(1)", "11 CCR 7123(c)(2)"],
                soc2: &["CC6.1", "C1.1"],
                ..NOTHING
            },
            Self::TableExpiry | Self::ItemsExpire => Requirement {
                asvs: &["V14.2.7"],
                gdpr: &["Art. 5(1)(e)"],
                ccpa: &["1798.100(a)(3)", "11 CCR 7123(c)(16)"],
                soc2: &["C1.2", "P4.2"],
                ..NOTHING
            },
            Self::TableRecovery => Requirement {
                asvs: &["V14.2.4"],
                gdpr: &["Art. 17(1)", "Art. 32(1)(c)"],
                ccpa: &["11 CCR 7123(c)(16)", "11 CCR 7123(c)(18)"],
                soc2: &["A1.2", "C1.2"],
                ..NOTHING
            },
            Self::TableProtection => Requirement {
                gdpr: &["Art. 5(1)(f)"],
                ccpa: &["1798.100(e)"],
                soc2: &["A1.2"],
                ..NOTHING
            },
            Self::TablePolicy => Requirement {
                asvs: &["V13.2.2"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.1", "CC6.6"],
                ..NOTHING
            },
            Self::RolePermissions => Requirement {
                asvs: &["V13.2.2"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.3"],
                ..NOTHING
            },
            Self::RoleTrust => Requirement {
                asvs: &["V13.2.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.1"],
                ..NOTHING
            },
            Self::RoleUnused => Requirement {
                asvs: &["V13.2.2"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.3"],
                ..NOTHING
            },
            Self::FunctionPublic => Requirement {
                asvs: &["V13.2.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(11)"],
                soc2: &["CC6.6"],
                ..NOTHING
            },
            Self::FunctionRuntime => Requirement {
                asvs: &["V15.2.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(5)"],
                soc2: &["CC7.1"],
                ..NOTHING
            },
            Self::FunctionSettings => {
                Requirement { ccpa: &["11 CCR 7123(c)(5)"], soc2: &["CC7.1", "CC8.1"], ..NOTHING }
            }
            Self::FunctionVersion => {
                Requirement { ccpa: &["11 CCR 7123(c)(5)"], soc2: &["CC8.1"], ..NOTHING }
            }
            Self::BuildAge => Requirement {
                asvs: &["V15.1.1", "V15.2.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(5)"],
                soc2: &["CC7.1"],
                ..NOTHING
            },
            Self::Advisories => Requirement {
                asvs: &["V15.2.1"],
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(5)", "11 CCR 7123(c)(6)"],
                soc2: &["CC7.1"],
                ..NOTHING
            },
            Self::AdvisoriesAge => Requirement {
                asvs: &["V15.2.1"],
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(6)", "11 CCR 7123(c)(12)"],
                soc2: &["CC7.1"],
                ..NOTHING
            },
            Self::LogRetention => Requirement {
                asvs: &["V16.1.1"],
                gdpr: &["Art. 5(1)(e)"],
                ccpa: &["11 CCR 7123(c)(7)"],
                soc2: &["P4.2"],
                ..NOTHING
            },
            Self::AlarmPresent => Requirement {
                asvs: &["V16.4.3"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(8)"],
                soc2: &["CC7.2"],
                ..NOTHING
            },
            Self::AlarmState => {
                Requirement { gdpr: &["Art. 32(1)(b)"], soc2: &["CC7.3"], ..NOTHING }
            }
            Self::AlarmHeard => Requirement {
                asvs: &["V16.4.3"],
                gdpr: &["Art. 33(1)"],
                ccpa: &["11 CCR 7123(c)(17)"],
                soc2: &["CC7.3"],
                ..NOTHING
            },
            Self::DeadLetters | Self::ApiAnswers => {
                Requirement { gdpr: &["Art. 32(1)(b)"], soc2: &["CC7.2"], ..NOTHING }
            }
            Self::SweepRuns => Requirement {
                asvs: &["V14.2.7"],
                gdpr: &["Art. 5(1)(e)", "Art. 17(1)"],
                ccpa: &["1798.100(a)(3)", "11 CCR 7123(c)(16)"],
                soc2: &["C1.2", "P4.3"],
                ..NOTHING
            },
            Self::KeyList => Requirement {
                asvs: &["V13.3.4"],
                gdpr: &["Art. 32(1)(a)"],
                ccpa: &["11 CCR 7123(c)(2)"],
                soc2: &["CC6.7"],
                ..NOTHING
            },
            Self::ApiStage => Requirement {
                asvs: &["V2.4.1"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(7)", "11 CCR 7123(c)(8)"],
                soc2: &["CC6.6", "CC7.2"],
                ..NOTHING
            },
            Self::Tls => Requirement {
                asvs: &["V12.1.1", "V12.2.1"],
                gdpr: &["Art. 32(1)(a)"],
                ccpa: &["11 CCR 7123(c)(2)"],
                soc2: &["CC6.7"],
                ..NOTHING
            },
            Self::Headers => Requirement {
                asvs: &["V3.4.1", "V3.4.3", "V3.4.4", "V3.4.6"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(5)"],
                soc2: &["CC6.6"],
                ..NOTHING
            },
            Self::Cors => Requirement {
                asvs: &["V3.4.2"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(5)"],
                soc2: &["CC6.6"],
                ..NOTHING
            },
            Self::RecordsWhole => Requirement {
                asvs: &["V14.2.4"],
                gdpr: &["Art. 5(1)(f)"],
                ccpa: &["1798.100(e)"],
                soc2: &["CC7.2"],
                ..NOTHING
            },
            Self::StaffTraining => Requirement {
                gdpr: &["Art. 32(4)", "Art. 39(1)(b)"],
                ccpa: &["1798.130(a)(6)", "11 CCR 7123(c)(13)"],
                soc2: &["CC1.4", "CC2.2"],
                ai_act: &["Art. 4"],
                ..NOTHING
            },
            Self::StaffFactors => Requirement {
                asvs: &["V6.3.3"],
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(1)"],
                soc2: &["CC6.1"],
                ..NOTHING
            },
            Self::StaffDormant => Requirement {
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.2", "CC6.3"],
                ..NOTHING
            },
            Self::StaffAdmins => Requirement {
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(18)"],
                soc2: &["CC9.1"],
                ..NOTHING
            },
            Self::RequestsDue => Requirement {
                gdpr: &["Art. 12(3)"],
                ccpa: &["1798.130(a)(2)", "11 CCR 7021"],
                soc2: &["P5.1", "P8.1"],
                ..NOTHING
            },
            Self::ErasuresLate => Requirement {
                gdpr: &["Art. 12(3)", "Art. 17(1)"],
                ccpa: &["1798.105(c)(1)", "11 CCR 7022"],
                soc2: &["C1.2", "P4.3"],
                ..NOTHING
            },
            Self::IncidentsOpen => Requirement {
                gdpr: &["Art. 33(1)"],
                ccpa: &["11 CCR 7123(c)(17)"],
                soc2: &["CC7.4"],
                ..NOTHING
            },
            Self::LogConsistent => Requirement {
                asvs: &["V16.4.2"],
                gdpr: &["Art. 5(2)"],
                ccpa: &["11 CCR 7123(c)(7)"],
                soc2: &["CC7.2"],
                ..NOTHING
            },
            Self::IncidentDrill => Requirement {
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(17)"],
                soc2: &["CC7.4"],
                ..NOTHING
            },
            Self::RestoreDrill => Requirement {
                gdpr: &["Art. 32(1)(c)", "Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(18)"],
                soc2: &["A1.3"],
                ..NOTHING
            },
            Self::KeyChangeDrill => Requirement {
                asvs: &["V11.2.2"],
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(17)"],
                soc2: &["CC7.5"],
                ..NOTHING
            },
            Self::AccessReview => Requirement {
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(3)"],
                soc2: &["CC6.2", "CC6.3"],
                ..NOTHING
            },
            Self::ReleaseReview => Requirement {
                asvs: &["V15.2.1"],
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7123(c)(5)", "11 CCR 7123(c)(14)"],
                soc2: &["CC8.1"],
                ..NOTHING
            },
            Self::OutsideTest => Requirement {
                gdpr: &["Art. 32(1)(d)"],
                ccpa: &["11 CCR 7122", "11 CCR 7123(c)(6)"],
                soc2: &["CC4.1"],
                ..NOTHING
            },
            Self::AccountBaseline => Requirement {
                gdpr: &["Art. 32(1)(b)"],
                ccpa: &["11 CCR 7123(c)(1)", "11 CCR 7123(c)(7)"],
                soc2: &["CC6.1", "CC7.2"],
                ..NOTHING
            },
            Self::ProcessingRecord => Requirement {
                asvs: &["V14.1.1"],
                gdpr: &["Art. 5(2)", "Art. 30(1)"],
                ccpa: &["11 CCR 7123(c)(4)"],
                soc2: &["C1.1"],
                ..NOTHING
            },
            Self::ImpactAssessment => Requirement {
                gdpr: &["Art. 35(1)", "Art. 35(11)"],
                ccpa: &["11 CCR 7150", "11 CCR 7155"],
                soc2: &["CC3.2"],
                ..NOTHING
            },
            Self::NoticeReview => Requirement {
                gdpr: &["Art. 13(1)", "Art. 13(2)"],
                ccpa: &["1798.100(a)", "1798.130(a)(5)", "11 CCR 7012"],
                soc2: &["P1.1"],
                ..NOTHING
            },
            Self::ProcessorReview => Requirement {
                gdpr: &["Art. 28(3)"],
                ccpa: &["1798.100(d)", "11 CCR 7051", "11 CCR 7123(c)(15)"],
                soc2: &["CC9.2", "P6.4"],
                ..NOTHING
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whether it is a number from 1 to `last`, as texts write it.
    fn is_number(text: &str, last: u16) -> bool {
        let value = text.parse::<u16>().unwrap_or_default();
        (1..=last).contains(&value) && text == value.to_string()
    }

    /// Whether it is nothing but paragraphs in brackets, such as `(1)(b)`.
    fn is_brackets(text: &str) -> bool {
        let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let is_paragraph =
            |part: &str| is_number(part, 99) || matches!(part.as_bytes(), [b'a'..=b'z']);
        text.is_empty() || inner.is_some_and(|inner| inner.split(")(").all(is_paragraph))
    }

    /// The number before the first bracket, and the brackets.
    fn split(text: &str) -> (&str, &str) {
        text.split_at(text.find('(').unwrap_or(text.len()))
    }

    fn is_asvs(text: &str) -> bool {
        let parts: Vec<_> = text.strip_prefix('V').unwrap_or_default().split('.').collect();
        matches!(*parts, [chapter, section, item]
            if is_number(chapter, 17) && is_number(section, 8) && is_number(item, 13))
    }

    fn is_article(text: &str, last: u16) -> bool {
        let (number, rest) = split(text.strip_prefix("Art. ").unwrap_or_default());
        is_number(number, last) && is_brackets(rest)
    }

    fn is_ccpa(text: &str) -> bool {
        let (number, rest) = split(text);
        let is_of_code = number
            .strip_prefix("1798.")
            .is_some_and(|section| is_number(section, 199) && section.len() == 3);
        let is_of_regulations = number.strip_prefix("11 CCR ").is_some_and(|section| {
            is_number(section, 7999) && section.starts_with('7') && section.len() == 4
        });
        (is_of_code || is_of_regulations) && is_brackets(rest)
    }

    fn is_soc2(text: &str) -> bool {
        let Some((series, item)) = text.split_once('.') else { return false };
        let is_series = ["A1", "C1"].contains(&series)
            || series.strip_prefix("CC").is_some_and(|number| is_number(number, 9))
            || series.strip_prefix('P').is_some_and(|number| is_number(number, 8));
        is_series && is_number(item, 8)
    }

    /// Whether each of them is one, and none is there twice.
    fn fits(numbers: &[&str], is_one: fn(&str) -> bool) -> bool {
        let once: BTreeSet<_> = numbers.iter().collect();
        once.len() == numbers.len() && numbers.iter().all(|number| is_one(number))
    }

    #[test]
    fn every_number_has_the_form_of_its_text() {
        for control in Control::ALL {
            let Requirement { asvs, gdpr, ccpa, soc2, ai_act } = control.requirement();
            assert!(fits(asvs, is_asvs), "{control:?}: {asvs:?}");
            assert!(fits(gdpr, |text| is_article(text, 99)), "{control:?}: {gdpr:?}");
            assert!(fits(ccpa, is_ccpa), "{control:?}: {ccpa:?}");
            assert!(fits(soc2, is_soc2), "{control:?}: {soc2:?}");
            assert!(fits(ai_act, |text| is_article(text, 113)), "{control:?}: {ai_act:?}");
        }
    }

    #[test]
    fn something_asks_for_every_control() {
        for control in Control::ALL {
            assert_ne!(control.requirement(), NOTHING, "{control:?}");
        }
    }

    #[test]
    fn a_number_of_another_form_is_none() {
        for good in ["V1.1.1", "V13.2.1", "V16.4.3"] {
            assert!(is_asvs(good), "{good}");
        }
        for bad in ["", "13.2.1", "V18.1.1", "V13.2", "V13.2.1.1", "V13.02.1", "V13.2.x", "V0.1.1"]
        {
            assert!(!is_asvs(bad), "{bad}");
        }
        for good in ["Art. 5(2)", "Art. 32(1)(b)", "Art. 4"] {
            assert!(is_article(good, 99), "{good}");
        }
        for bad in
            ["", "Art.5", "32(1)(b)", "Art. 100", "Art. 5(", "Art. 5()", "Art. 5(1)b", "Art. 5(B)"]
        {
            assert!(!is_article(bad, 99), "{bad}");
        }
        for good in ["1798.100(e)", "1798.130(a)(5)", "11 CCR 7022", "11 CCR 7123(c)(13)"] {
            assert!(is_ccpa(good), "{good}");
        }
        for bad in
            ["", "1798", "1798.1", "1798.200", "11 CCR 712", "11 CCR 8000", "7022", "11 CCR 7123c"]
        {
            assert!(!is_ccpa(bad), "{bad}");
        }
        for good in ["CC6.1", "A1.2", "C1.1", "P8.1"] {
            assert!(is_soc2(good), "{good}");
        }
        for bad in ["", "CC6", "CC10.1", "A2.1", "P9.1", "PI1.1", "CC6.9", "C6.1"] {
            assert!(!is_soc2(bad), "{bad}");
        }
    }
}
