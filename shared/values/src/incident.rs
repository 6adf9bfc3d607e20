//! Incidents: their kinds, how far they have come, what can be done about them. Words alone, no I/O.

use crate::clock::UnixMillis;
use crate::words::words;

words! {
    /// The kind of an incident.
    Kind {
        /// A token or a passkey has a second holder.
        TokenReused "token_reused",
        /// Somebody reads far more than they do, or than anybody would, or at hours that are not theirs.
        UnusualReads "unusual_reads",
        /// Somebody whose account was reset reads.
        ReadsAfterReset "reads_after_reset",
        /// Somebody takes conversations one after the other.
        ClaimAndRead "claim_and_read",
        /// Somebody asks for ids that are not theirs.
        IdProbing "id_probing",
        /// Passwords or second factors are tried in numbers.
        SignInStorm "sign_in_storm",
        /// Data is given out in numbers.
        ExportBurst "export_burst",
        /// Data is erased in numbers.
        ErasureBurst "erasure_burst",
        /// Data is kept for longer than before.
        PolicyLoosened "policy_loosened",
        /// Somebody may do more than before.
        RolesWidened "roles_widened",
        /// A network sends more guests than its limit.
        Flood "flood",
        /// A conversation was read that nobody has a reason to read.
        DecoyRead "decoy_read",
        /// Something stored was changed by hand.
        ItemTampered "item_tampered",
        /// A security event was changed by hand.
        LogTampered "log_tampered",
        /// A model is asked far more than it is.
        ModelSpending "model_spending",
        /// Entered by hand.
        Manual "manual",
    }
}

words! {
    /// How bad an incident is.
    Severity {
        /// To be looked at.
        Low "low",
        /// To be looked at today.
        Medium "medium",
        /// To be looked at now.
        High "high",
        /// Somebody is woken.
        Critical "critical",
    }
}

words! {
    /// How far an incident has come.
    Status {
        /// Nobody has looked at it.
        Open "open",
        /// Somebody is at it.
        Acknowledged "acknowledged",
        /// What caused it cannot go on.
        Contained "contained",
        /// It is over.
        Resolved "resolved",
    }
}

impl Status {
    /// Whether an incident may go from here to there. It goes on, and a resolved one may be opened again.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Resolved, Self::Open) => true,
            (from, to) => from as u8 <= to as u8,
        }
    }
}

words! {
    /// The judgement of a person on an incident that was detected.
    Verdict {
        /// It was one.
        TruePositive "true_positive",
        /// It was none.
        FalsePositive "false_positive",
    }
}

words! {
    /// An action against an incident.
    Action {
        /// Somebody cannot sign in, and their tokens open nothing.
        LockAccount "lock_account",
        /// All that somebody is signed in with ends.
        RevokeSessions "revoke_sessions",
        /// The staff export nothing.
        FreezeExports "freeze_exports",
        /// Nobody begins, writes or reads a conversation.
        LockDownSite "lock_down_site",
        /// The guests of a network work for each thing they do.
        SlowNetwork "slow_network",
        /// No model is asked.
        StopModel "stop_model",
        /// Ends another action.
        Lift "lift",
    }
}

/// How long after somebody knows of it an authority has to know (Article 33 GDPR).
pub const NOTIFY_WITHIN_MS: UnixMillis = 72 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_goes_on_and_only_a_resolved_one_is_opened_again() {
        for from in Status::ALL {
            for to in Status::ALL {
                let allowed = from <= to || (*from, *to) == (Status::Resolved, Status::Open);
                assert_eq!(from.may_become(*to), allowed, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn every_word_is_found_and_is_the_one_in_json() {
        for kind in Kind::ALL {
            assert_eq!(Kind::find(kind.as_str()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::find("none"), None);
    }
}
