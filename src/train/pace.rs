use std::time::Instant;

/// Photos a second over the last steps.
pub struct Pace {
    times: Vec<(Instant, usize)>,
}

impl Pace {
    /// Steps that are looked back on.
    const STEPS: usize = 20;

    /// Starts counting now.
    pub fn new() -> Self {
        Self {
            times: vec![(Instant::now(), 0)],
        }
    }

    /// Counts a step of `pictures` photos and returns the pace.
    pub fn pictures_per_s(&mut self, pictures: usize) -> f64 {
        self.times.push((Instant::now(), pictures));
        if self.times.len() > Self::STEPS {
            self.times.remove(0);
        }
        let pictures: usize = self.times[1..].iter().map(|(_, pictures)| pictures).sum();
        let elapsed = self.times[0].0.elapsed().as_secs_f64();
        pictures as f64 / elapsed.max(1e-9)
    }
}
