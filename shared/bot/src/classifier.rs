//! Multinomial logistic regression with a squared penalty, for few phrasings and many features.
//!
//! Solved in the dual, one phrasing at a time, each step a few Newton steps with a bound on the
//! curvature (after Yu, Huang and Lin, "Dual coordinate descent methods for logistic regression and
//! maximum entropy models", 2011). Plain arithmetic in a fixed order: the same input gives the
//! same bits.

use super::numeric::exp;

/// Strength of the penalty; the result hardly depends on it between 0.01 and 0.1.
const PENALTY: f64 = 0.03;
const MAX_ROUNDS: usize = 20;
const NEWTON_STEPS: usize = 4;
/// Rounds end when no phrasing's probabilities move by more.
const TOLERANCE: f64 = 0.01;
const LEAST_CURVATURE: f64 = 0.02;

/// A phrasing as a sparse vector of (feature, value), and the question it belongs to.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) class: usize,
    pub(super) vector: Vec<(usize, f32)>,
}

/// Weights, one row of `classes` numbers for each feature.
pub(super) struct Weights {
    pub(super) classes: usize,
    rows: Vec<f32>,
}

impl Weights {
    pub(super) fn row(&self, feature: usize) -> &[f32] {
        let from = feature.saturating_mul(self.classes);
        self.rows.get(from..from.saturating_add(self.classes)).unwrap_or(&[])
    }

    fn row_mut(&mut self, feature: usize) -> &mut [f32] {
        let from = feature.saturating_mul(self.classes);
        self.rows.get_mut(from..from.saturating_add(self.classes)).unwrap_or(&mut [])
    }

    fn scores(&self, vector: &[(usize, f32)], scores: &mut Vec<f64>) {
        let mut sums = vec![0.0_f32; self.classes];
        for (feature, value) in vector {
            for (sum, weight) in sums.iter_mut().zip(self.row(*feature)) {
                *sum += value * weight;
            }
        }
        scores.clear();
        scores.extend(sums.into_iter().map(f64::from));
    }
}

/// Trains on all examples; `features` and `classes` bound the numbers that stand in them.
pub(super) fn train(examples: &[Example], features: usize, classes: usize) -> Weights {
    let mut weights = Weights { classes, rows: vec![0.0; features.saturating_mul(classes)] };
    let mut duals: Vec<Vec<f64>> = vec![vec![0.0; classes]; examples.len()];
    let mut scores = Vec::with_capacity(classes);
    for _ in 0..MAX_ROUNDS {
        let mut moved = 0.0_f64;
        for (example, dual) in examples.iter().zip(&mut duals) {
            weights.scores(&example.vector, &mut scores);
            let length = example.vector.iter().map(|(_, x)| f64::from(x * x)).sum();
            let change = step(example.class, length, &mut scores, dual);
            moved = change.iter().fold(moved, |most, by| most.max(f64::from(by.abs())));
            for (feature, value) in &example.vector {
                for (weight, by) in weights.row_mut(*feature).iter_mut().zip(&change) {
                    *weight += value * by;
                }
            }
        }
        if moved * PENALTY < TOLERANCE {
            break;
        }
    }
    weights
}

/// Moves one phrasing's dual values towards (target - probability) / penalty; returns the change.
fn step(class: usize, length: f64, scores: &mut [f64], dual: &mut [f64]) -> Vec<f32> {
    let before = dual.to_vec();
    for _ in 0..NEWTON_STEPS {
        let highest = scores.iter().copied().fold(f64::MIN, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| exp(score - highest)).collect();
        let sum: f64 = powers.iter().sum();
        let moving = dual.iter_mut().zip(scores.iter_mut()).zip(&powers).enumerate();
        for (at, ((dual, score), power)) in moving {
            let probability = power / sum;
            let target = if at == class { 1.0 } else { 0.0 };
            let residual = (target - probability) / PENALTY - *dual;
            let curvature = (2.0 * probability * (1.0 - probability)).max(LEAST_CURVATURE);
            let by = residual / (1.0 + curvature * length / PENALTY);
            *dual += by;
            *score += length * by;
        }
    }
    dual.iter().zip(before).map(|(now, before)| (now - before) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::{Example, train};

    #[test]
    fn separates_what_can_be_separated() {
        let example = |class, vector: &[(usize, f32)]| Example { class, vector: vector.to_vec() };
        let examples = [
            example(0, &[(0, 1.0), (2, 0.5)]),
            example(1, &[(1, 1.0), (2, 0.5)]),
            example(2, &[(0, 0.7), (1, 0.7)]),
        ];
        let weights = train(&examples, 3, 3);
        for example in &examples {
            let mut scores = Vec::new();
            weights.scores(&example.vector, &mut scores);
            let best = scores.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
            assert_eq!(best.map(|(class, _)| class), Some(example.class));
        }
        assert!(weights.row(3).is_empty());
    }
}
