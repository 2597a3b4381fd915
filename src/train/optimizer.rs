use candle_core::{Result, Tensor, Var};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;
/// Gradients are clamped to plus and minus this, element by element, before the step.
const CLAMP: f64 = 1.0;

/// Parameters that share a learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Parameters of the model.
    Model,
    /// Parameters of the ViT where they have a rate of their own.
    Backbone,
    /// Keys and attention vectors of the pool.
    Pool,
    /// Prompts of the pool.
    Prompts,
    /// Class proxies.
    Proxies,
}

/// One parameter with its moments.
struct Slot {
    name: String,
    var: Var,
    group: Group,
    first: Tensor,
    second: Tensor,
}

/// AdamW with decoupled weight decay and elementwise clamped gradients, in groups.
///
/// Source: Loshchilov and Hutter, ICLR 2019, in the form of PyTorch's `AdamW` (betas 0.9 and 0.999, eps 1e-8).
pub struct AdamW {
    slots: Vec<Slot>,
    weight_decay: f64,
    steps: usize,
}

impl AdamW {
    /// An optimiser of `(name, variable, group)` with zero moments.
    pub fn new(parameters: Vec<(String, Var, Group)>, weight_decay: f64) -> Result<Self> {
        let slot = |(name, var, group): (String, Var, Group)| {
            let zeros = var.as_tensor().zeros_like()?.detach();
            Ok(Slot {
                name,
                group,
                first: zeros.clone(),
                second: zeros,
                var,
            })
        };
        Ok(Self {
            slots: parameters.into_iter().map(slot).collect::<Result<_>>()?,
            weight_decay,
            steps: 0,
        })
    }

    /// The variables in the order in which [`AdamW::step`] takes their gradients.
    pub fn variables(&self) -> impl Iterator<Item = &Var> {
        self.slots.iter().map(|slot| &slot.var)
    }

    /// One step; `gradients` has one entry a variable, `rate` gives each group's learning rate.
    pub fn step(&mut self, gradients: &[Tensor], rate: impl Fn(Group) -> f64) -> Result<()> {
        if gradients.len() != self.slots.len() {
            candle_core::bail!(
                "{} gradients for {} parameters",
                gradients.len(),
                self.slots.len()
            );
        }
        self.steps += 1;
        let correction1 = 1.0 - BETA1.powi(self.steps as i32);
        let correction2 = 1.0 - BETA2.powi(self.steps as i32);
        for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
            let rate = rate(slot.group);
            let gradient = gradient.clamp(-CLAMP, CLAMP)?;
            slot.first = ((&slot.first * BETA1)? + (&gradient * (1.0 - BETA1))?)?;
            slot.second = ((&slot.second * BETA2)? + (gradient.sqr()? * (1.0 - BETA2))?)?;
            let denominator = ((slot.second.sqrt()? / correction2.sqrt())? + EPS)?;
            let update = ((&slot.first / denominator)? * (rate / correction1))?;
            let value = slot.var.as_tensor().detach();
            slot.var
                .set(&((value * (1.0 - rate * self.weight_decay))? - update)?)?;
        }
        Ok(())
    }

    /// Steps done.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Every parameter and moment under `parameter.NAME`, `first.NAME` and `second.NAME`.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::with_capacity(3 * self.slots.len());
        for slot in &self.slots {
            state.push((
                format!("parameter.{}", slot.name),
                slot.var.as_tensor().detach(),
            ));
            state.push((format!("first.{}", slot.name), slot.first.clone()));
            state.push((format!("second.{}", slot.name), slot.second.clone()));
        }
        state
    }

    /// Puts back what [`AdamW::state`] gave after `steps` steps; `find` gives a tensor by its name there.
    pub fn restore(&mut self, steps: usize, find: impl Fn(&str) -> Result<Tensor>) -> Result<()> {
        for slot in &mut self.slots {
            let device = slot.var.device();
            let value = |part: &str| find(&format!("{part}.{}", slot.name))?.to_device(device);
            let (parameter, first, second) =
                (value("parameter")?, value("first")?, value("second")?);
            if first.shape() != slot.var.shape() || second.shape() != slot.var.shape() {
                candle_core::bail!("the moments of {} have the wrong shape", slot.name);
            }
            slot.var.set(&parameter)?;
            (slot.first, slot.second) = (first, second);
        }
        self.steps = steps;
        Ok(())
    }
}
