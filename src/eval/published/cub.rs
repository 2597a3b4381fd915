use super::super::photo_set::{Class, folders, photos};
use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Classes up to this number train; as many more follow them in the whole set.
const TRAIN: u32 = 100;
/// How many missing folders a message names.
const NAMED: usize = 8;

/// `images.txt` (photo, path) with the photos in `images/`; where that list is missing, all of `images/NNN.Name/*.jpg`.
///
/// The split goes by the classes' numbers, 1-100 and 101-200, so that a missing folder moves no class to the other
/// side. A miniature, whose numbers end at 100 or before, is split in the middle of its numbers.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let images = root.join("images");
    if !images.is_dir() {
        return Err(PublishedError::Missing(images));
    }
    let list = root.join("images.txt");
    let (classes, source) = if list.exists() {
        let list = List::read(list)?;
        (listed(&list, &images)?, list.path().to_owned())
    } else {
        (found(&images)?, images)
    };
    let number_of = |class: &Class| number(&class.name);
    let numbers = classes
        .iter()
        .filter_map(number_of)
        .collect::<BTreeSet<_>>();
    let last = numbers.last().copied().unwrap_or_default();
    let (half, last) = if last > TRAIN {
        (TRAIN, last.max(2 * TRAIN))
    } else {
        (last / 2, last)
    };
    let absent = last as usize - numbers.len();
    if absent > 0 {
        let named = (1..=last)
            .filter(|number| !numbers.contains(number))
            .take(NAMED)
            .map(|number| format!("{number:03}.*"))
            .collect::<Vec<_>>();
        let others = if absent > NAMED { ", ..." } else { "" };
        return Err(PublishedError::Mismatch {
            path: source,
            reason: format!(
                "{absent} of the class folders 001.* to {last:03}.* are missing in it: {}{others}",
                named.join(", ")
            ),
        });
    }
    let trains = |class: &&Class| number_of(class).is_some_and(|number| number <= half);
    let train_classes = classes.iter().filter(trains).count();
    Ok(Contents::cut(classes, train_classes))
}

/// The classes with the photos that the list names.
fn listed(list: &List, images: &Path) -> Result<Vec<Class>, PublishedError> {
    let expected = "PHOTO NNN.Name/FILE";
    let mut photos = BTreeMap::<(u32, String), Vec<PathBuf>>::new();
    for line in list.lines() {
        let [_, path] = line.words(expected)?;
        let (folder, number) = path
            .split_once('/')
            .and_then(|(folder, _)| Some((folder, number(folder)?)))
            .ok_or_else(|| line.wrong(expected))?;
        let class = photos.entry((number, folder.to_owned())).or_default();
        class.push(images.join(path));
    }
    lists::classes(list.path(), photos, |(_, folder), _| folder.clone())
}

/// The classes with the photos that lie there.
fn found(images: &Path) -> Result<Vec<Class>, PublishedError> {
    let mut classes = Vec::new();
    for (name, path) in folders(images)? {
        if number(&name).is_none() {
            tracing::warn!("{}: no class NNN.Name, left out", path.display());
            continue;
        }
        let files = photos(&path)?;
        if files.is_empty() {
            return Err(PublishedError::Empty {
                path,
                what: "holds no photo",
            });
        }
        classes.push(Class { name, files });
    }
    if classes.is_empty() {
        return Err(PublishedError::Empty {
            path: images.to_owned(),
            what: "holds no class folder NNN.Name",
        });
    }
    classes.sort_by_key(|class| number(&class.name));
    Ok(classes)
}

/// The number before the point, from 1 on.
fn number(name: &str) -> Option<u32> {
    let number = name.split_once('.')?.0.parse().ok()?;
    (number > 0).then_some(number)
}
