//! One batch of a run: where it comes from and the step on it.

use super::super::TrainError;
use super::super::data::Sample;
use super::super::loader::{Batch, load, orders};
use super::super::seed::{Purpose, generator};
use super::super::step::{Losses, StepInput, TrainStep};
use super::{Trainer, rate};
use crate::model::{Gates, pixels};
use candle_core::{Tensor, Var};
use std::sync::Arc;

impl Trainer {
    /// One step on a batch, every learning rate times `factor`.
    pub(super) fn step(
        &mut self,
        batch: &Batch,
        labels: &[u32],
        factor: f64,
    ) -> Result<Losses, TrainError> {
        let inputs = self.inputs(batch)?;
        let mut rng = generator(self.config.seed, Purpose::Gates, self.done as u64);
        let depth = self.model_config.vit.depth;
        let gates: Result<Vec<Gates>, candle_core::Error> = inputs
            .iter()
            .map(|chunk| {
                Gates::draw(
                    &mut rng,
                    chunk.dim(0)?,
                    depth,
                    self.config.drop,
                    &self.device,
                )
            })
            .collect();
        let gates = gates?;
        let targets = match &self.targets {
            Some(targets) => {
                let indices: Vec<u32> = batch.indices.iter().map(|&index| index as u32).collect();
                Some(targets.index_select(&Tensor::new(indices, &self.device)?, 0)?)
            }
            None => None,
        };
        let input = StepInput {
            chunks: &inputs,
            gates: self.model_config.adapter.is_some().then_some(&gates),
            labels,
            keep: targets.as_ref().map(|targets| (targets, self.config.keep)),
            recompute: self.config.recompute,
            mixed_precision: self.config.mixed_precision,
        };
        let step = TrainStep {
            network: &self.network,
            pool: &self.pool,
            proxies: &self.proxies,
        };
        let variables: Vec<Var> = self.optimizer.variables().cloned().collect();
        let variables: Vec<&Var> = variables.iter().collect();
        let (losses, gradients) =
            step.run(&input, self.loss.as_mut(), &self.workers, &variables)?;
        self.optimizer
            .step(&gradients, |group| factor * rate(&self.config, group))?;
        Ok(losses)
    }

    /// The batches that are left: crops, decoded ahead, or indices alone where class tokens are trained on.
    pub(super) fn batches(
        &self,
        samples: &Arc<Vec<Sample>>,
        steps: usize,
    ) -> Box<dyn Iterator<Item = Batch>> {
        let sampler = self.sampler.clone();
        let Some(tokens) = &self.tokens else {
            return Box::new(
                load(samples.clone(), sampler, &self.config, self.done, steps).into_iter(),
            );
        };
        let unread: Vec<bool> = tokens
            .rows()
            .map(|row| row.iter().all(|&value| value == 0.0))
            .collect();
        Box::new(orders(sampler, self.done, steps).map(move |mut batch| {
            batch.indices.retain(|&index| !unread[index]);
            batch
        }))
    }

    /// What the network is given of a batch, a few photos at a time: pixels `[b, 3, H, W]` or class tokens `[b, d]`.
    fn inputs(&self, batch: &Batch) -> Result<Vec<Tensor>, TrainError> {
        if let Some(tokens) = &self.tokens {
            let rows: Vec<f32> = batch
                .indices
                .iter()
                .flat_map(|&index| tokens.row(index))
                .copied()
                .collect();
            let shape = (batch.indices.len(), tokens.width());
            return Ok(vec![Tensor::from_vec(rows, shape, &self.device)?]);
        }
        let whole = !self.device.is_cpu() && !self.config.recompute;
        let chunk = if whole {
            batch.crops.len()
        } else {
            self.config.chunk_size()
        };
        let chunks: Vec<_> = batch.crops.chunks(chunk).collect();
        let (config, size_px, device) = (&self.model_config, self.config.crop_px, &self.device);
        Ok(self.workers.map(chunks.len(), |index| {
            pixels(chunks[index], config, size_px, device)
        })?)
    }
}
