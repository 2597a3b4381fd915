use super::MetricLoss;
use super::cosines::{Cosines, add_angular_margin};
use candle_core::{Result, Tensor};
use std::collections::BTreeMap;

/// CurricularFace: ArcFace whose hard negatives weigh more as their sample's class gets learnt.
///
/// Huang et al. 2020, arXiv 2004.00288, equation 5, with PUMA's change: one running positive similarity a class
/// instead of one for all, because classes of different data sets are learnt at different speeds.
#[derive(Clone, Debug)]
pub struct CurricularFace {
    /// What the cosines are multiplied by.
    pub scale: f64,
    /// What the true class's angle gains, in radians.
    pub margin: f64,
    /// How much of a running similarity stays at each update of its class.
    pub momentum: f32,
    /// Running positive similarity of each class, `[C]`; starts at 0.
    running: Vec<f32>,
}

impl CurricularFace {
    /// The published setting for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self {
            scale: 32.0,
            margin: 0.3,
            momentum: 0.99,
            running: vec![0.0; classes],
        }
    }

    fn check_classes(&self, proxies: &Tensor) -> Result<()> {
        if proxies.dim(0)? != self.running.len() {
            candle_core::bail!(
                "{} proxies, but running similarities of {} classes",
                proxies.dim(0)?,
                self.running.len()
            );
        }
        Ok(())
    }
}

impl MetricLoss for CurricularFace {
    fn loss(&self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<Tensor> {
        self.check_classes(proxies)?;
        let cosines = Cosines::new(embeddings, labels, proxies)?;
        let positive = add_angular_margin(&cosines.positive()?, self.margin)?;
        let running = labels
            .iter()
            .map(|&label| self.running[label as usize])
            .collect::<Vec<_>>();
        let running = Tensor::from_vec(running, (labels.len(), 1), cosines.cosine.device())?;

        let cosine = &cosines.cosine;
        let hard = (cosine * cosine.broadcast_add(&running)?)?;
        let easy = positive.detach().broadcast_ge(&cosine.detach())?;
        let negative = easy.where_cond(cosine, &hard)?;
        let logits = cosines.with_positive(&positive, &negative)?;
        cosines.cross_entropy(&(logits * self.scale)?)
    }

    fn update(&mut self, embeddings: &Tensor, labels: &[u32], proxies: &Tensor) -> Result<()> {
        self.check_classes(proxies)?;
        let cosines = Cosines::new(&embeddings.detach(), labels, &proxies.detach())?;
        let positive = cosines.positive()?.flatten_all()?.to_vec1::<f32>()?;
        let mut sums = BTreeMap::<u32, (f32, f32)>::new();
        for (&label, positive) in labels.iter().zip(positive) {
            let (sum, count) = sums.entry(label).or_default();
            *sum += positive;
            *count += 1.0;
        }
        for (label, (sum, count)) in sums {
            let running = &mut self.running[label as usize];
            *running = self.momentum * *running + (1.0 - self.momentum) * (sum / count);
        }
        Ok(())
    }

    fn state(&self) -> Vec<f32> {
        self.running.clone()
    }

    fn set_state(&mut self, state: &[f32]) -> Result<()> {
        if state.len() != self.running.len() {
            candle_core::bail!(
                "running similarities of {} classes, expected {}",
                state.len(),
                self.running.len()
            );
        }
        self.running.copy_from_slice(state);
        Ok(())
    }
}
