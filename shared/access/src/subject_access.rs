//! That somebody may see all that is held about a subject: because it is they themselves, or because it
//! is told that one of the staff reads it. There is no third way to make one.

use std::fmt;

use super::token::Visitor;
use store::permit::{ReadPermit, SubjectRef};
use values::ids::{StaffId, SubjectId};
use values::site::Site;

/// Who sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The subject.
    Visitor,
    /// One of the staff.
    Staff(StaffId),
}

impl fmt::Display for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor => out.write_str("visitor"),
            Self::Staff(id) => write!(out, "staff {id}"),
        }
    }
}

/// See the module.
pub struct SubjectAccess {
    subject: SubjectId,
    site: &'static Site,
    caller: Caller,
}

impl SubjectAccess {
    /// Of a visitor into what is held about themselves.
    #[must_use]
    pub const fn of_oneself(visitor: &Visitor) -> Self {
        Self { subject: visitor.subject, site: visitor.site, caller: Caller::Visitor }
    }

    /// Of one of the staff, to whom all of it was permitted; `None` for a permission of less.
    #[must_use]
    pub const fn permitted(permit: &ReadPermit, staff: StaffId) -> Option<Self> {
        match permit.what() {
            SubjectRef::Everything(subject) => {
                Some(Self { subject, site: Site::SHIPPED, caller: Caller::Staff(staff) })
            }
            SubjectRef::Conversation(..) | SubjectRef::Contact(_) => None,
        }
    }

    /// What cursors are bound to: the site, about whom, whose.
    #[must_use]
    pub const fn bound(&self) -> (&'static Site, SubjectId, Caller) {
        (self.site, self.subject, self.caller)
    }

    /// About whom.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// Of which site.
    #[must_use]
    pub const fn site(&self) -> &'static Site {
        self.site
    }
}
