//! Term weights: how often a feature stands in the text, times how few questions share it.

use super::features::{BLOCKS, Feature};
use super::numeric::ln;

/// Length of each kind of feature in a text's vector, in the order of the kinds. Tuned on public
/// sets of phrasings (see `cargo knowledge evaluate`); the sum of squares is about 1.
const BLOCK_LENGTHS: [f32; BLOCKS] = [0.28, 0.46, 0.46, 0.70];

/// Rarity of a feature that `with` of `all` questions use: counted in questions and not in
/// phrasings, so that an author's habit of words within one entry does not make a word common.
pub(super) fn rarity(with: usize, all: usize) -> f32 {
    let share = (1.0 + all as f64) / (1.0 + with as f64);
    (ln(share) + 1.0) as f32
}

/// One feature's weight before its kind is brought to length.
pub(super) fn weight(feature: &Feature, rarity: f32) -> f32 {
    match feature.count {
        0 | 1 => rarity,
        count => (1.0 + ln(count as f64)) as f32 * rarity,
    }
}

/// Collects weights, then gives the factor of each kind. Features that the base has never seen
/// count in the length, so that a mostly unknown text scores low everywhere.
#[derive(Default)]
pub(super) struct Lengths {
    squares: [f32; BLOCKS],
}

impl Lengths {
    pub(super) fn add(&mut self, block: usize, weight: f32) {
        if let Some(square) = self.squares.get_mut(block) {
            *square += weight * weight;
        }
    }

    pub(super) fn factors(&self) -> [f32; BLOCKS] {
        let mut factors = BLOCK_LENGTHS;
        for (factor, square) in factors.iter_mut().zip(self.squares) {
            *factor = if square > 0.0 { *factor / square.sqrt() } else { 0.0 };
        }
        factors
    }
}

#[cfg(test)]
mod tests {
    use super::{Lengths, rarity};

    #[test]
    fn rare_features_weigh_more() {
        assert!(rarity(1, 40) > rarity(20, 40));
        assert!((rarity(40, 40) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_kind_without_features_weighs_nothing() {
        let mut lengths = Lengths::default();
        lengths.add(1, 3.0);
        lengths.add(1, 4.0);
        lengths.add(9, 4.0);
        let factors = lengths.factors();
        let due = [0.0, 0.46 / 5.0, 0.0, 0.0];
        assert!(factors.iter().zip(due).all(|(factor, due)| (factor - due).abs() < 1e-6));
    }
}
