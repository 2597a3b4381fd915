use super::config::Schedule;

/// Part of a run's steps in which the cosine schedule warms up.
const WARM_UP: f64 = 0.03;
/// Stages of the step schedule.
const STAGES: usize = 5;

impl Schedule {
    /// The factor on every learning rate at `step` of `steps`, both counted from 0.
    pub fn factor(self, step: usize, steps: usize) -> f64 {
        match self {
            Schedule::Step => 0.5f64.powi((step * STAGES / steps.max(1)) as i32),
            Schedule::Cosine => {
                let warm_up = (steps as f64 * WARM_UP).ceil();
                let done = step as f64 + 1.0;
                if done <= warm_up {
                    return done / warm_up;
                }
                let part = (done - warm_up) / (steps as f64 - warm_up + 1.0);
                0.5 * (1.0 + (std::f64::consts::PI * part).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn the_step_schedule_halves_after_each_fifth() {
        let factors: Vec<f64> = [0, 19, 20, 40, 99]
            .map(|step| Schedule::Step.factor(step, 100))
            .into();
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.25, 0.0625]);
    }

    #[test]
    fn the_cosine_schedule_rises_once_and_falls_to_nearly_nothing() {
        let factors: Vec<f64> = (0..200)
            .map(|step| Schedule::Cosine.factor(step, 200))
            .collect();
        let top = factors.iter().position(|&factor| factor == 1.0).unwrap();
        assert_eq!(top, 5);
        assert!(factors[..=top].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(factors[top..].windows(2).all(|pair| pair[0] > pair[1]));
        assert!(factors[199] > 0.0 && factors[199] < 1e-3);
    }
}
