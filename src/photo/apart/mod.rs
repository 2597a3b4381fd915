//! Decoding in processes of their own, which can be stopped and cannot take the program with them.
//!
//! A process is started when it is first needed, decodes one photo after the other, and ends when its input closes, that
//! is with the program, however that ends. One that takes too long is killed; one that dies costs its photo.

mod process;
mod protocol;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::process::{Ended, Process};
pub(super) use self::protocol::{Order, Pictures, Wanted};
pub use self::worker::serve;
use super::{DecodeError, PhotoError};

/// Processes beyond the processor's threads: some wait for a slow disk.
const MORE_THAN_THREADS: usize = 4;

/// The argument that makes the program a decoding process, followed by its memory in bytes.
pub const WORKER_COMMAND: &str = "decode-worker";

/// What one photo may cost at most; these hold whatever its decoder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessLimits {
    /// How long decoding may take; reading the file from a slow disk does not count.
    pub time: Duration,
    /// Address space of the process, where the system can limit it (Linux, the BSDs).
    pub memory_bytes: u64,
}

impl Default for ProcessLimits {
    /// Half a minute, and room for the largest photo that [`super::Limits`] allows with the program around it.
    fn default() -> ProcessLimits {
        ProcessLimits {
            time: Duration::from_secs(30),
            memory_bytes: 2 << 30,
        }
    }
}

/// Processes that decode or wait for photos: as many as were needed at once, and no more than the processor's threads and
/// some. Who finds all at work waits for one.
#[derive(Debug)]
pub(super) struct Processes {
    program: PathBuf,
    limits: ProcessLimits,
    most: usize,
    crew: Mutex<Crew>,
    freed: Condvar,
    refused: AtomicBool,
}

/// What the processes do.
#[derive(Debug, Default)]
struct Crew {
    idle: Vec<Process>,
    /// How many are at work, or about to be started.
    busy: usize,
}

/// The right to one process at work.
struct Place<'a>(&'a Processes);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.freed.notify_one();
    }
}

impl Processes {
    /// None yet; `program` is started with [`WORKER_COMMAND`].
    pub(super) fn new(program: PathBuf, limits: ProcessLimits) -> Processes {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        Processes {
            program,
            limits,
            most: threads + MORE_THAN_THREADS,
            crew: Mutex::default(),
            freed: Condvar::new(),
            refused: AtomicBool::new(false),
        }
    }

    /// None yet, of the same program.
    pub(super) fn anew(&self) -> Processes {
        Processes::new(self.program.clone(), self.limits)
    }

    /// Has the order carried out; `None` where no process can be started.
    pub(super) fn carry_out(&self, order: &Order) -> Option<Result<Pictures, PhotoError>> {
        let (_place, idle) = self.take();
        if let Some(mut process) = idle {
            match process.ask(order, self.limits.time) {
                Ok(answer) => return Some(self.keep(process, answer)),
                Err(Ended::TookTooLong) => return Some(Err(self.overrun(order))),
                // It may have suffered from what it decoded before: once more, in a fresh one.
                Err(Ended::Died(_)) => {}
            }
        }
        let mut process = self.start()?;
        Some(match process.ask(order, self.limits.time) {
            Ok(answer) => self.keep(process, answer),
            Err(Ended::TookTooLong) => Err(self.overrun(order)),
            Err(Ended::Died(reason)) => Err(order.failed(self.death(reason))),
        })
    }

    /// A place at work, and a process that waits, if there is one; waits while all are at work.
    fn take(&self) -> (Place<'_>, Option<Process>) {
        let mut crew = self.lock();
        while crew.busy >= self.most {
            crew = self
                .freed
                .wait(crew)
                .unwrap_or_else(PoisonError::into_inner);
        }
        crew.busy += 1;
        let idle = crew.idle.pop();
        drop(crew);
        (Place(self), idle)
    }

    fn start(&self) -> Option<Process> {
        if self.refused.load(Ordering::Relaxed) {
            return None;
        }
        match Process::start(&self.program, self.limits.memory_bytes) {
            Ok(process) => Some(process),
            Err(error) => {
                self.refused.store(true, Ordering::Relaxed);
                tracing::warn!(
                    "{} cannot be started to decode photos ({error}); they are decoded without limits of time and memory",
                    self.program.display()
                );
                None
            }
        }
    }

    fn keep(
        &self,
        process: Process,
        answer: Result<Pictures, PhotoError>,
    ) -> Result<Pictures, PhotoError> {
        self.lock().idle.push(process);
        answer
    }

    fn overrun(&self, order: &Order) -> PhotoError {
        order.failed(DecodeError::TookTooLong {
            seconds: self.limits.time.as_secs(),
        })
    }

    fn death(&self, reason: String) -> DecodeError {
        // What Rust's allocator says at its end.
        if reason.contains("memory allocation of") {
            return DecodeError::TookTooMuchMemory {
                limit: self.limits.memory_bytes,
            };
        }
        DecodeError::Crashed { reason }
    }

    fn lock(&self) -> MutexGuard<'_, Crew> {
        // A list of processes is sound whatever a panicking thread did to it.
        self.crew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many threads want a photo at once, only so many processes are at work.
    #[test]
    fn who_finds_all_processes_at_work_waits_for_one() {
        let mut processes = Processes::new("/no/such/program".into(), ProcessLimits::default());
        processes.most = 2;
        let processes = &processes;
        let (first, _) = processes.take();
        let _second = processes.take();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| drop(processes.take()));
            std::thread::sleep(Duration::from_millis(30));
            assert!(!waiting.is_finished());
            assert_eq!(processes.lock().busy, 2);
            drop(first);
            waiting.join().unwrap();
        });
        assert_eq!(processes.lock().busy, 1);
    }
}
