use super::device::device_name;
use super::memory::{Footprint, free_bytes};
use super::network::Network;
use super::puma::pixels;
use super::retreat::{Retreat, is_out_of_memory};
use super::{Config, ModelError};
use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Crops that one thread of a CPU works on at a time: few enough for their activations to stay near the core.
const CPU_CHUNK: usize = 4;
/// Crops that are best handed over together where a CPU embeds them.
const CPU_AT_ONCE: usize = 8;

/// From a network, pixels `[B, 3, side, side]` and whether a GPU is at work to what is wanted of each picture.
pub(super) trait Forward<T>:
    Fn(&Network, &Tensor, bool) -> Result<Vec<T>, ModelError> + Sync
{
}

impl<T, F: Fn(&Network, &Tensor, bool) -> Result<Vec<T>, ModelError> + Sync> Forward<T> for F {}

/// A network on its device, with the way from crops to what it makes of them.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    network: Network,
    config: Config,
    device: Device,
    /// Where the device is not the CPU.
    gpu: Option<Arc<Gpu>>,
    /// Pictures at once, and what the user should know.
    retreat: Arc<Retreat>,
}

/// What a device that is not the CPU needs beside the network.
#[derive(Debug)]
struct Gpu {
    /// All its work is done by this one, whoever asks: two streams of work on one GPU would only be in each other's way.
    thread: rayon::ThreadPool,
    /// Factor and summand of each channel, `[1, 3, 1, 1]`.
    normalisation: [Tensor; 2],
    /// The weights on the CPU, and the network of them once the GPU has no memory left.
    tensors: BTreeMap<String, Tensor>,
    spare: OnceLock<Network>,
    /// In a rehearsal on a CPU: pictures that there is memory for.
    rehearsed: Option<usize>,
}

impl Placed {
    /// The network of `tensors` on `device`, or on the CPU where that has too little memory.
    pub fn new(
        config: &Config,
        tensors: &BTreeMap<String, Tensor>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        if device.is_cpu() {
            return Self::on_cpu(
                config,
                tensors,
                Retreat::new(device_name(device), CPU_AT_ONCE),
            );
        }
        match Self::on_gpu(config, tensors, device, None) {
            Err(error) if is_out_of_memory(&error) => {
                tracing::info!("the model does not fit: {error}");
                Self::on_cpu(
                    config,
                    tensors,
                    Retreat::from_the_start(device_name(device)),
                )
            }
            result => result,
        }
    }

    /// On the CPU, but by the way of a GPU, with memory for `room` pictures at once; see [`super::Puma::rehearsal`].
    pub fn rehearsal(
        config: &Config,
        tensors: &BTreeMap<String, Tensor>,
        room: usize,
    ) -> Result<Self, ModelError> {
        Self::on_gpu(config, tensors, &Device::Cpu, Some(room))
    }

    fn on_cpu(
        config: &Config,
        tensors: &BTreeMap<String, Tensor>,
        retreat: Retreat,
    ) -> Result<Self, ModelError> {
        let device = Device::Cpu;
        Ok(Self {
            network: Network::new(config, tensors, config.vit.image_size, &device)?,
            config: config.clone(),
            device,
            gpu: None,
            retreat: Arc::new(retreat),
        })
    }

    fn on_gpu(
        config: &Config,
        tensors: &BTreeMap<String, Tensor>,
        device: &Device,
        rehearsed: Option<usize>,
    ) -> Result<Self, ModelError> {
        let thread = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| "puma-gpu".to_owned())
            .build()
            .map_err(|error| ModelError::Device(format!("no thread for the GPU: {error}")))?;
        let (network, normalisation) = thread.install(|| {
            let network = Network::new(config, tensors, config.vit.image_size, device)?;
            Ok::<_, ModelError>((network, normalisation(config, device)?))
        })?;
        let at_once = Footprint::of(config).pictures_at_once(free_bytes(device));
        tracing::debug!("{} pictures at once on {}", at_once, device_name(device));
        Ok(Self {
            network,
            config: config.clone(),
            device: device.clone(),
            gpu: Some(Arc::new(Gpu {
                thread,
                normalisation,
                tensors: tensors.clone(),
                spare: OnceLock::new(),
                rehearsed,
            })),
            retreat: Arc::new(Retreat::new(device_name(device), at_once)),
        })
    }

    /// Where the network is.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether a GPU does the work, and has the memory for it.
    pub fn uses_gpu(&self) -> bool {
        self.gpu.is_some() && self.retreat.at_once() > 0
    }

    /// Crops that are best handed over together.
    pub fn at_once(&self) -> usize {
        match self.uses_gpu() {
            true => self.retreat.at_once(),
            false => CPU_AT_ONCE,
        }
    }

    /// See [`Retreat::take_note`].
    pub fn take_note(&self) -> Option<String> {
        self.retreat.take_note()
    }

    /// What `forward` makes of the pixels `[B, 3, side, side]` of a few crops at a time, joined in the order of the crops.
    ///
    /// On a CPU the crops are spread over rayon's threads; on a GPU they are batches as large as its memory allows.
    pub fn run<T: Send>(
        &self,
        crops: &[RgbImage],
        forward: impl Forward<T>,
    ) -> Result<Vec<T>, ModelError> {
        match &self.gpu {
            None => self.by_cpu(&self.network, crops, &forward),
            Some(gpu) => self.retreat.run(
                crops,
                |crops| self.by_gpu(gpu, crops, &forward),
                |crops| self.by_cpu(self.spare(gpu)?, crops, &forward),
            ),
        }
    }

    fn by_cpu<T: Send>(
        &self,
        network: &Network,
        crops: &[RgbImage],
        forward: &impl Forward<T>,
    ) -> Result<Vec<T>, ModelError> {
        // A few crops are spread over all threads as well.
        let even = crops.len().div_ceil(rayon::current_num_threads());
        let size_px = self.config.vit.image_size;
        let chunks = crops.par_chunks(even.clamp(1, CPU_CHUNK)).map(|crops| {
            let pixels = pixels(crops, &self.config, size_px, &Device::Cpu)?;
            forward(network, &pixels, false)
        });
        let joined: Result<Vec<Vec<T>>, ModelError> = chunks.collect();
        Ok(joined?.into_iter().flatten().collect())
    }

    fn by_gpu<T: Send>(
        &self,
        gpu: &Gpu,
        crops: &[RgbImage],
        forward: &impl Forward<T>,
    ) -> Result<Vec<T>, ModelError> {
        if gpu.rehearsed.is_some_and(|room| crops.len() > room) {
            let words = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
            return Err(candle_core::Error::Cuda(words.into()).into());
        }
        let side = self.config.vit.image_size;
        let bytes = joined(crops, side)?;
        gpu.thread.install(|| {
            let shape = (crops.len(), side, side, 3);
            let bytes = Tensor::from_vec(bytes, shape, &self.device)?;
            forward(
                &self.network,
                &normalised(&bytes, &gpu.normalisation)?,
                true,
            )
        })
    }

    /// The network on the CPU, made when it is first needed.
    fn spare<'a>(&self, gpu: &'a Gpu) -> Result<&'a Network, ModelError> {
        if let Some(network) = gpu.spare.get() {
            return Ok(network);
        }
        let size_px = self.config.vit.image_size;
        let network = Network::new(&self.config, &gpu.tensors, size_px, &Device::Cpu)?;
        Ok(gpu.spare.get_or_init(|| network))
    }
}

/// The bytes of crops of `side` pixels a side, one after the other: a quarter of what they are as f32, so that they reach
/// the device sooner.
fn joined(crops: &[RgbImage], side: usize) -> candle_core::Result<Vec<u8>> {
    let wrong = |crop: &&RgbImage| crop.dimensions() != (side as u32, side as u32);
    if let Some(crop) = crops.iter().find(wrong) {
        candle_core::bail!(
            "a crop of {:?} pixels, but the model takes {side} a side",
            crop.dimensions()
        );
    }
    let size = 3 * side * side;
    let mut bytes = vec![0; crops.len() * size];
    bytes
        .par_chunks_exact_mut(size)
        .zip(crops)
        .for_each(|(bytes, crop)| bytes.copy_from_slice(crop.as_raw()));
    Ok(bytes)
}

/// Factor and summand, `[1, 3, 1, 1]` each, that make bytes to normalised pixels.
fn normalisation(config: &Config, device: &Device) -> candle_core::Result<[Tensor; 2]> {
    let channels = |of: fn(f32, f32) -> f32| {
        let values = config.mean.iter().zip(&config.std);
        let values: Vec<f32> = values.map(|(mean, std)| of(*mean, *std)).collect();
        Tensor::from_vec(values, (1, 3, 1, 1), device)
    };
    Ok([
        channels(|_, std| 1.0 / (255.0 * std))?,
        channels(|mean, std| -mean / std)?,
    ])
}

/// Bytes `[B, side, side, 3]` to normalised pixels `[B, 3, side, side]`, on their device; see [`pixels`].
fn normalised(bytes: &Tensor, [factor, summand]: &[Tensor; 2]) -> candle_core::Result<Tensor> {
    bytes
        .to_dtype(DType::F32)?
        .permute((0, 3, 1, 2))?
        .broadcast_mul(factor)?
        .broadcast_add(summand)
}
