use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// `images.txt` (photo, path) and `image_class_labels.txt` (photo, class); the photos lie in `images/`.
///
/// The classes' numbers have gaps and are sorted; the first half of the classes trains, rounded up: 278 of 555.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let paths = List::read(root.join("images.txt"))?;
    let labels = List::read(root.join("image_class_labels.txt"))?;
    let images = root.join("images");
    let mut path_of = HashMap::new();
    for line in paths.lines() {
        let [photo, path] = line.words("PHOTO PATH")?;
        path_of.insert(photo, path);
    }
    let mut photos = BTreeMap::<u32, Vec<PathBuf>>::new();
    let mut labelled = 0;
    for line in labels.lines() {
        let expected = "PHOTO CLASS";
        let [photo, class] = line.words(expected)?;
        let class = line.number(class, expected)?;
        let path = path_of
            .get(photo)
            .ok_or_else(|| line.wrong("a photo that images.txt has"))?;
        labelled += 1;
        photos.entry(class).or_default().push(images.join(path));
    }
    if labelled != path_of.len() {
        return Err(PublishedError::Mismatch {
            path: labels.path().to_owned(),
            reason: format!("{labelled} labels, but images.txt has {}", path_of.len()),
        });
    }
    let classes = lists::classes(paths.path(), photos, |class, _| class.to_string())?;
    let train_classes = classes.len().div_ceil(2);
    Ok(Contents::cut(classes, train_classes))
}
