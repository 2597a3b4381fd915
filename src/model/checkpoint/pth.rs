//! PyTorch's `.pth`: a zip archive with one pickle and the raw storages of the tensors beside it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use zip::ZipArchive;

use super::hints::Arguments;
use super::pickle::{Id, Pickle, Value};
use crate::model::error::ModelError;

/// Where the state dictionary lies: the authors' trainer first (its spelling), then what other programs use.
const STATE_KEYS: [&str; 4] = ["stduent", "student", "state_dict", "model"];
/// Prefix that PyTorch's data-parallel wrapper gives every name.
const WRAPPER: &str = "module.";
/// No tensor may have more values; a stride of 0 lets a small storage claim any number.
const LARGEST_TENSOR: usize = 1 << 28;
/// Deeper nesting of a namespace is cut off.
const LARGEST_NESTING: usize = 6;

/// What a `.pth` holds of interest.
pub(super) struct Contents {
    /// f32, on the CPU, without the data-parallel prefix.
    pub tensors: BTreeMap<String, Tensor>,
    /// The trainer's command-line arguments; empty where there are none.
    pub arguments: Arguments,
    /// Passes over the data so far, if the file says.
    pub epoch: Option<i64>,
}

/// Whether these bytes begin like a zip archive.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether these bytes begin like a pickle, which is how PyTorch saved before version 1.6.
pub(super) fn is_bare_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..])
}

/// Reads state dictionary, arguments and epoch; optimiser and scaler states are left alone.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Contents, ModelError> {
    let damaged = |reason: String| ModelError::Format {
        path: path.to_owned(),
        reason: format!("truncated or damaged PyTorch file ({reason})"),
    };
    let mut archive = Archive::open(bytes).map_err(damaged)?;
    let pickle = archive
        .entry("data.pkl")
        .and_then(|bytes| Pickle::read(&bytes))
        .map_err(damaged)?;
    let root = pickle.root();
    let state = STATE_KEYS
        .iter()
        .find_map(|key| pickle.entry(root, key))
        .unwrap_or(root);
    let Value::Dict(items) = state else {
        return Err(ModelError::Format {
            path: path.to_owned(),
            reason: "this PyTorch file holds no state dictionary; save `model.state_dict()`, not the model".into(),
        });
    };
    let mut tensors = BTreeMap::new();
    for (name, value) in items {
        let Some(name) = pickle.text(*name) else {
            continue;
        };
        let name = name.strip_prefix(WRAPPER).unwrap_or(name);
        let tensor = tensor_arguments(&pickle, *value)
            .map(|arguments| tensor(&pickle, arguments, &mut archive))
            .transpose()
            .map_err(|reason| ModelError::Values {
                path: path.to_owned(),
                tensor: name.to_string(),
                reason: format!("cannot be read: {reason}"),
            })?;
        if let Some(tensor) = tensor {
            tensors.insert(name.to_string(), tensor);
        }
    }
    let epoch = match pickle.entry(root, "epoch") {
        Some(Value::Int(epoch)) => Some(*epoch),
        _ => None,
    };
    Ok(Contents {
        tensors,
        arguments: arguments(&pickle),
        epoch,
    })
}

struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// The one folder in which everything lies.
    folder: String,
}

impl<'a> Archive<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let mut folder = None;
        for name in zip.file_names() {
            let name = name.map_err(|error| error.to_string())?;
            if let Some(found) = name.strip_suffix("data.pkl") {
                folder = Some(found.to_string());
            }
        }
        let folder = folder.ok_or("a zip archive without `data.pkl`")?;
        let mut archive = Self { zip, folder };
        match archive.entry("byteorder") {
            Ok(order) if order == b"big" => Err("written on a big-endian machine".into()),
            _ => Ok(archive),
        }
    }

    fn entry(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let name = format!("{}{name}", self.folder);
        let mut entry = self
            .zip
            .by_name(&name)
            .map_err(|error| format!("{name}: {error}"))?;
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(bytes)
    }
}

/// The arguments from which PyTorch would rebuild this tensor; `None` if it is no tensor.
fn tensor_arguments(pickle: &Pickle, id: Id) -> Option<&[Id]> {
    let mut object = pickle.get(id);
    // A parameter holds its tensor as first argument; nothing holds more than a few layers.
    for _ in 0..LARGEST_NESTING {
        let Value::Object {
            class, arguments, ..
        } = object
        else {
            return None;
        };
        let Value::Sequence(items) = pickle.get(*arguments) else {
            return None;
        };
        if pickle.is_global(*class, "torch._utils", "_rebuild_tensor_v2") {
            return Some(items);
        } else if pickle.is_global(*class, "torch._utils", "_rebuild_parameter") {
            object = pickle.get(*items.first()?);
        } else if pickle.is_global(*class, "torch._tensor", "_rebuild_from_type_v2") {
            let Value::Sequence(inner) = pickle.get(*items.get(2)?) else {
                return None;
            };
            return Some(inner);
        } else {
            return None;
        }
    }
    None
}

/// Builds a tensor from `(storage, offset, size, stride, ...)`; offset and strides count values.
fn tensor(pickle: &Pickle, arguments: &[Id], archive: &mut Archive<'_>) -> Result<Tensor, String> {
    let [storage, offset, size, stride, ..] = arguments else {
        return Err("too few arguments".into());
    };
    let offset = count(pickle, *offset)?;
    let (size, stride) = (counts(pickle, *size)?, counts(pickle, *stride)?);
    if size.len() != stride.len() {
        return Err(format!(
            "{} dimensions, but {} strides",
            size.len(),
            stride.len()
        ));
    }
    let values = size
        .iter()
        .try_fold(1usize, |product, side| product.checked_mul(*side));
    let values = values
        .filter(|values| *values <= LARGEST_TENSOR)
        .ok_or("it is too large")?;
    let (kind, key) = storage_of(pickle, *storage)?;
    let stored = archive.entry(&format!("data/{key}"))?;
    let width = kind.size_in_bytes();
    let last = size
        .iter()
        .zip(&stride)
        .try_fold(offset, |sum, (side, step)| {
            side.saturating_sub(1)
                .checked_mul(*step)
                .and_then(|steps| sum.checked_add(steps))
        });
    if values > 0 && last.is_none_or(|last| last >= stored.len() / width) {
        return Err("it reaches beyond its storage".into());
    }
    if values > 0 && contiguous(&size, &stride) {
        return from_bytes(
            &stored[offset * width..(offset + values) * width],
            kind,
            &size,
        );
    }
    let mut gathered = Vec::with_capacity(values * width);
    let mut index = vec![0; size.len()];
    for _ in 0..values {
        let at = index
            .iter()
            .zip(&stride)
            .fold(offset, |sum, (i, step)| sum + i * step)
            * width;
        gathered.extend_from_slice(&stored[at..at + width]);
        for (i, side) in index.iter_mut().zip(&size).rev() {
            *i += 1;
            if *i < *side {
                break;
            }
            *i = 0;
        }
    }
    from_bytes(&gathered, kind, &size)
}

fn from_bytes(bytes: &[u8], kind: DType, size: &[usize]) -> Result<Tensor, String> {
    Tensor::from_raw_buffer(bytes, kind, size, &Device::Cpu)
        .and_then(|tensor| tensor.to_dtype(DType::F32))
        .map_err(|error| error.to_string())
}

/// Whether the values lie one after the other in row-major order; sides of 1 may have any stride.
fn contiguous(size: &[usize], stride: &[usize]) -> bool {
    let mut expected = 1;
    size.iter().zip(stride).rev().all(|(side, step)| {
        let fits = *side == 1 || *step == expected;
        expected *= side;
        fits
    })
}

/// Type of the values and name of the entry of `("storage", class, key, location, values)`.
fn storage_of(pickle: &Pickle, id: Id) -> Result<(DType, &str), String> {
    let unknown = || "its storage is described in an unknown way".to_string();
    let Value::Persistent(id) = pickle.get(id) else {
        return Err(unknown());
    };
    let Value::Sequence(parts) = pickle.get(*id) else {
        return Err(unknown());
    };
    let [_, class, key, ..] = parts.as_slice() else {
        return Err(unknown());
    };
    let Value::Global { name, .. } = pickle.get(*class) else {
        return Err(unknown());
    };
    let kind = match name.as_str() {
        "FloatStorage" => DType::F32,
        "DoubleStorage" => DType::F64,
        "HalfStorage" => DType::F16,
        "BFloat16Storage" => DType::BF16,
        "LongStorage" => DType::I64,
        "IntStorage" => DType::I32,
        "ByteStorage" | "BoolStorage" => DType::U8,
        other => return Err(format!("{other} holds no weights")),
    };
    Ok((kind, pickle.text(*key).ok_or_else(unknown)?))
}

fn count(pickle: &Pickle, id: Id) -> Result<usize, String> {
    match pickle.get(id) {
        Value::Int(value) => usize::try_from(*value).map_err(|_| format!("{value} is no size")),
        _ => Err("a size is not a number".into()),
    }
}

fn counts(pickle: &Pickle, id: Id) -> Result<Vec<usize>, String> {
    match pickle.get(id) {
        Value::Sequence(items) => items.iter().map(|item| count(pickle, *item)).collect(),
        _ => Err("a shape is not a tuple".into()),
    }
}

/// The command line in `args`: an `argparse.Namespace` or a dictionary.
fn arguments(pickle: &Pickle) -> Arguments {
    let Some(args) = pickle.entry(pickle.root(), "args") else {
        return Arguments::new();
    };
    let dict = match args {
        Value::Object {
            state: Some(state), ..
        } => pickle.get(*state),
        other => other,
    };
    match json(pickle, dict, LARGEST_NESTING) {
        serde_json::Value::Object(arguments) => arguments,
        _ => Arguments::new(),
    }
}

fn json(pickle: &Pickle, value: &Value, nesting: usize) -> serde_json::Value {
    use serde_json::Value as Json;
    let Some(nesting) = nesting.checked_sub(1) else {
        return Json::Null;
    };
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Sequence(items) => items
            .iter()
            .map(|item| json(pickle, pickle.get(*item), nesting))
            .collect(),
        Value::Dict(items) => items
            .iter()
            .filter_map(|(key, value)| {
                Some((
                    pickle.text(*key)?.to_string(),
                    json(pickle, pickle.get(*value), nesting),
                ))
            })
            .collect(),
        _ => Json::Null,
    }
}
