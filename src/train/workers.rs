use super::TrainError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that each compute a part of a batch by themselves.
///
/// candle runs most element-wise operations on one thread, so a batch is cut into chunks and these are spread over
/// the threads; inside a chunk everything is sequential. Results come back in the order of the chunks, so that sums
/// over them do not depend on the number of threads.
pub struct Workers {
    pools: Vec<rayon::ThreadPool>,
}

impl Workers {
    /// `threads` threads, at least one.
    pub fn new(threads: usize) -> Result<Self, TrainError> {
        let pools = (0..threads.max(1)).map(|index| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .thread_name(move |_| format!("train-{index}"))
                .build()
                .map_err(|error| TrainError::Config(format!("no threads to compute on: {error}")))
        });
        Ok(Self {
            pools: pools.collect::<Result<_, _>>()?,
        })
    }

    /// Calls `work` with `0..count` and returns the results in that order, or the first error.
    pub fn map<T: Send, E: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(count));
        std::thread::scope(|scope| {
            for pool in &self.pools {
                scope.spawn(|| {
                    pool.install(|| {
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            if index >= count {
                                return;
                            }
                            let result = work(index);
                            match done.lock() {
                                Ok(mut done) => done.push((index, result)),
                                Err(poisoned) => poisoned.into_inner().push((index, result)),
                            }
                        }
                    });
                });
            }
        });
        let mut done = done
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, result)| result).collect()
    }
}
