use super::ModelError;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a device is left at what it had memory for, before it is given more again: what took its memory may be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// How errors of exhausted memory say so: CUDA's driver and cuBLAS, Metal.
const EXHAUSTED: [&str; 5] = [
    "CUDA_ERROR_OUT_OF_MEMORY",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "out of memory",
    "OutOfMemory",
    "Failed to create metal resource",
];

/// Whether a computation failed because the device has no memory left; candle passes on what the driver says as text.
pub(super) fn is_out_of_memory(error: &ModelError) -> bool {
    let ModelError::Compute(error) = error else {
        return false;
    };
    let text = error.to_string();
    EXHAUSTED.iter().any(|words| text.contains(words))
}

/// How many pictures a device is given at once, and the way back where its memory does not suffice: half as many, and
/// again, and at last the CPU.
///
/// What was found out holds for a minute; then the device is given twice as many, or one where the CPU had taken over,
/// and after another minute twice as many again, up to where it began. Each step down is said once, by
/// [`Retreat::take_note`].
#[derive(Debug)]
pub struct Retreat {
    device: String,
    /// What the device is given at most.
    most: usize,
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None: the CPU has taken over.
    at_once: usize,
    /// When that was found out or tried last; `None` as long as it is as much as at first.
    since: Option<Instant>,
    /// The least that was said of `at_once`.
    told: usize,
    note: Option<String>,
}

impl Retreat {
    /// A device, by its name, that is given `at_once` pictures at first.
    pub fn new(device: impl std::fmt::Display, at_once: usize) -> Self {
        let most = at_once.max(1);
        Self {
            device: device.to_string(),
            most,
            patience: PATIENCE,
            state: Mutex::new(State {
                at_once: most,
                since: None,
                told: most,
                note: None,
            }),
        }
    }

    /// The same with more given to the device again after so long, instead of a minute.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A device that has no memory for as much as the model: the CPU has taken over.
    pub(super) fn from_the_start(device: impl std::fmt::Display) -> Self {
        let retreat = Self::new(device, 1);
        retreat.state().at_once = 0;
        retreat.state().note = Some(format!(
            "{} has too little free memory for the model; the CPU is used instead",
            retreat.device
        ));
        retreat
    }

    /// Pictures that the device is given at once; 0 where the CPU has taken over.
    pub fn at_once(&self) -> usize {
        self.at_once_at(Instant::now())
    }

    /// The same at a time.
    fn at_once_at(&self, now: Instant) -> usize {
        let mut state = self.state();
        if let Some(since) = state.since
            && now.saturating_duration_since(since) >= self.patience
        {
            state.at_once = (2 * state.at_once).max(1).min(self.most);
            state.since = (state.at_once < self.most).then_some(now);
            tracing::debug!(
                "{} pictures at once on {} again",
                state.at_once,
                self.device
            );
        }
        state.at_once
    }

    /// What the user should know of it, once.
    pub fn take_note(&self) -> Option<String> {
        self.state().note.take()
    }

    /// Results for all of `pictures`, in their order: by `device`, a few at a time, or the rest of them by `cpu` from where
    /// `device` has no memory even for one.
    ///
    /// # Errors
    /// Whatever else goes wrong on either side.
    pub fn run<P, T>(
        &self,
        pictures: &[P],
        device: impl Fn(&[P]) -> Result<Vec<T>, ModelError>,
        cpu: impl Fn(&[P]) -> Result<Vec<T>, ModelError>,
    ) -> Result<Vec<T>, ModelError> {
        let mut results = Vec::with_capacity(pictures.len());
        let mut left = pictures;
        while !left.is_empty() {
            let at_once = self.at_once();
            if at_once == 0 {
                results.extend(cpu(left)?);
                break;
            }
            let (few, rest) = left.split_at(at_once.min(left.len()));
            match device(few) {
                Ok(some) => {
                    results.extend(some);
                    left = rest;
                }
                Err(error) if is_out_of_memory(&error) => {
                    self.fall_back(few.len(), &error, Instant::now());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(results)
    }

    /// Takes in that the device had no memory for `pictures`.
    fn fall_back(&self, pictures: usize, error: &ModelError, now: Instant) {
        let mut state = self.state();
        state.at_once = state.at_once.min(pictures / 2);
        state.since = Some(now);
        let device = &self.device;
        let note = match state.at_once {
            0 => format!("{device} has too little free memory; the CPU embeds instead"),
            1 => format!("{device} has little free memory; it embeds one picture at a time"),
            few => format!("{device} has little free memory; it embeds {few} pictures at a time"),
        };
        tracing::info!("{note}: {error}");
        if state.at_once < state.told {
            state.told = state.at_once;
            // One that was not told yet is out of date.
            state.note = Some(note);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exhausted() -> ModelError {
        candle_core::Error::Cuda("CUDA_ERROR_OUT_OF_MEMORY".into()).into()
    }

    #[test]
    fn a_device_is_tried_again_after_a_minute_and_given_more_minute_by_minute() {
        let retreat = Retreat::new("CUDA device 0", 6);
        let start = Instant::now();
        let at = |seconds: u64| retreat.at_once_at(start + Duration::from_secs(seconds));
        for (pictures, left) in [(6, 3), (3, 1), (1, 0)] {
            retreat.fall_back(pictures, &exhausted(), start);
            assert_eq!(at(0), left);
        }
        assert!(retreat.take_note().is_some());
        assert_eq!([59, 60, 119].map(at), [0, 1, 1]);
        // It fails again, which the user knows; the minute begins anew.
        retreat.fall_back(1, &exhausted(), start + Duration::from_secs(119));
        assert_eq!(retreat.take_note(), None);
        assert_eq!(
            [178, 179, 239, 299, 359, 10_000].map(at),
            [0, 1, 2, 4, 6, 6]
        );
    }

    #[test]
    fn a_device_without_room_for_the_model_is_not_tried_again() {
        let retreat = Retreat::from_the_start("CUDA device 0");
        let later = Instant::now() + 10 * PATIENCE;
        assert_eq!(retreat.at_once_at(later), 0);
    }
}
