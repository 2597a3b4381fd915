use super::mat::Mat;
use super::{Contents, PublishedError, lists};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `file_list.mat`: the cell array `file_list` and the numbers `labels`; the photos lie in `Images/`.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let list = Mat::read(root.join("file_list.mat"))?;
    let files = list.texts("file_list")?;
    let labels = list.numbers("labels")?;
    if files.len() != labels.len() {
        return Err(PublishedError::Mismatch {
            path: list.path().to_owned(),
            reason: format!("{} files and {} labels", files.len(), labels.len()),
        });
    }
    let images = root.join("Images");
    let mut photos = BTreeMap::<u32, Vec<PathBuf>>::new();
    for (file, label) in files.iter().zip(labels) {
        photos.entry(label).or_default().push(images.join(file));
    }
    let classes = lists::classes(list.path(), photos, |label, files| {
        // The folder has the breed's name.
        let folder = files.first().and_then(|file| file.parent()?.file_name());
        let folder = folder.unwrap_or_default().to_string_lossy();
        format!("{label:03} {folder}")
    })?;
    Ok(Contents::halved(classes))
}
