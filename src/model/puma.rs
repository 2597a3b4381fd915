use super::ablation::Ablation;
use super::checkpoint::{Checkpoint, ReadOptions};
use super::network::Output;
use super::pass::{GPU_DTYPE, Pass, Products};
use super::placed::Placed;
use super::prompt_pool::similarity_of_mean_prompt;
use super::{Config, ModelError};
use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use std::path::Path;

/// The checkpoint that is compiled in.
const SHIPPED: &[u8] = include_bytes!("../../models/puma.safetensors");

/// A loaded model, ready to embed pictures.
#[derive(Clone, Debug)]
pub struct Puma {
    config: Config,
    placed: Placed,
    fingerprint: String,
    products: Products,
}

/// What the model says of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// L2-normalised embedding, `[e]`.
    pub embedding: Vec<f32>,
    /// Prompt-pool similarities, `[M]`; empty for a plain ViT.
    pub similarity: Vec<f32>,
}

impl Puma {
    /// Reads a checkpoint in any layout this program knows.
    pub fn load(path: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::from_checkpoint(&Checkpoint::read(path, &ReadOptions::default())?, device)
    }

    /// The model that this project trained and compiled in.
    pub fn shipped(device: &Device) -> Result<Self, ModelError> {
        let checkpoint = Checkpoint::from_bytes(SHIPPED, Path::new("models/puma.safetensors"))?;
        Self::from_checkpoint(&checkpoint, device)
    }

    /// Builds the model of a checkpoint on `device`, or on the CPU where that has too little memory for it: see
    /// [`Puma::take_note`].
    pub fn from_checkpoint(checkpoint: &Checkpoint, device: &Device) -> Result<Self, ModelError> {
        Ok(Self {
            placed: Placed::new(&checkpoint.config, &checkpoint.tensors, device)?,
            config: checkpoint.config.clone(),
            fingerprint: fingerprint(checkpoint)?,
            products: Products::default(),
        })
    }

    /// The model as it runs on a GPU, but on the CPU: by one thread, in numbers of 16 bits, with CUDA's error where it is
    /// given more than `room` pictures at once. It is slow; it shows on machines without a GPU that this way is sound.
    pub fn rehearsal(checkpoint: &Checkpoint, room: usize) -> Result<Self, ModelError> {
        Ok(Self {
            placed: Placed::rehearsal(&checkpoint.config, &checkpoint.tensors, room)?,
            config: checkpoint.config.clone(),
            fingerprint: fingerprint(checkpoint)?,
            products: Products::default(),
        })
    }

    /// The same model with its weights' products in other numbers, to see what they are worth; its fingerprint stays, so
    /// that it is not one to index with.
    #[must_use]
    pub fn with_products(mut self, products: Products) -> Self {
        self.products = products;
        self
    }

    /// What its weights' products are computed in, where the device has instructions for that.
    pub fn products(&self) -> Products {
        self.products
    }

    /// The architecture and its normalisation.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the model runs.
    pub fn device(&self) -> &Device {
        self.placed.device()
    }

    /// Whether a GPU does the work, and has the memory for it.
    pub fn uses_gpu(&self) -> bool {
        self.placed.uses_gpu()
    }

    /// Crops that are best handed over together: on a GPU as many as its free memory allows.
    pub fn at_once(&self) -> usize {
        self.placed.at_once()
    }

    /// What the user should be told once: that a GPU has too little memory, and what is done about it.
    pub fn take_note(&self) -> Option<String> {
        self.placed.take_note()
    }

    /// A hash of configuration and weights, 32 hexadecimal digits: two models with the same one embed alike.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Side of the crops that [`Puma::embed`] takes, in pixels.
    pub fn image_size(&self) -> u32 {
        self.config.vit.image_size as u32
    }

    /// Length `e` of an embedding.
    pub fn embedding_width(&self) -> usize {
        self.config
            .head
            .as_ref()
            .map_or(self.config.vit.width, |head| head.width)
    }

    /// The similarities `[M]` whose prompt is the mean of the prompts of pictures with similarities `rows`, each `[M]`.
    pub fn similarity_of_mean_prompt<'a>(&self, rows: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let prompt = self.config.prompt.as_ref();
        prompt.map_or(Vec::new(), |config| similarity_of_mean_prompt(config, rows))
    }

    /// Prompts `M` in the pool; 0 for a plain ViT.
    pub fn prompts(&self) -> usize {
        self.config
            .prompt
            .as_ref()
            .map_or(0, |prompt| prompt.pool_size)
    }

    /// Embeddings and similarities of evaluation crops, in their order.
    ///
    /// On a CPU the crops are spread over rayon's threads a few at a time. On a GPU they are as large a batch as its
    /// memory allows, in f16; where a number leaves the range of f16 the batch is computed again in f32. A GPU that has
    /// less memory than it said is given fewer at a time, and where it has none for a single one the CPU does it.
    pub fn embed(&self, crops: &[RgbImage]) -> Result<Vec<Embedded>, ModelError> {
        self.embed_ablated(crops, &Ablation::None)
    }

    /// As [`Puma::embed`], without a part of the model; with [`Ablation::None`] exactly the same.
    ///
    /// The similarities are the weights that the prompts were summed with; without the pool there are none.
    ///
    /// # Errors
    /// [`ModelError::Choice`] if the model does not have what is left out.
    pub fn embed_ablated(
        &self,
        crops: &[RgbImage],
        ablation: &Ablation,
    ) -> Result<Vec<Embedded>, ModelError> {
        self.embed_by(crops, &self.products.pass(), ablation)
    }

    /// As [`Puma::embed_ablated`] by another pass: with [`Pass::Inference`] all of it in f32.
    pub fn embed_by(
        &self,
        crops: &[RgbImage],
        pass: &Pass,
        ablation: &Ablation,
    ) -> Result<Vec<Embedded>, ModelError> {
        ablation.check(self.prompts())?;
        self.placed.run(crops, |network, pixels, on_gpu| {
            // A rehearsal's GPU is a CPU, which would take another way by itself.
            let half = Pass::Half(GPU_DTYPE);
            let pass = match pass {
                Pass::Rounded if on_gpu => &half,
                _ => pass,
            };
            let rows = Embedded::of(&network.embed(pixels, pass, ablation)?)?;
            if !matches!(pass, Pass::Half(_)) || rows.iter().all(Embedded::is_finite) {
                return Ok(rows);
            }
            tracing::debug!("a batch leaves the range of 16 bits");
            Embedded::of(&network.embed(pixels, &Pass::Inference, ablation)?)
        })
    }

    /// L2-normalised class tokens `[d]` of the frozen backbone alone, without PUMA's modules.
    pub fn embed_cls(&self, crops: &[RgbImage]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.placed.run(crops, |network, pixels, _| {
            let embedding = network.backbone_embedding(pixels, &Pass::Inference)?;
            Ok(embedding.to_vec2()?)
        })
    }
}

impl Embedded {
    /// What a forward pass says of each picture.
    pub fn of(output: &Output) -> Result<Vec<Self>, ModelError> {
        let embeddings = output.embedding.to_vec2::<f32>()?;
        let similarities = match &output.similarity {
            Some(similarity) => similarity.to_vec2::<f32>()?,
            None => vec![Vec::new(); embeddings.len()],
        };
        let pairs = embeddings.into_iter().zip(similarities);
        Ok(pairs
            .map(|(embedding, similarity)| Self {
                embedding,
                similarity,
            })
            .collect())
    }

    /// Whether all its numbers are finite.
    pub fn is_finite(&self) -> bool {
        let mut all = self.embedding.iter().chain(&self.similarity);
        all.all(|value| value.is_finite())
    }
}

/// Crops of `size` pixels a side to normalised pixels `[B, 3, size, size]`: `(value / 255 - mean) / std`.
pub fn pixels(
    crops: &[RgbImage],
    config: &Config,
    size: usize,
    device: &Device,
) -> candle_core::Result<Tensor> {
    let area = size * size;
    let mut values = vec![0f32; crops.len() * 3 * area];
    for (crop, planes) in crops.iter().zip(values.chunks_exact_mut(3 * area)) {
        if crop.dimensions() != (size as u32, size as u32) {
            candle_core::bail!(
                "a crop of {:?} pixels, but the model takes {size} a side",
                crop.dimensions()
            );
        }
        for (channel, plane) in planes.chunks_exact_mut(area).enumerate() {
            let scale = 1.0 / (255.0 * config.std[channel]);
            let shift = config.mean[channel] / config.std[channel];
            let source = crop.as_raw().iter().skip(channel).step_by(3);
            for (value, &byte) in plane.iter_mut().zip(source) {
                *value = f32::from(byte) * scale - shift;
            }
        }
    }
    Tensor::from_vec(values, (crops.len(), 3, size, size), device)
}

/// BLAKE3 over the configuration and every tensor's name, shape and values, cut to 128 bits.
fn fingerprint(checkpoint: &Checkpoint) -> Result<String, ModelError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(
        serde_json::to_string(&checkpoint.config)
            .unwrap_or_default()
            .as_bytes(),
    );
    for (name, tensor) in &checkpoint.tensors {
        hasher.update(format!("{name}{:?}", tensor.dims()).as_bytes());
        let values = tensor
            .to_dtype(DType::F32)?
            .flatten_all()?
            .to_vec1::<f32>()?;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        hasher.update(&bytes);
    }
    Ok(hasher.finalize().to_hex()[..32].to_string())
}
