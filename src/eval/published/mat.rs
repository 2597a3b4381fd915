//! MATLAB's files of level 5, which `save` writes unless told `-v7.3`; matrw reads what is in them.

use super::{PublishedError, lists};
use matrw::{MatFile, MatVariable, MatlabType, load_matfile_from_u8};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// How matrw wants a file to begin; scipy and Octave leave out the comma or write something else.
const MAGIC: &[u8] = b"MATLAB 5.0 MAT-file, ";
/// Text, offset of the subsystem's data, version and byte order.
const HEADER_BYTES: usize = 128;

/// A MATLAB file.
pub(super) struct Mat {
    path: PathBuf,
    file: MatFile,
}

impl Mat {
    /// Reads the file.
    pub(super) fn read(path: PathBuf) -> Result<Self, PublishedError> {
        let mut bytes = lists::bytes_of(&path)?;
        let wrong = |reason: String| PublishedError::Mat {
            path: path.clone(),
            reason,
        };
        check(&bytes).map_err(wrong)?;
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        // The library panics on some damage.
        let read = catch_unwind(AssertUnwindSafe(|| load_matfile_from_u8(&bytes)));
        let file = match read {
            Ok(Ok(file)) => file,
            Ok(Err(_)) | Err(_) => {
                return Err(wrong(
                    "is damaged, or holds text as 16-bit numbers (MATLAB before version 7), which is not read here; \
                     load it and save it again with MATLAB (save -v7) or scipy.io"
                        .to_owned(),
                ));
            }
        };
        Ok(Self { path, file })
    }

    /// Where the file lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A numeric array as whole numbers, column after column.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<u32>, PublishedError> {
        whole_numbers(&self.file[name]).ok_or_else(|| self.lacks(name, "an array of whole numbers"))
    }

    /// A cell array of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, PublishedError> {
        let cells = match &self.file[name] {
            MatVariable::CellArray(cells) => cells.value.iter().map(text).collect(),
            _ => None,
        };
        cells.ok_or_else(|| self.lacks(name, "a cell array of texts"))
    }

    /// Whether there is a variable of this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.file.contains(name)
    }

    /// A text and a whole number of every element of a struct array.
    pub(super) fn records(
        &self,
        name: &str,
        text_field: &str,
        number_field: &str,
    ) -> Result<Vec<(String, u32)>, PublishedError> {
        let array = &self.file[name];
        let length = match array {
            MatVariable::StructureArray(elements) => elements.dim.iter().product(),
            MatVariable::Structure(_) => 1,
            _ => return Err(self.lacks(name, "a struct array")),
        };
        let record = |at: usize| {
            let element = match array {
                MatVariable::Structure(_) => array,
                _ => &array[at],
            };
            let number = whole_numbers(&element[number_field])?;
            match number[..] {
                [number] => Some((text(&element[text_field])?, number)),
                _ => None,
            }
        };
        (0..length)
            .map(|at| {
                record(at).ok_or_else(|| PublishedError::Mat {
                    path: self.path.clone(),
                    reason: format!(
                        "element {} of `{name}` has no text `{text_field}` and number `{number_field}`",
                        at + 1
                    ),
                })
            })
            .collect()
    }

    fn lacks(&self, name: &str, kind: &str) -> PublishedError {
        let names = self.file.iter().map(|(name, _)| name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        PublishedError::Mat {
            path: self.path.clone(),
            reason: format!("`{name}` is not {kind} in it; it holds {names}"),
        }
    }
}

/// Looks at the header, and whether every variable ends before the file does.
fn check(bytes: &[u8]) -> Result<(), String> {
    let no_mat = || "is no MATLAB file of level 5".to_owned();
    let header = bytes.get(..HEADER_BYTES).ok_or_else(no_mat)?;
    let number: fn([u8; 4]) -> u32 = match &header[124..] {
        [0, 1, b'I', b'M'] => u32::from_le_bytes,
        [1, 0, b'M', b'I'] => u32::from_be_bytes,
        [0, 2, b'I', b'M'] | [2, 0, b'M', b'I'] => {
            return Err("is a MATLAB file of version 7.3; save it with -v7".to_owned());
        }
        _ => return Err(no_mat()),
    };
    let mut rest = &bytes[HEADER_BYTES..];
    while let Some((&tag, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, ..] = tag;
        let [.., e, f, g, h] = tag;
        // A matrix, or one that is compressed.
        if !matches!(number([a, b, c, d]), 14 | 15) {
            return Err(no_mat());
        }
        let length = number([e, f, g, h]) as usize;
        rest = after.get(length..).ok_or_else(|| {
            format!(
                "is cut off: a variable of {length} bytes begins {} bytes before its end",
                after.len()
            )
        })?;
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err("is cut off within the last variable's head".to_owned())
    }
}

fn text(variable: &MatVariable) -> Option<String> {
    match variable.numeric_type()? {
        MatlabType::UTF8(letters) | MatlabType::UTF16(letters) => Some(letters.iter().collect()),
        _ => None,
    }
}

fn whole_numbers(variable: &MatVariable) -> Option<Vec<u32>> {
    macro_rules! whole {
        ($values:expr) => {
            $values
                .iter()
                .map(|&value| u32::try_from(value).ok())
                .collect()
        };
    }
    let float = |value: f64| {
        let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
        whole.then_some(value as u32)
    };
    match variable.numeric_type()? {
        MatlabType::U8(values) => whole!(values),
        MatlabType::I8(values) => whole!(values),
        MatlabType::U16(values) => whole!(values),
        MatlabType::I16(values) => whole!(values),
        MatlabType::U32(values) => whole!(values),
        MatlabType::I32(values) => whole!(values),
        MatlabType::U64(values) => whole!(values),
        MatlabType::I64(values) => whole!(values),
        MatlabType::F32(values) => values.iter().map(|&value| float(value.into())).collect(),
        MatlabType::F64(values) => values.iter().map(|&value| float(value)).collect(),
        _ => None,
    }
}
