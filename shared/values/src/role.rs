//! The roles of the staff.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A role. Nobody reads a transcript by being an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Answers visitors.
    Agent,
    /// Subject requests, holds, retention.
    Privacy,
    /// Incidents and the audit log.
    Security,
    /// People and sites.
    Admin,
    /// Reads the audit log for a time, from outside.
    Auditor,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 5] =
        [Self::Agent, Self::Privacy, Self::Security, Self::Admin, Self::Auditor];

    /// Its name in tokens, requests and items.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Privacy => "privacy",
            Self::Security => "security",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of roles; in JSON a list of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// The roles that reach other people's data or accounts.
    pub const OFFICERS: Self = Self(Role::Privacy.bit() | Role::Security.bit() | Role::Admin.bit());

    /// The set of these roles; `None` when one is named twice or has no such name.
    #[must_use]
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().try_fold(Self::default(), |Self(bits), name| {
            let bit = Role::find(name)?.bit();
            (bits & bit == 0).then_some(Self(bits | bit))
        })
    }

    /// Whether the role is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// These roles but for `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those of these roles that are in `others` too.
    #[must_use]
    pub const fn only(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are in this set or in `others`.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one person may have them together: an auditor is from outside and has no other role.
    #[must_use]
    pub const fn go_together(self) -> bool {
        !self.has(Role::Auditor) || self.0 == Role::Auditor.bit()
    }

    /// The roles, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Role::as_str))
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Self::read(names.iter().map(String::as_str))
            .ok_or_else(|| serde::de::Error::custom("no set of roles"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_and_written_by_names() {
        let roles = Roles::read(["admin", "agent"]).unwrap();
        assert_eq!(serde_json::to_string(&roles).unwrap(), r#"["agent","admin"]"#);
        assert_eq!(serde_json::from_str::<Roles>(r#"["agent","admin"]"#).unwrap(), roles);
        assert!(roles.has(Role::Admin) && !roles.has(Role::Privacy) && !roles.is_empty());
        assert!(Roles::read(["agent", "agent"]).is_none());
        assert!(Roles::read(["root"]).is_none());
        assert!(serde_json::from_str::<Roles>(r#"["Agent"]"#).is_err());
    }

    #[test]
    fn an_auditor_has_no_other_role() {
        for role in Role::ALL {
            let roles = Roles::from_iter([Role::Auditor, role]);
            assert_eq!(roles.go_together(), role == Role::Auditor, "{}", role.as_str());
            assert!(Roles::from_iter([Role::Admin, role]).go_together() || role == Role::Auditor);
        }
        assert!(!Roles::OFFICERS.has(Role::Auditor));
    }
}
