use super::mat::Mat;
use super::{Contents, PublishedError, lists};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `imagelabels.mat`: the class of photo 1, 2, ...; `setid.mat`: the photos of the three parts, all of which are used.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let labels = Mat::read(root.join("imagelabels.mat"))?;
    let parts = Mat::read(root.join("setid.mat"))?;
    let label_of = labels.numbers("labels")?;
    let mut photos = BTreeMap::<u32, Vec<PathBuf>>::new();
    let mut named = 0;
    for part in ["trnid", "valid", "tstid"] {
        for photo in parts.numbers(part)? {
            let label = (photo as usize)
                .checked_sub(1)
                .and_then(|at| label_of.get(at));
            let Some(&label) = label else {
                return Err(PublishedError::Mismatch {
                    path: parts.path().to_owned(),
                    reason: format!(
                        "names photo {photo}, but {} has {} labels",
                        labels.path().display(),
                        label_of.len()
                    ),
                });
            };
            named += 1;
            let file = root.join("jpg").join(format!("image_{photo:05}.jpg"));
            photos.entry(label).or_default().push(file);
        }
    }
    if named != label_of.len() {
        return Err(PublishedError::Mismatch {
            path: parts.path().to_owned(),
            reason: format!(
                "names {named} photos, but {} has {} labels",
                labels.path().display(),
                label_of.len()
            ),
        });
    }
    let classes = lists::classes(parts.path(), photos, |label, _| format!("{label:03}"))?;
    Ok(Contents::halved(classes))
}
