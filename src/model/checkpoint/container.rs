//! The safetensors container: bytes to f32 tensors on the CPU and back.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorInfo};

use super::Precision;
use crate::files;
use crate::model::error::ModelError;

/// What a file holds before anything is made of it.
pub(super) struct Contents {
    /// f32, on the CPU, under the file's names.
    pub tensors: BTreeMap<String, Tensor>,
    /// The text pairs of the header.
    pub metadata: HashMap<String, String>,
}

/// Whether these bytes begin like a safetensors file: a length, then a JSON object.
pub(super) fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// Reads every tensor of a safetensors file, widened to f32.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Contents, ModelError> {
    let damaged = |reason: String| ModelError::Format {
        path: path.to_owned(),
        reason: format!("truncated or damaged safetensors file ({reason})"),
    };
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| damaged(error.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let dtype = candle_dtype(view.dtype()).ok_or_else(|| ModelError::Values {
            path: path.to_owned(),
            tensor: name.to_string(),
            reason: format!("is of type {:?}, which holds no weights", view.dtype()),
        })?;
        let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?;
        tensors.insert(name.to_string(), tensor.to_dtype(DType::F32)?);
    }
    Ok(Contents {
        tensors,
        metadata: header.metadata().clone().unwrap_or_default(),
    })
}

fn candle_dtype(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::I64 => DType::I64,
        Dtype::U8 => DType::U8,
        Dtype::U32 => DType::U32,
        _ => return None,
    })
}

/// Writes a safetensors file beside its destination and moves it there when it is complete and on the disk.
///
/// The header is written in sorted order (the safetensors crate's own writer follows a hash map's), so that equal
/// contents give equal files.
pub(super) fn write(
    tensors: &BTreeMap<String, Tensor>,
    metadata: &BTreeMap<&'static str, String>,
    precision: Precision,
    path: &Path,
) -> Result<(), ModelError> {
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), serde_json::json!(metadata));
    }
    let mut data = Vec::new();
    for (name, tensor) in tensors {
        let start = data.len();
        let dtype = append(&mut data, name, tensor, precision, path)?;
        let info = TensorInfo {
            dtype,
            shape: tensor.dims().to_vec(),
            data_offsets: (start, data.len()),
        };
        header.insert(name.clone(), serde_json::json!(info));
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    files::replace(path, &[&length, &header, &data]).map_err(|source| ModelError::Io {
        path: path.to_owned(),
        source,
    })
}

fn append(
    data: &mut Vec<u8>,
    name: &str,
    tensor: &Tensor,
    precision: Precision,
    path: &Path,
) -> Result<Dtype, ModelError> {
    if tensor.dtype() == DType::I64 {
        let values = tensor.flatten_all()?.to_vec1::<i64>()?;
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        return Ok(Dtype::I64);
    }
    let values = tensor
        .flatten_all()?
        .to_dtype(DType::F32)?
        .to_vec1::<f32>()?;
    match precision {
        Precision::Single => {
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            Ok(Dtype::F32)
        }
        Precision::Half => {
            for value in values {
                let half = half::f16::from_f32(value);
                if !half.is_finite() {
                    return Err(ModelError::Values {
                        path: path.to_owned(),
                        tensor: name.to_string(),
                        reason: format!("holds {value}, which does not fit into half precision"),
                    });
                }
                data.extend(half.to_le_bytes());
            }
            Ok(Dtype::F16)
        }
    }
}
