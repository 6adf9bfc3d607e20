//! The dependencies of this build against the advisories that it carries. No network, no AWS.
//!
//! `cargo local advisories` writes the list from a checkout of the database. The build script takes the packages
//! from Cargo.lock, and from deny.toml the advisories that we accept.

use std::collections::BTreeSet;

use semver::{BuildMetadata, Comparator, Op, Version, VersionReq};
use serde::{Deserialize, Serialize};
use shared::clock::{UnixMillis, from_rfc3339};
use shared::values::policy::DAY_MS;

use crate::finding::{Chapter, Finding, Severity};

/// One line a package: its name and its version.
const PACKAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/packages.txt"));
const ACCEPTED: &str = include_str!(concat!(env!("OUT_DIR"), "/accepted.json"));
const CARRIED: &str = include_str!("../advisories.json");

/// The list may be this old.
const RECENT_DAYS: UnixMillis = 90;

/// The advisories that a build carries: `shared/checks/advisories.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// The day of the database's last commit, such as 2027-01-31; `None` if no database was read.
    pub read_at: Option<String>,
    /// The address of the database.
    pub source: String,
    /// Its last commit; `None` if no database was read.
    pub commit: Option<String>,
    /// Those about packages of Cargo.lock.
    pub advisories: Vec<Advisory>,
}

/// A known fault of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its id, such as RUSTSEC-2024-0001.
    pub id: String,
    /// The package.
    pub package: String,
    /// The fault in a few words.
    pub title: String,
    /// Ranges of versions in which it is mended.
    pub patched: Vec<String>,
    /// Ranges of versions that never had it.
    pub unaffected: Vec<String>,
    /// Whether it turned out to be none.
    pub withdrawn: bool,
    /// A word such as `unmaintained` if it is no vulnerability.
    pub informational: Option<String>,
}

/// An advisory that deny.toml accepts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// Why it does no harm.
    pub reason: String,
}

/// The findings about the dependencies of this build, of which `now_ms` is the time of the look.
#[must_use]
pub fn findings(now_ms: UnixMillis) -> Vec<Finding> {
    // A test reads both. If they were unreadable, nothing would be accepted and nothing called fine.
    let carried: Carried = serde_json::from_str(CARRIED).unwrap_or_default();
    let accepted: Vec<Accepted> = serde_json::from_str(ACCEPTED).unwrap_or_default();
    judge(PACKAGES, &carried, &accepted, now_ms)
}

/// The names of the packages that this build's Cargo.lock takes from a registry.
#[must_use]
pub fn names() -> BTreeSet<&'static str> {
    PACKAGES.lines().filter_map(|line| line.split(' ').next()).collect()
}

/// The findings about packages, one a line with name and version, of which `now_ms` is the time of the look.
#[must_use]
pub fn judge(
    packages: &str,
    carried: &Carried,
    accepted: &[Accepted],
    now_ms: UnixMillis,
) -> Vec<Finding> {
    let (Some(packages), Some(read_ms)) = (parse(packages), carried.read_ms()) else {
        return vec![absent()];
    };
    // A database that knows nothing about hundreds of packages was not read.
    if packages.is_empty() || carried.advisories.is_empty() {
        return vec![absent()];
    }
    let mut findings = Vec::new();
    for advisory in carried.advisories.iter().filter(|advisory| !advisory.withdrawn) {
        let of_it = packages.iter().filter(|(name, _)| *name == advisory.package);
        for (_, version) in of_it.filter(|(_, version)| advisory.affects(version)) {
            let accepted = accepted.iter().find(|accepted| accepted.id == advisory.id);
            findings.push(advisory.finding(version, accepted));
        }
    }
    if findings.iter().all(|finding| finding.severity == Severity::Fine) {
        findings.push(none(packages.len(), carried.advisories.len(), findings.len()));
    }
    findings.push(age(carried, read_ms, now_ms));
    findings
}

/// `None` if a version cannot be read, since nothing would be known about that package.
fn parse(packages: &str) -> Option<Vec<(&str, Version)>> {
    let packages = packages.lines().map(|line| {
        let (name, version) = line.split_once(' ')?;
        Some((name, Version::parse(version).ok()?))
    });
    packages.collect()
}

fn absent() -> Finding {
    let finding = Finding::look(
        "advisories_absent",
        "The dependencies could not be looked at: this build carries no list of advisories.",
        "Deploy a build for which cargo local advisories has written the list.",
        Chapter::Upgrades,
    );
    Finding { severity: Severity::CouldNotLook, ..finding }
}

fn none(packages: usize, advisories: usize, accepted: usize) -> Finding {
    let besides = match accepted {
        0 => String::new(),
        number => format!(", besides {number} that deny.toml accepts"),
    };
    let what = format!(
        "No advisory is about a version in use{besides}: {packages} packages were compared with \
         {advisories} advisories."
    );
    Finding::fine("advisories_none", what, Chapter::Upgrades)
}

fn age(carried: &Carried, read_ms: UnixMillis, now_ms: UnixMillis) -> Finding {
    let old_ms = now_ms.saturating_sub(read_ms);
    let date = carried.read_at.as_deref().unwrap_or_default();
    let days = old_ms.max(0) / DAY_MS;
    let what = format!("The list of advisories is of {date}, {days} days old.");
    if old_ms > RECENT_DAYS * DAY_MS {
        let advice = "Build a newer release with a newer list, and deploy it.";
        Finding::look("advisories_old", what, advice, Chapter::Upgrades)
    } else {
        Finding::fine("advisories_recent", what, Chapter::Upgrades)
    }
}

impl Carried {
    fn read_ms(&self) -> Option<UnixMillis> {
        from_rfc3339(&format!("{}T00:00:00Z", self.read_at.as_deref()?))
    }
}

impl Advisory {
    /// A range that cannot be read, if there is one. It covers no version.
    #[must_use]
    pub fn unreadable(&self) -> Option<&str> {
        self.ranges().find(|range| VersionReq::parse(range).is_err())
    }

    /// Whether that version has the fault: every version that is neither patched nor unaffected.
    fn affects(&self, version: &Version) -> bool {
        let mut ranges = self.ranges().filter_map(|range| VersionReq::parse(range).ok());
        !ranges.any(|range| covers(&range, version))
    }

    fn ranges(&self) -> impl Iterator<Item = &str> {
        self.patched.iter().chain(&self.unaffected).map(String::as_str)
    }

    fn finding(&self, version: &Version, accepted: Option<&Accepted>) -> Finding {
        let Self { id, package, patched, .. } = self;
        let (code, see) = ("advisory", Chapter::Upgrades);
        let title = self.title.trim_end_matches('.');
        if let Some(Accepted { reason, .. }) = accepted {
            let what = format!("{id} about {package} {version} is accepted: {reason}.");
            return Finding::fine(code, what, see);
        }
        let advice = if patched.is_empty() {
            format!("No version is patched: replace {package}, or accept it in deny.toml.")
        } else {
            format!("Update {package} to a patched version ({}), and deploy.", patched.join(" or "))
        };
        if let Some(kind) = &self.informational {
            let what = format!("{id} ({kind}) is about {package} {version}: {title}.");
            Finding::look(code, what, advice, see)
        } else {
            let what = format!("{id} is about {package} {version}: {title}.");
            Finding::wrong(code, what, advice, see)
        }
    }
}

/// Whether a version is in a range. The crate finds a pre-release only in ranges that name one of the same
/// version, because cargo picks none unasked; here 2.0.0-rc.1 is newer than a patched 1.2.3.
fn covers(range: &VersionReq, version: &Version) -> bool {
    range.matches(version)
        || (!version.pre.is_empty()
            && range.comparators.iter().all(|bound| covers_before(bound, version)))
}

/// The same for a pre-release and one bound. It is judged as its release, and must be above a lower bound
/// itself: 1.2.3-rc.1 may lack the patch of 1.2.3, and 1.0.0-alpha.1 may have the fault that came with 1.0.0.
fn covers_before(bound: &Comparator, version: &Version) -> bool {
    let release = Version::new(version.major, version.minor, version.patch);
    let end = Version {
        major: bound.major,
        minor: bound.minor.unwrap_or_default(),
        patch: bound.patch.unwrap_or_default(),
        pre: bound.pre.clone(),
        build: BuildMetadata::EMPTY,
    };
    // Build metadata has an order too, which says nothing here.
    let version = Version { build: BuildMetadata::EMPTY, ..version.clone() };
    match bound.op {
        Op::Less if !end.pre.is_empty() => version < end,
        Op::LessEq if !end.pre.is_empty() => version <= end,
        Op::Less | Op::LessEq => bound.matches(&release),
        Op::Greater => version > end && bound.matches(&release),
        // A whole version without a pre-release is another one.
        Op::Exact => bound.patch.is_none() && bound.matches(&release),
        _ => version >= end && bound.matches(&release),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-06-01";

    fn advisory(patched: &[&str], unaffected: &[&str]) -> Advisory {
        let owned = |ranges: &[&str]| ranges.iter().map(|range| (*range).to_owned()).collect();
        Advisory {
            id: "RUSTSEC-2026-9001".to_owned(),
            package: "made-up".to_owned(),
            title: "It reads past the end.".to_owned(),
            patched: owned(patched),
            unaffected: owned(unaffected),
            withdrawn: false,
            informational: None,
        }
    }

    fn carried(advisory: Advisory) -> Carried {
        let (source, commit) = ("https://example.com/db".to_owned(), Some("c0ffee".to_owned()));
        Carried { read_at: Some(DAY.to_owned()), source, commit, advisories: vec![advisory] }
    }

    fn at(days: i64) -> UnixMillis {
        from_rfc3339(&format!("{DAY}T00:00:00Z")).unwrap() + days * DAY_MS
    }

    fn found(packages: &str, advisory: Advisory) -> Vec<(Severity, &'static str)> {
        let findings = judge(packages, &carried(advisory), &[], at(1));
        findings.iter().map(|finding| (finding.severity, finding.code)).collect()
    }

    const RECENT: (Severity, &str) = (Severity::Fine, "advisories_recent");
    const NONE: (Severity, &str) = (Severity::Fine, "advisories_none");
    const WRONG: (Severity, &str) = (Severity::Wrong, "advisory");

    #[test]
    fn a_version_has_the_fault_unless_it_is_patched_or_never_had_it() {
        let cases: &[(&[&str], &[&str], &str, bool)] = &[
            (&[">=1.2.3"], &[], "1.2.2", true),
            (&[">=1.2.3"], &[], "1.2.3", false),
            (&[">= 1.2.3, < 1.3.0", ">=1.3.4"], &[], "1.2.9", false),
            (&[">= 1.2.3, < 1.3.0", ">=1.3.4"], &[], "1.3.3", true),
            (&["^0.7.3"], &[], "0.7.9", false),
            (&["^0.7.3"], &[], "0.8.0", true),
            (&[], &["<1.0.0"], "0.9.9", false),
            (&[], &["<1.0.0"], "1.0.0", true),
            (&[">=1.2.3"], &["<1.0.0"], "0.9.9", false),
            (&[">=1.2.3"], &["<1.0.0"], "1.1.0", true),
            (&[">=1.2.3"], &["<1.0.0"], "1.2.3", false),
            (&[], &[], "7.0.0", true),
            // A range that cannot be read covers nothing.
            (&["newer"], &[], "7.0.0", true),
            // Pre-releases, by their order.
            (&[">=1.2.3"], &[], "2.0.0-rc.1", false),
            (&[">=1.2.3"], &[], "1.2.3-rc.1", true),
            (&[">1.2.2"], &[], "1.2.3-rc.1", false),
            (&[">1.2.3-rc.1"], &[], "1.2.3-rc.1", true),
            (&[">=1.2.3-rc.2"], &[], "1.2.3-rc.1", true),
            (&[">=1.2.3-rc.2"], &[], "1.2.3-rc.3", false),
            (&[">=1.2.3-rc.2"], &[], "1.2.4-rc.1", false),
            (&["^1.2.3"], &[], "1.3.0-rc.1", false),
            (&["^1.2.3"], &[], "2.0.0-rc.1", true),
            (&["=1.2.3"], &[], "1.2.3-rc.1", true),
            (&[], &["<1.0.0"], "0.9.0-rc.1", false),
            (&[], &["<1.0.0"], "1.0.0-rc.1", true),
            (&[], &["<1.0.0-rc.2"], "1.0.0-rc.1", false),
            (&[], &["<=1.0.0"], "1.0.0-rc.1", false),
            // Metadata of a build is no part of the order.
            (&[">=0.9.12"], &[], "0.9.12+spec-1.1.0", false),
            (&[">=1.2.3-rc.2"], &[], "1.2.3-rc.2+built", false),
        ];
        for &(patched, unaffected, version, is_wrong) in cases {
            let packages = format!("made-up {version}\n");
            let expected = if is_wrong { [WRONG, RECENT] } else { [NONE, RECENT] };
            let found = found(&packages, advisory(patched, unaffected));
            assert_eq!(found, expected, "{version}, {patched:?}, {unaffected:?}");
        }
    }

    #[test]
    fn each_version_in_the_lock_is_judged_and_no_other_package() {
        let packages = "made-up 1.0.0\nmade-up 1.2.3\nmade-up 1.1.0\nmade-up-too 1.0.0\n";
        let findings = judge(packages, &carried(advisory(&[">=1.2.3"], &[])), &[], at(1));
        let [first, second, age] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(first.what, "RUSTSEC-2026-9001 is about made-up 1.0.0: It reads past the end.");
        assert_eq!(first.advice, "Update made-up to a patched version (>=1.2.3), and deploy.");
        assert!(second.what.contains("made-up 1.1.0"), "{}", second.what);
        assert_eq!(age.code, "advisories_recent");
        assert_eq!(found("made-up-too 1.0.0\n", advisory(&[], &[])), [NONE, RECENT]);
    }

    #[test]
    fn a_withdrawn_one_is_none_and_an_unmaintained_package_is_to_be_looked_at() {
        let withdrawn = Advisory { withdrawn: true, ..advisory(&[], &[]) };
        assert_eq!(found("made-up 1.0.0\n", withdrawn), [NONE, RECENT]);
        let unmaintained =
            Advisory { informational: Some("unmaintained".to_owned()), ..advisory(&[], &[]) };
        let expected = [(Severity::LookAtIt, "advisory"), RECENT];
        assert_eq!(found("made-up 1.0.0\n", unmaintained), expected);
    }

    #[test]
    fn an_accepted_one_is_fine_and_its_reason_is_said() {
        let accept = |id: &str| {
            let reason = "we only verify".to_owned();
            let accepted = [Accepted { id: id.to_owned(), reason }];
            judge("made-up 1.0.0\n", &carried(advisory(&[], &[])), &accepted, at(1))
        };
        let findings = accept("RUSTSEC-2026-9001");
        assert!(findings.iter().all(|finding| finding.severity == Severity::Fine));
        let [accepted, none, _] = findings.as_slice() else { panic!("{findings:?}") };
        assert!(accepted.what.ends_with("is accepted: we only verify."), "{}", accepted.what);
        assert!(none.what.contains("besides 1 that deny.toml accepts"), "{}", none.what);
        assert_eq!(accept("RUSTSEC-2026-9002").first().unwrap().severity, Severity::Wrong);
    }

    #[test]
    fn a_list_older_than_ninety_days_is_to_be_renewed() {
        for (days, code) in
            [(-1, "advisories_recent"), (90, "advisories_recent"), (91, "advisories_old")]
        {
            let findings =
                judge("made-up 2.0.0\n", &carried(advisory(&[">=1.2.3"], &[])), &[], at(days));
            let [none, age] = findings.as_slice() else { panic!("{findings:?}") };
            assert_eq!((none.code, age.code), ("advisories_none", code), "{days}");
        }
        let findings =
            judge("made-up 2.0.0\n", &carried(advisory(&[">=1.2.3"], &[])), &[], at(90) + 1);
        assert_eq!(findings.last().unwrap().severity, Severity::LookAtIt);
    }

    #[test]
    fn without_a_list_nothing_is_called_fine() {
        let whole = carried(advisory(&[], &[]));
        for (packages, carried) in [
            ("made-up 1.0.0\n", Carried::default()),
            ("made-up 1.0.0\n", Carried { read_at: None, ..whole.clone() }),
            ("made-up 1.0.0\n", Carried { read_at: Some("today".to_owned()), ..whole.clone() }),
            ("made-up 1.0.0\n", Carried { advisories: vec![], ..whole.clone() }),
            ("made-up one\n", whole.clone()),
            ("", whole.clone()),
        ] {
            let findings = judge(packages, &carried, &[], at(1));
            let [absent] = findings.as_slice() else { panic!("{findings:?}") };
            let found = (absent.severity, absent.code);
            assert_eq!(found, (Severity::CouldNotLook, "advisories_absent"));
        }
    }

    /// Where CI cannot reach the database, this is what compares the lock file with a list.
    #[test]
    fn this_build_has_no_known_fault_that_is_not_accepted() {
        let carried: Carried = serde_json::from_str(CARRIED).unwrap();
        let unreadable = carried.advisories.iter().find(|one| one.unreadable().is_some());
        assert_eq!(unreadable, None);
        serde_json::from_str::<Vec<Accepted>>(ACCEPTED).unwrap();
        assert!(parse(PACKAGES).is_some());
        assert!(names().contains("serde"), "Cargo.lock was not read");
        let findings = findings(carried.read_ms().unwrap_or_default());
        let wrong = findings.iter().find(|finding| finding.severity == Severity::Wrong);
        assert_eq!(wrong, None);
    }
}
