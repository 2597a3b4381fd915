use super::super::photo_set::{OfficialSplit, Role};
use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `Eval/list_eval_partition.txt`: the number of rows, a heading, then path, item and `train`, `query` or `gallery` in
/// each row; the photos lie in `Img/`.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let expected = "PATH id_NUMBER train|query|gallery";
    let list = List::read(root.join("Eval").join("list_eval_partition.txt"))?;
    let mut lines = list.lines();
    let count = lines
        .next()
        .map(|line| line.number(line.text, "the number of rows"))
        .transpose()?;
    let rows = list.below("image_name item_id evaluation_status", lines)?;
    let rows = rows.collect::<Vec<_>>();
    if let Some(count) = count
        && count as usize != rows.len()
    {
        return Err(PublishedError::Mismatch {
            path: list.path().to_owned(),
            reason: format!(
                "says that it has {count} rows, but has {}: it is incomplete or damaged, fetch it again",
                rows.len()
            ),
        });
    }
    let images = root.join("Img");
    // By half, the one that trains first, and item.
    let mut photos = BTreeMap::<(bool, u32), Vec<PathBuf>>::new();
    let mut roles = BTreeMap::new();
    for line in rows {
        let [path, item, part] = line.words(expected)?;
        let number = item.strip_prefix("id_").unwrap_or(item);
        let number = line.number(number, expected)?;
        let path = images.join(path);
        let (tests, role) = match part {
            "train" => (false, Role::Both),
            "query" => (true, Role::Query),
            "gallery" => (true, Role::Gallery),
            _ => return Err(line.wrong(expected)),
        };
        let class = photos.entry((tests, number)).or_default();
        class.push(path.clone());
        if tests {
            roles.insert(path, role);
        }
    }
    let in_both = |&&(tests, item): &&(bool, u32)| !tests && photos.contains_key(&(true, item));
    if let Some((_, item)) = photos.keys().find(in_both) {
        return Err(PublishedError::Mismatch {
            path: list.path().to_owned(),
            reason: format!("item id_{item:08} is in both halves"),
        });
    }
    let train_classes = photos.keys().filter(|(tests, _)| !tests).count();
    let has = |role| roles.values().any(|&of_photo| of_photo == role);
    for (holds, what) in [
        (train_classes > 0, "names no photo to train on"),
        (has(Role::Query), "names no query"),
        (has(Role::Gallery), "names no gallery photo"),
    ] {
        if !holds {
            return Err(PublishedError::Empty {
                path: list.path().to_owned(),
                what,
            });
        }
    }
    let classes = lists::classes(list.path(), photos, |(_, item), _| format!("id_{item:08}"))?;
    Ok(Contents {
        classes,
        split: OfficialSplit {
            train_classes,
            roles,
        },
    })
}
