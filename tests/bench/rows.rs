//! The table: one row a figure, printed for people and written as JSON for programs.

use std::path::Path;

use serde_json::{Value, json};

/// When a figure is good.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// A row.
pub(crate) struct Row {
    /// Its name in the JSON file.
    id: &'static str,
    /// The figure, or why there is none.
    value: Result<f64, String>,
    /// The unit that it counts.
    unit: &'static str,
    /// The condition under which it is good.
    goal: Goal,
    /// The value that it cannot go below, as far as that is known.
    floor: Option<f64>,
    /// The same figure of the best that was found elsewhere.
    peer: Option<f64>,
    /// How to read it.
    note: String,
    /// Why the goal is not judged by it, if it is not.
    unclaimed: Option<String>,
}

impl Goal {
    fn bound(self) -> f64 {
        match self {
            Self::AtMost(bound) | Self::AtLeast(bound) => bound,
        }
    }

    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl Row {
    /// A row with nothing but its figure.
    pub(crate) fn new(
        id: &'static str,
        value: Result<f64, String>,
        unit: &'static str,
        goal: Goal,
    ) -> Self {
        Self {
            id,
            value,
            unit,
            goal,
            floor: None,
            peer: None,
            note: String::new(),
            unclaimed: None,
        }
    }

    /// With the value that it cannot go below.
    pub(crate) fn floor(self, floor: impl Into<Option<f64>>) -> Self {
        Self { floor: floor.into(), ..self }
    }

    /// With the same figure of somebody else.
    pub(crate) fn peer(self, peer: impl Into<Option<f64>>) -> Self {
        Self { peer: peer.into(), ..self }
    }

    /// With how to read it.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Not judged, if there is a reason.
    pub(crate) fn unclaimed(self, why: Option<String>) -> Self {
        Self { unclaimed: why, ..self }
    }

    fn met(&self) -> Option<bool> {
        let claimed = self.value.as_ref().ok().filter(|_| self.unclaimed.is_none());
        claimed.map(|value| self.goal.is_met_by(*value))
    }

    fn remark(&self) -> String {
        match (&self.value, &self.unclaimed) {
            (Err(why), _) => format!("not measured: {why}"),
            (Ok(_), None) => self.note.clone(),
            (Ok(_), Some(why)) => format!("not judged, since {why}; {}", self.note),
        }
    }

    fn to_json(&self) -> Value {
        let mut row = json!({
            "id": self.id,
            "value": self.value.as_ref().ok(),
            "unit": self.unit,
            "target": self.goal.bound(),
            "floor": self.floor,
            "peer": self.peer,
            "met": self.met(),
        });
        let note = self.remark();
        if !note.is_empty() {
            row["note"] = note.into();
        }
        row
    }
}

/// Writes the rows to a file, one a line, so that two runs can be compared.
pub(crate) fn write(rows: &[Row], file: &Path) -> std::io::Result<()> {
    let lines: Vec<_> = rows.iter().map(|row| row.to_json().to_string()).collect();
    std::fs::write(file, format!("[\n{}\n]\n", lines.join(",\n")))
}

/// The table as text.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut cells =
        vec![["id", "value", "unit", "target", "floor", "peer", "met"].map(str::to_owned)];
    for row in rows {
        let goal = match row.goal {
            Goal::AtMost(bound) => format!("≤ {}", number(bound)),
            Goal::AtLeast(bound) => format!("≥ {}", number(bound)),
        };
        let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
        let met = match row.met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        cells.push([
            row.id.to_owned(),
            optional(row.value.as_ref().ok().copied()),
            row.unit.to_owned(),
            goal,
            optional(row.floor),
            optional(row.peer),
            met.to_owned(),
        ]);
    }
    let mut out = String::new();
    for line in &cells {
        for (column, cell) in line.iter().enumerate() {
            let width = cells.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
            let missing = width - cell.chars().count();
            let text = matches!(column, 0 | 2 | 6);
            let (before, after) = if text { (0, missing) } else { (missing, 0) };
            out.extend([" ".repeat(before), cell.clone(), " ".repeat(after + 2)]);
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// The remarks beside the table, a line a row.
pub(crate) fn notes(rows: &[Row]) -> String {
    let remarks = rows.iter().map(|row| (row.id, row.remark()));
    let lines: Vec<_> = remarks
        .filter(|(_, remark)| !remark.is_empty())
        .map(|(id, remark)| format!("{id}: {remark}"))
        .collect();
    lines.join("\n")
}

/// A figure with as many digits as mean something, thousands apart.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "-".to_owned();
    }
    let decimals = match value.abs() {
        size if size >= 1000.0 || (size - size.round()).abs() < 1e-9 => 0,
        size if size >= 10.0 => 1,
        _ => 3,
    };
    let plain = format!("{value:.decimals$}");
    let (whole, rest) = plain.split_once('.').map_or((&*plain, ""), |(whole, rest)| (whole, rest));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() { grouped } else { format!("{grouped}.{rest}") }
}
