use super::embedding::Embedder;
use super::photo::Decoder;
use super::searching::Asker;
use super::{Embedding, Hardware, Photo, Search, SpeedError, Taken};
use crate::model::{DeviceChoice, Products, Puma};
use serde::Serialize;

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Rounds, of which the medians count; everything is measured once a round, so that other work on the machine hits
    /// all alike.
    pub rounds: usize,
    /// Pictures that are embedded in a round, in each way.
    pub pictures: usize,
    /// Pictures in a call, of which the best counts.
    pub batches: Vec<usize>,
    /// Embeddings that are searched.
    pub rows: Vec<usize>,
    /// Width and height of the photo that is decoded.
    pub photo_px: [u32; 2],
}

/// The model that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFacts {
    /// Its key.
    pub fingerprint: String,
    /// Side of the squares that it takes.
    pub image_size_px: u32,
    /// Length of its embeddings.
    pub embedding_width: usize,
    /// Prompts in its pool.
    pub prompts: usize,
}

/// How fast this program is on this machine: medians of the rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Of the program.
    pub version: &'static str,
    /// Where the model ran, as `--device` takes it.
    pub device: String,
    /// What its weights' products were computed in, where the device has instructions for that.
    pub precision: Products,
    /// The model.
    pub model: ModelFacts,
    /// The machine.
    pub hardware: Hardware,
    /// Rounds.
    pub rounds: usize,
    /// Loading the model.
    pub load: Taken,
    /// Embedding one picture alone, all threads.
    pub single_picture: Taken,
    /// Embedding many pictures.
    pub embedding: Vec<Embedding>,
    /// Decoding.
    pub photo: Photo,
    /// Searching, on all threads.
    pub search: Vec<Search>,
}

/// Measures; `load` is what loading the model took, and `tell` hears what is done now.
///
/// # Errors
/// The model fails, or the system gives no threads or no room for files.
pub fn measure(
    puma: &Puma,
    load: Taken,
    options: &Options,
    tell: impl Fn(&str),
) -> Result<Report, SpeedError> {
    tell("making a photo");
    let mut decoder = Decoder::new(options.photo_px, puma.image_size())?;
    tell("packing the model");
    let mut embedder = Embedder::new(puma, options.pictures, &options.batches)?;
    let rounds = options.rounds.max(1);
    for round in 1..=rounds {
        tell(&format!("round {round} of {rounds}: embedding, decoding"));
        embedder.round()?;
        decoder.round()?;
    }
    let (single_picture, embedding) = embedder.medians();
    // One size after the other: a million take a gigabyte.
    let mut search = Vec::with_capacity(options.rows.len());
    for &rows in &options.rows {
        tell(&format!("searching {rows} embeddings"));
        let mut asker = Asker::new(rows, puma.embedding_width());
        for _ in 0..rounds {
            asker.round();
        }
        search.push(asker.medians());
    }
    Ok(Report {
        version: env!("CARGO_PKG_VERSION"),
        device: DeviceChoice::of(puma.device()).to_string(),
        precision: puma.products(),
        model: ModelFacts {
            fingerprint: puma.fingerprint().to_owned(),
            image_size_px: puma.image_size(),
            embedding_width: puma.embedding_width(),
            prompts: puma.prompts(),
        },
        hardware: Hardware::here(),
        rounds,
        load,
        single_picture,
        embedding,
        photo: decoder.medians(),
        search,
    })
}
