//! Embeddings of real photos, kept in a file between runs.

use anyhow::Context;
use image::RgbImage;
use puma::model::Puma;
use puma::photo::{Limits, evaluation_crop, read};
use std::path::{Path, PathBuf};

/// Photos embedded together.
const BATCH: usize = 16;

/// Embeddings `[n, e]` of at most `count` photos below `folder`, evenly chosen; read from `cache` where that is there, by
/// default a file for temporary things that is named after the model.
pub fn embeddings(
    folder: Option<&Path>,
    cache: Option<&Path>,
    count: usize,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let puma = Puma::shipped(&candle_core::Device::Cpu)?;
    let named = format!("puma-scale-{}.f32", puma.fingerprint());
    let cache = &cache.map_or_else(|| std::env::temp_dir().join(named), Path::to_owned);
    if let Ok(bytes) = std::fs::read(cache) {
        let (values, _) = bytes.as_chunks();
        let values: Vec<f32> = values
            .iter()
            .map(|value| f32::from_le_bytes(*value))
            .collect();
        return Ok(values
            .chunks_exact(puma.embedding_width())
            .map(<[f32]>::to_vec)
            .collect());
    }
    let folder = folder.context("name a folder of photos: --photos DIR or PUMA_PHOTOS")?;
    let photos = photos(folder)?;
    let step = (photos.len() as f64 / count as f64).max(1.0);
    let chosen: Vec<&PathBuf> = (0..count.min(photos.len()))
        .map(|at| &photos[(at as f64 * step) as usize])
        .collect();
    let mut all = Vec::with_capacity(chosen.len());
    for (done, paths) in chosen.chunks(BATCH).enumerate() {
        let crops: Vec<RgbImage> = paths
            .iter()
            .filter_map(|path| read(path, &Limits::default()).ok())
            .map(|image| evaluation_crop(&image, puma.image_size()))
            .collect();
        all.extend(puma.embed(&crops)?.into_iter().map(|one| one.embedding));
        eprint!(
            "\rembedded {} of {}",
            done * BATCH + paths.len(),
            chosen.len()
        );
    }
    eprintln!();
    let bytes = all.iter().flatten().flat_map(|value| value.to_le_bytes());
    std::fs::write(cache, bytes.collect::<Vec<u8>>())
        .with_context(|| format!("{}", cache.display()))?;
    Ok(all)
}

fn photos(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "jpg") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
