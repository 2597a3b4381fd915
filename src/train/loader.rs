use super::augment::random_resized_crop;
use super::config::TrainConfig;
use super::data::Sample;
use super::sampler::Sampler;
use super::seed::{Purpose, generator};
use crate::photo::{self, Limits};
use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;
use std::path::PathBuf;
use std::sync::Arc;

/// Batches that may be ready ahead of the step.
const AHEAD: usize = 2;

/// One batch of augmented crops.
pub struct Batch {
    /// Which samples they are.
    pub indices: Vec<usize>,
    /// The crops, in the order of the indices.
    pub crops: Vec<RgbImage>,
    /// Samples that could not be read, with the reason; they are not among the indices.
    pub failed: Vec<(PathBuf, String)>,
}

/// Decodes and crops the batches from step `first` on, on threads of its own, ahead of the consumer.
///
/// Every crop has its own generator, named by seed, pass and place in it: batches do not depend on the threads.
pub fn load(
    samples: Arc<Vec<Sample>>,
    sampler: Sampler,
    config: &TrainConfig,
    first: usize,
    steps: usize,
) -> Receiver<Batch> {
    let (batches, ready) = bounded(AHEAD);
    let (crop_px, crop_area, seed) = (config.crop_px as u32, config.crop_area, config.seed);
    let workers = config.thread_count();
    let spawned = std::thread::Builder::new()
        .name("train-loader".into())
        .spawn(move || {
            let mut pass = usize::MAX;
            let mut order = Vec::new();
            for step in first..steps {
                let per_pass = sampler.steps_per_pass();
                if step / per_pass != pass {
                    pass = step / per_pass;
                    order = sampler.order(pass);
                }
                let start = step % per_pass * sampler.batch();
                let indices = &order[start..start + sampler.batch()];
                let crop = |place: usize, index: usize| {
                    let name = (pass * order.len() + start + place) as u64;
                    let mut rng = generator(seed, Purpose::Augment, name);
                    let photo = photo::read(&samples[index].path, &Limits::default())?;
                    Ok::<_, photo::PhotoError>(random_resized_crop(
                        &photo, crop_px, crop_area, &mut rng,
                    ))
                };
                if !send(&batches, indices, workers, &samples, crop) {
                    return;
                }
            }
        });
    if let Err(error) = spawned {
        tracing::error!("no thread to load photos on: {error}");
    }
    ready
}

/// The batches from step `first` on where nothing has to be decoded: indices alone.
pub fn orders(sampler: Sampler, first: usize, steps: usize) -> impl Iterator<Item = Batch> {
    let per_pass = sampler.steps_per_pass();
    (first..steps).map(move |step| {
        let order = sampler.order(step / per_pass);
        let start = step % per_pass * sampler.batch();
        Batch {
            indices: order[start..start + sampler.batch()].to_vec(),
            crops: Vec::new(),
            failed: Vec::new(),
        }
    })
}

/// Cuts one batch on `workers` threads and sends it; false where nobody listens any more.
///
/// `crop` takes the place in the batch and the index of the sample.
fn send(
    batches: &Sender<Batch>,
    indices: &[usize],
    workers: usize,
    samples: &[Sample],
    crop: impl Fn(usize, usize) -> Result<RgbImage, photo::PhotoError> + Sync,
) -> bool {
    let part = indices.len().div_ceil(workers);
    let results: Vec<_> = std::thread::scope(|scope| {
        let crop = &crop;
        let threads: Vec<_> = indices
            .chunks(part)
            .enumerate()
            .map(|(thread, indices)| {
                scope.spawn(move || {
                    (thread * part..)
                        .zip(indices)
                        .map(|(place, &index)| (index, crop(place, index)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    let mut batch = Batch {
        indices: Vec::with_capacity(indices.len()),
        crops: Vec::with_capacity(indices.len()),
        failed: Vec::new(),
    };
    for (index, crop) in results {
        match crop {
            Ok(crop) => {
                batch.indices.push(index);
                batch.crops.push(crop);
            }
            Err(error) => {
                let path = samples[index].path.clone();
                batch
                    .failed
                    .push((path, anyhow::Error::from(error).root_cause().to_string()));
            }
        }
    }
    batches.send(batch).is_ok()
}
