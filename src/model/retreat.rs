use super::ModelError;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
/// What was found out holds from then on, and is said once, by [`Retreat::take_note`].
#[derive(Debug)]
pub struct Retreat {
    device: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None: the CPU has taken over.
    at_once: usize,
    note: Option<String>,
}

impl Retreat {
    /// A device, by its name, that is given `at_once` pictures at first.
    pub fn new(device: impl std::fmt::Display, at_once: usize) -> Self {
        Self {
            device: device.to_string(),
            state: Mutex::new(State {
                at_once: at_once.max(1),
                note: None,
            }),
        }
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
        self.state().at_once
    }

    /// What the user should know of it, once.
    pub fn take_note(&self) -> Option<String> {
        self.state().note.take()
    }

    /// Results for all of `pictures`, in their order: by `device`, a few at a time, or by `cpu` from where `device` has no
    /// memory even for one.
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
                Err(error) if is_out_of_memory(&error) => self.fall_back(few.len(), &error),
                Err(error) => return Err(error),
            }
        }
        Ok(results)
    }

    /// Takes in that the device had no memory for `pictures`.
    fn fall_back(&self, pictures: usize, error: &ModelError) {
        let mut state = self.state();
        state.at_once = state.at_once.min(pictures / 2);
        let device = &self.device;
        let note = match state.at_once {
            0 => format!("{device} has too little free memory; the CPU embeds instead"),
            1 => format!("{device} has little free memory; it embeds one picture at a time"),
            few => format!("{device} has little free memory; it embeds {few} pictures at a time"),
        };
        tracing::info!("{note}: {error}");
        // One that was not told yet is out of date.
        state.note = Some(note);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
