//! Acts: the security events as detection sees them.

use serde::{Deserialize, Serialize};
use shared::clock::UnixMillis;
use shared::ids::StaffId;
use shared::store::incident::Whose;

/// The act that an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Act {
    /// Somebody of the staff did something that counts for no rule.
    #[serde(rename = "w")]
    Work,
    /// A transcript or contacts were read.
    #[serde(rename = "r")]
    Read,
    /// A conversation was claimed.
    #[serde(rename = "c")]
    Claim,
    /// A conversation was given to them by a colleague.
    #[serde(rename = "v")]
    Receive,
    /// Data was given out.
    #[serde(rename = "x")]
    Export,
    /// A subject was erased, or that was asked for.
    #[serde(rename = "e")]
    Erase,
    /// A right was used that rests.
    #[serde(rename = "d")]
    Refused,
    /// A second factor that was shown again was wrong.
    #[serde(rename = "s")]
    StepUpFailed,
    /// A password or second factor was reset, or a recovery code was used.
    #[serde(rename = "z")]
    Reset,
    /// A second factor was enrolled.
    #[serde(rename = "f")]
    NewFactor,
    /// A refresh token was used twice.
    #[serde(rename = "t")]
    TokenReused,
    /// The counter of a passkey went back.
    #[serde(rename = "k")]
    PasskeyWentBack,
    /// Somebody has more roles.
    #[serde(rename = "g")]
    RolesWidened,
    /// Something is kept for longer.
    #[serde(rename = "p")]
    PolicyLoosened,
    /// Attempts to sign in have to wait.
    #[serde(rename = "b")]
    ThrottleBegan,
    /// A network is over its limit.
    #[serde(rename = "n")]
    Flood,
    /// A visitor asks for ids that are not theirs.
    #[serde(rename = "i")]
    IdsProbed,
    /// The ledger has an erasure that nothing bears out.
    #[serde(rename = "u")]
    ErasureUnproven,
}

/// A security event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// When it was.
    pub at_ms: UnixMillis,
    /// The act that it tells of.
    pub act: Act,
    /// The member of the staff whose habits it belongs to.
    pub person: Option<StaffId>,
    /// The id of the object.
    pub object: String,
}

impl Event {
    /// Reads the act of an event by the word that is stored; `None` for what no rule and no habit needs.
    #[must_use]
    pub fn of(
        (id, at_ms): (String, UnixMillis),
        action: &str,
        actor: Option<StaffId>,
        object: String,
    ) -> Option<Self> {
        // The object names the person first: `<person>`, `<person>/<factor>`, `<person>/<session>`.
        let named = || object.split('/').next().and_then(StaffId::parse);
        let (act, person) = match action {
            "transcript_read" | "contact_read" | "leads_read" => (Act::Read, actor),
            "conversation_claimed" => (Act::Claim, actor),
            "conversation_received" => (Act::Receive, Some(actor?)),
            "subject_exported" | "leads_exported" => (Act::Export, actor),
            // A visitor who erases what is theirs is nobody of the staff.
            "subject_erased" | "erasure_asked" => (Act::Erase, Some(actor?)),
            "cooling_down" => (Act::Refused, actor),
            "step_up_failed" => (Act::StepUpFailed, actor),
            "factors_reset" | "password_reset" | "recovery_code_used" => (Act::Reset, named()),
            "factor_enrolled" => (Act::NewFactor, named()),
            "token_reused" => (Act::TokenReused, named()),
            "passkey_counter_went_back" => (Act::PasskeyWentBack, named()),
            "roles_widened" => (Act::RolesWidened, named()),
            "policy_loosened" => (Act::PolicyLoosened, actor),
            "throttle_began" => (Act::ThrottleBegan, None),
            "flood" => (Act::Flood, None),
            "ids_probed" => (Act::IdsProbed, None),
            "erasure_unproven" => (Act::ErasureUnproven, None),
            // Detection does not look at itself.
            "incident_opened" | "incident_changed" | "incident_action" => return None,
            _ => (Act::Work, Some(actor?)),
        };
        // A list of contacts names the site; each page of it is another reading.
        let object = if action.starts_with("leads_") { id.clone() } else { object };
        Some(Self { id, at_ms, act, person, object })
    }

    /// The one whose habits it belongs to. Networks and visitors have theirs, so that a flood of one pushes nothing
    /// out of another's.
    #[must_use]
    pub fn whose(&self) -> Whose {
        match (self.person, self.act) {
            (Some(person), _) => Whose::Person(person),
            (None, Act::Flood) => Whose::Network(self.object.clone()),
            (None, Act::IdsProbed) => Whose::Subject(self.object.clone()),
            (None, _) => Whose::Site,
        }
    }
}
