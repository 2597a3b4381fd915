//! The library that the program opens.

use super::folders;
use anyhow::Context;
use puma::library::{Library, ModelKey};
use puma::model::Puma;
use puma::speed::made;
use std::path::{Path, PathBuf};

/// How far embeddings lie about their centres: neighbours are about as near as those of real photos.
const SPREAD: f32 = 0.56;
/// Photos of one centre.
const OF_A_CLASS: usize = 20;

/// Makes photos and library below `home`, unless they are there from an earlier run; gives the library's file.
pub fn make(home: &Path, photos: usize) -> anyhow::Result<PathBuf> {
    let file = home.join("library.sqlite");
    let puma = Puma::shipped(&candle_core::Device::Cpu)?;
    let model = ModelKey::new(puma.fingerprint());
    if file.exists() && Library::open(&file)?.counts(&model)?.embedded == photos {
        return Ok(file);
    }
    let root = home.join("photos");
    folders::draw(&root, photos)?;
    let library = Library::open(&file)?;
    let root = library.add_root(&root, None)?;
    let width = puma.embedding_width();
    let embeddings = made::embeddings(photos, width, photos.div_ceil(OF_A_CLASS), SPREAD, 0);
    folders::fill(&library, &root, &model, |number| {
        let embedding = embeddings[number * width..][..width].to_vec();
        let similarity = embedding.iter().take(puma.prompts()).copied().collect();
        (embedding, similarity)
    })?;
    println!("library of {photos} photos made");
    Ok(file)
}

/// Takes away what the program keeps beside the library for its next start.
pub fn forget_what_is_kept(home: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(home).context("the library's folder")? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rows") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
