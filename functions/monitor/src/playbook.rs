//! Playbooks: what is said and done about each kind of incident. The build reads `infra/playbooks`, and
//! this file is part of the build and of the function.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::incident::Action;

/// A group of people who are told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Told {
    /// Those who open the console.
    Console,
    /// The addresses of the alarms.
    Topic,
}

/// A playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Playbook {
    /// The heading.
    pub(crate) title: String,
    /// Whether personal data may be concerned.
    pub(crate) personal: bool,
    /// Whether a confirmed incident asks the person whom it is about for courses again.
    pub(crate) refresher: bool,
    /// The people who are told.
    pub(crate) tell: Vec<Told>,
    /// Minutes that an incident may wait for a person.
    pub(crate) escalate_after_minutes: u32,
    /// Actions that a rule which contains takes without asking.
    pub(crate) at_once: Vec<Action>,
    /// Actions that a person is offered.
    pub(crate) offered: Vec<Action>,
    /// The nature of it.
    pub(crate) nature: String,
    /// Categories of data that may be concerned.
    pub(crate) categories: Vec<String>,
    /// Consequences that are likely.
    pub(crate) consequences: String,
    /// Measures that were taken.
    pub(crate) measures: Vec<String>,
    /// The steps that people take.
    pub(crate) steps: Vec<String>,
    /// When it is over.
    pub(crate) over_when: String,
}

/// The playbooks by the words of their kinds.
pub(crate) type Playbooks = BTreeMap<String, Playbook>;
