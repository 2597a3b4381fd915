use super::{SpeedError, Taken, made, timed};
use crate::model::Puma;
use image::RgbImage;
use rayon::ThreadPool;
use serde::Serialize;

/// Embedding with so many threads and pictures in a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Embedding {
    /// Threads of the processor; a GPU is fed by one.
    pub threads: usize,
    /// Pictures in a call.
    pub batch: usize,
    /// Pictures that are embedded in a second.
    pub pictures_per_s: f64,
    /// What one picture takes.
    pub picture: Taken,
    /// Whether no other batch is faster with as many threads.
    pub best: bool,
}

/// Embeds the same pictures in all ways.
pub(super) struct Embedder<'a> {
    puma: &'a Puma,
    crops: Vec<RgbImage>,
    ways: Vec<Way>,
    single: Vec<Taken>,
}

/// One number of threads with one size of batches, and what it took so far.
struct Way {
    /// `None` embeds on the calling thread, as it suits a GPU.
    pool: Option<ThreadPool>,
    threads: usize,
    batch: usize,
    /// What a picture took in each round.
    taken: Vec<Taken>,
}

impl<'a> Embedder<'a> {
    /// `batches` with one thread and with all; on a GPU with the one that feeds it.
    pub(super) fn new(
        puma: &'a Puma,
        pictures: usize,
        batches: &[usize],
    ) -> Result<Embedder<'a>, SpeedError> {
        let mut threads = vec![1, rayon::current_num_threads()];
        if !puma.device().is_cpu() {
            threads.truncate(1);
        }
        threads.dedup();
        let mut ways = Vec::new();
        for threads in threads {
            for &batch in batches {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                ways.push(Way {
                    pool: puma.device().is_cpu().then(|| pool.build()).transpose()?,
                    threads,
                    batch: batch.clamp(1, pictures.max(1)),
                    taken: Vec::new(),
                });
            }
        }
        ways.dedup_by_key(|way| (way.threads, way.batch));
        let embedder = Embedder {
            puma,
            crops: made::crops(pictures.max(1), puma.image_size()),
            ways,
            single: Vec::new(),
        };
        // Weights are packed and memory is there before the clock starts.
        for way in &embedder.ways {
            way.embed(puma, &embedder.crops[..way.batch])?;
        }
        Ok(embedder)
    }

    /// One picture alone, as a question has it, and all pictures in every way.
    pub(super) fn round(&mut self) -> Result<(), SpeedError> {
        let (embedded, taken) = timed(|| self.puma.embed(&self.crops[..1]));
        embedded?;
        self.single.push(taken);
        for way in &mut self.ways {
            let mut batches = self.crops.chunks(way.batch);
            let (embedded, taken) =
                timed(|| batches.try_for_each(|crops| way.embed(self.puma, crops)));
            embedded?;
            way.taken.push(taken.of_one(self.crops.len()));
        }
        Ok(())
    }

    /// Medians: of one picture alone, and of a picture in every way.
    pub(super) fn medians(&self) -> (Taken, Vec<Embedding>) {
        let mut all: Vec<Embedding> = self.ways.iter().map(Way::median).collect();
        let mut best: Vec<usize> = Vec::new();
        for (place, one) in all.iter().enumerate() {
            match best
                .iter_mut()
                .find(|best| all[**best].threads == one.threads)
            {
                Some(best) if all[*best].pictures_per_s < one.pictures_per_s => *best = place,
                Some(_) => {}
                None => best.push(place),
            }
        }
        for place in best {
            all[place].best = true;
        }
        (Taken::median(&self.single), all)
    }
}

impl Way {
    fn embed(&self, puma: &Puma, crops: &[RgbImage]) -> Result<(), SpeedError> {
        match &self.pool {
            Some(pool) => pool.install(|| puma.embed(crops))?,
            None => puma.embed(crops)?,
        };
        Ok(())
    }

    fn median(&self) -> Embedding {
        let picture = Taken::median(&self.taken);
        Embedding {
            threads: self.threads,
            batch: self.batch,
            pictures_per_s: 1e3 / picture.wall_ms,
            picture,
            best: false,
        }
    }
}
