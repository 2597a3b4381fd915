//! Weights between file and model: PUMA's own checkpoints, timm's ViTs and the authors' files.

mod backbone;
mod container;
mod foreign;
mod hints;
mod infer;
mod layout;
mod names;
mod own;
mod pickle;
mod pth;

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

pub use backbone::Backbone;
pub use layout::{Shapes, expected_tensors, rival_shapes};

use foreign::Source;

use super::config::Config;
use super::error::ModelError;

/// No file of weights may be larger; it is read into memory as a whole.
const LARGEST_FILE_BYTES: u64 = 4 << 30;

/// A complete set of weights with the configuration that they belong to.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Decides names and shapes of the tensors.
    pub config: Config,
    /// Exactly the tensors of [`expected_tensors`], f32 on the CPU, all finite.
    pub tensors: BTreeMap<String, Tensor>,
    /// How the weights came about: free-form, `null` where nothing is known.
    pub provenance: serde_json::Value,
}

/// What the caller knows about a file that does not say it itself.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The backbone of a file without configuration; ignored where the file has one.
    pub backbone: Option<Backbone>,
    /// The whole configuration of a file without one; goes before `backbone`.
    pub config: Option<Config>,
}

/// How exactly weights are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// f16: half the size; rounds each weight to 11 bits.
    #[default]
    Half,
    /// f32: gives back every bit.
    Single,
}

impl Checkpoint {
    /// Reads a file of any supported format.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, is of no known format, does not say enough, or whose tensors are not
    /// exactly those of its configuration. Nothing is ever loaded by half.
    pub fn read(path: &Path, options: &ReadOptions) -> Result<Self, ModelError> {
        let io = |source| ModelError::Io {
            path: path.to_owned(),
            source,
        };
        let size_bytes = std::fs::metadata(path).map_err(io)?.len();
        if size_bytes > LARGEST_FILE_BYTES {
            return Err(ModelError::Format {
                path: path.to_owned(),
                reason: format!(
                    "{size_bytes} bytes; weights of at most {LARGEST_FILE_BYTES} bytes are read"
                ),
            });
        }
        let bytes = std::fs::read(path).map_err(io)?;
        Self::from_bytes_with(&bytes, path, options)
    }

    /// Like [`Checkpoint::read`] with the file's bytes; `name` stands for the file in errors.
    ///
    /// # Errors
    /// See [`Checkpoint::read`].
    pub fn from_bytes(bytes: &[u8], name: &Path) -> Result<Self, ModelError> {
        Self::from_bytes_with(bytes, name, &ReadOptions::default())
    }

    /// Like [`Checkpoint::from_bytes`], for files that do not say everything themselves.
    ///
    /// # Errors
    /// See [`Checkpoint::read`].
    pub fn from_bytes_with(
        bytes: &[u8],
        path: &Path,
        options: &ReadOptions,
    ) -> Result<Self, ModelError> {
        let reason = if container::is_safetensors(bytes) {
            let contents = container::read(bytes, path)?;
            return match contents.metadata.get("format").map(String::as_str) {
                Some(own::FORMAT) => own::assemble(contents.tensors, &contents.metadata, path),
                _ => foreign::assemble(Source::from(contents), options, path),
            };
        } else if pth::is_zip(bytes) {
            return foreign::assemble(Source::from(pth::read(bytes, path)?), options, path);
        } else if pth::is_bare_pickle(bytes) {
            "saved by a PyTorch before 1.6; load it there and save it again with a newer one"
        } else if bytes.is_empty() {
            "the file is empty"
        } else {
            "neither a .safetensors file nor a PyTorch .pth file"
        };
        Err(ModelError::Format {
            path: path.to_owned(),
            reason: reason.into(),
        })
    }

    /// Writes PUMA's own format in f16. The file appears complete or not at all.
    ///
    /// # Errors
    /// Tensors that do not fit the configuration or are not finite, and whatever the disk says.
    pub fn write(&self, path: &Path) -> Result<(), ModelError> {
        self.write_as(path, Precision::Half)
    }

    /// Writes PUMA's own format.
    ///
    /// # Errors
    /// See [`Checkpoint::write`].
    pub fn write_as(&self, path: &Path, precision: Precision) -> Result<(), ModelError> {
        self.check(path)?;
        container::write(&self.tensors, &own::metadata(self), precision, path)
    }

    /// Writes safetensors under the authors' names. Configuration and provenance go into the metadata, where PUMA finds
    /// them again and other programs do not mind them.
    ///
    /// # Errors
    /// See [`Checkpoint::write`].
    pub fn write_authors(&self, path: &Path, precision: Precision) -> Result<(), ModelError> {
        self.check(path)?;
        let prompt = self.config.prompt.as_ref();
        if self.config.rival.is_some()
            || prompt.is_some_and(|prompt| prompt.standardised || prompt.temperature.is_some())
        {
            return Err(ModelError::Config {
                path: path.to_owned(),
                reason: "the authors' layout has no place for what is not the published PUMA; leave out --names authors".into(),
            });
        }
        let tensors = names::to_authors(&self.tensors, &self.config)?;
        container::write(&tensors, &foreign::metadata(self), precision, path)
    }

    /// Checks configuration, names, shapes and values; `path` stands for the file in errors.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, path: &Path) -> Result<(), ModelError> {
        self.config
            .validate()
            .map_err(|reason| ModelError::Config {
                path: path.to_owned(),
                reason,
            })?;
        layout::check_names_and_shapes(&self.tensors, &expected_tensors(&self.config), path)?;
        layout::check_values(&self.tensors, path)
    }
}
