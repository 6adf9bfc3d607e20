//! The proof that somebody may see all data about a subject: the caller is the subject, or one of
//! the staff whose reading is recorded. There is no third way to make one.

use std::fmt;

use super::token::Visitor;
use store::permit::{ReadPermit, SubjectRef};
use values::ids::{StaffId, SubjectId};
use values::site::Site;

/// The caller who sees it.
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
    /// A visitor's access to their own data.
    #[must_use]
    pub const fn of_oneself(visitor: &Visitor) -> Self {
        Self { subject: visitor.subject, site: visitor.site, caller: Caller::Visitor }
    }

    /// The access of one of the staff with a permit for all of it; `None` for a permit for less.
    #[must_use]
    pub const fn permitted(permit: &ReadPermit, staff: StaffId) -> Option<Self> {
        match permit.what() {
            SubjectRef::Everything(subject) => {
                Some(Self { subject, site: Site::SHIPPED, caller: Caller::Staff(staff) })
            }
            SubjectRef::Conversation(..) | SubjectRef::Contact(_) => None,
        }
    }

    /// The values that cursors are bound to: the site, the subject, the caller.
    #[must_use]
    pub const fn bound(&self) -> (&'static Site, SubjectId, Caller) {
        (self.site, self.subject, self.caller)
    }

    /// The subject.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The site.
    #[must_use]
    pub const fn site(&self) -> &'static Site {
        self.site
    }
}
