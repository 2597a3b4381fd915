use super::published::layout_of;
use super::{EvalError, Unlisted};
use crate::photo;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Endings of files that count as photos whatever they hold, so that a broken one is reported instead of passed over.
const ENDINGS: [&str; 9] = [
    "jpg", "jpeg", "png", "webp", "gif", "apng", "bmp", "tif", "tiff",
];

/// One class of a benchmark set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The folder's name.
    pub name: String,
    /// Its photos, sorted bytewise; never empty.
    pub files: Vec<PathBuf>,
}

/// One benchmark set: classes of photos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoSet {
    /// The folder's name.
    pub name: String,
    /// Its classes, sorted bytewise; those of a published set in its own order.
    pub classes: Vec<Class>,
    /// How the authors of a published set split it; none for `SET/CLASS` folders.
    pub official: Option<OfficialSplit>,
}

/// The split of a published set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficialSplit {
    /// How many of the classes, from the first on, are for training.
    pub train_classes: usize,
    /// The photos that only ask or only answer; all others do both.
    pub roles: BTreeMap<PathBuf, Role>,
}

/// What a photo does when its set is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It asks, and is in the gallery of all other photos.
    #[default]
    Both,
    /// It asks, and is in no gallery.
    Query,
    /// It is in the gallery, and does not ask.
    Gallery,
}

impl Role {
    /// Whether the photo is a query.
    pub fn asks(self) -> bool {
        self != Self::Gallery
    }

    /// Whether the photo is in the gallery.
    pub fn answers(self) -> bool {
        self != Self::Query
    }
}

/// Which classes of a set are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The first half of the classes, rounded down, or those that a published set trains on
    Train,
    /// The other classes
    #[default]
    Test,
    /// All classes
    All,
}

impl Part {
    /// `train`, `test` or `all`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl PhotoSet {
    /// A set without an official split.
    pub fn new(name: String, classes: Vec<Class>) -> Self {
        Self {
            name,
            classes,
            official: None,
        }
    }

    /// The set with the classes of one part only, which may be none.
    pub fn part(&self, part: Part) -> Self {
        let half = match &self.official {
            Some(split) => split.train_classes.min(self.classes.len()),
            None => self.classes.len() / 2,
        };
        let kept = match part {
            Part::Train => 0..half,
            Part::Test => half..self.classes.len(),
            Part::All => 0..self.classes.len(),
        };
        let official = self.official.as_ref().map(|split| OfficialSplit {
            train_classes: half.saturating_sub(kept.start),
            roles: split.roles.clone(),
        });
        Self {
            name: self.name.clone(),
            classes: self.classes[kept].to_vec(),
            official,
        }
    }

    /// What one of its photos does when the set is measured.
    pub fn role(&self, file: &Path) -> Role {
        let split = self.official.as_ref();
        let role = split.and_then(|split| split.roles.get(file));
        role.copied().unwrap_or_default()
    }

    /// As [`PhotoSet::part`], but an error that names the set if nothing is left.
    ///
    /// # Errors
    /// Fails if the part holds no class.
    pub fn filled_part(&self, part: Part) -> Result<Self, EvalError> {
        let half = self.part(part);
        if half.classes.is_empty() {
            return Err(EvalError::EmptyPart {
                set: self.name.clone(),
                classes: self.classes.len(),
                part: part.name(),
            });
        }
        Ok(half)
    }

    /// How many photos the set holds.
    pub fn photos(&self) -> usize {
        self.classes.iter().map(|class| class.files.len()).sum()
    }

    /// Every photo with the number of its class, class after class.
    pub fn files(&self) -> impl Iterator<Item = (u32, &Path)> {
        (0..)
            .zip(&self.classes)
            .flat_map(|(label, class)| class.files.iter().map(move |file| (label, file.as_path())))
    }
}

/// Reads the benchmark sets below a folder: `ROOT/SET/CLASS/*`, sets sorted bytewise by name, and among them those of
/// the eight published sets whose folders lie there under their own names (`CUB_200_2011`, `cars196`,
/// `Stanford_Online_Products`, `Inshop_Clothes`, `nabirds`, `dogs`, `flowers`, `fgvc-aircraft-2013b`) in their own
/// layouts. A folder with such a name but nothing of the layout is read as `SET/CLASS`, with a warning.
///
/// Sets, classes and photos may be symbolic links. Names that start with a dot, files beside the folders and class
/// folders without a photo are passed over, the last with a warning.
///
/// # Errors
/// Fails if a folder is missing, a link leads nowhere, the root holds no set, a set holds no photo, or a published set
/// lacks a list, rows of one, a class folder or a photo that a list names.
pub fn read_sets(root: &Path) -> Result<Vec<PhotoSet>, EvalError> {
    let sets = folders(root)?
        .into_iter()
        .map(|(name, path)| read_set(&name, &path))
        .collect::<Result<Vec<_>, _>>()?;
    if sets.is_empty() {
        return Err(EvalError::NoSets(root.to_path_buf()));
    }
    Ok(sets)
}

/// Keeps the sets of these names, in the order they have on disk.
///
/// # Errors
/// Fails if a name is not among the sets.
pub fn choose_sets(sets: Vec<PhotoSet>, names: &[String]) -> Result<Vec<PhotoSet>, EvalError> {
    if let Some(name) = names
        .iter()
        .find(|&name| sets.iter().all(|set| &set.name != name))
    {
        let known = sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>();
        return Err(EvalError::UnknownSet {
            name: name.clone(),
            known: known.join(", "),
        });
    }
    Ok(sets
        .into_iter()
        .filter(|set| names.contains(&set.name))
        .collect())
}

fn read_set(name: &str, path: &Path) -> Result<PhotoSet, EvalError> {
    if let Some(layout) = layout_of(name, path) {
        return layout.read(path).map_err(|source| EvalError::Published {
            title: layout.title,
            files: layout.files,
            folder: path.to_path_buf(),
            source: Box::new(source),
        });
    }
    let mut classes = Vec::new();
    for (name, path) in folders(path)? {
        let files = photos(&path)?;
        if files.is_empty() {
            tracing::warn!("{}: no photos in this class, left out", path.display());
            continue;
        }
        classes.push(Class { name, files });
    }
    if classes.is_empty() {
        return Err(EvalError::EmptySet(path.to_path_buf()));
    }
    Ok(PhotoSet::new(name.to_owned(), classes))
}

/// The folders in a folder, sorted bytewise by name.
pub(super) fn folders(path: &Path) -> Result<Vec<(String, PathBuf)>, Unlisted> {
    let mut folders = Vec::new();
    for name in names(path)? {
        let path = path.join(&name);
        // Follows links, so one that leads nowhere is an error here and not a class less.
        let kind = std::fs::metadata(&path).map_err(|source| Unlisted {
            path: path.clone(),
            source,
        })?;
        if kind.is_dir() {
            folders.push((name.to_string_lossy().into_owned(), path));
        }
    }
    Ok(folders)
}

/// The photos in a folder, sorted bytewise by name.
pub(super) fn photos(path: &Path) -> Result<Vec<PathBuf>, Unlisted> {
    let paths = names(path)?.into_iter().map(|name| path.join(name));
    Ok(paths.filter(|path| is_photo(path)).collect())
}

/// By ending or by content; a file that cannot be opened counts by its ending alone.
fn is_photo(path: &Path) -> bool {
    if path.is_dir() {
        return false;
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    let known = |ending: &str| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    };
    ending.is_some_and(known) || matches!(photo::sniff(path), Ok(Some(_)))
}

/// What a folder holds, without dot files, sorted bytewise.
fn names(path: &Path) -> Result<Vec<OsString>, Unlisted> {
    let failed = |source| Unlisted {
        path: path.to_path_buf(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
    Ok(names)
}
