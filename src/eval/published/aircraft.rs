use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `data/images_variant_{trainval,test}.txt`: a photo's number and its variant, which may have spaces in its name.
///
/// Both lists count together: the split is by variant, in sorted order.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let data = root.join("data");
    let images = data.join("images");
    let mut photos = BTreeMap::<String, Vec<PathBuf>>::new();
    let mut of_list = |name: &str| -> Result<(), PublishedError> {
        let list = List::read(data.join(name))?;
        let mut named = Vec::new();
        for line in list.lines() {
            let [photo, variant] = line.words("PHOTO VARIANT")?;
            named.push((variant, images.join(format!("{photo}.jpg"))));
        }
        let files = named.iter().map(|(_, file)| file).collect::<Vec<_>>();
        lists::check(list.path(), &files)?;
        for (variant, file) in named {
            photos.entry(variant.to_owned()).or_default().push(file);
        }
        Ok(())
    };
    of_list("images_variant_trainval.txt")?;
    of_list("images_variant_test.txt")?;
    let classes = lists::sorted(photos, |variant, _| variant.clone());
    Ok(Contents::halved(classes))
}
