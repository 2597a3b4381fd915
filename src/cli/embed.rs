//! `puma embed`: embedding and prompt similarities of pictures, a line each.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json, shown, tell};
use crate::model::Embedded;
use crate::photo::{Enough, Limits, evaluation_crop, read_for};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `puma embed`.
#[derive(clap::Args)]
pub struct Args {
    /// Pictures to embed
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// Print a JSON object a line, with all numbers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: ModelOptions,
    // Taken like everywhere else, though nothing is stored.
    #[command(flatten)]
    _library: LibraryOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let puma = Home::find()?.model(&args.model)?;
    let limits = Limits::default();
    let mut whole = true;
    for paths in args.images.chunks(puma.at_once()) {
        let pictures: Vec<_> = paths
            .par_iter()
            .map(|path| {
                let picture = read_for(path, Enough::for_crop(puma.image_size()), &limits)?;
                Ok(evaluation_crop(&picture, puma.image_size()))
            })
            .collect::<Vec<Result<_, crate::photo::PhotoError>>>();
        let mut crops = Vec::new();
        let mut sound = Vec::new();
        for (path, picture) in paths.iter().zip(pictures) {
            match picture {
                Ok(crop) => {
                    crops.push(crop);
                    sound.push(path);
                }
                Err(error) => {
                    eprintln!("puma: {error}");
                    whole = false;
                }
            }
        }
        for (path, embedded) in sound.into_iter().zip(puma.embed(&crops)?) {
            show(path, &embedded, args.json)?;
        }
    }
    tell(&puma);
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What `--json` prints of one picture.
#[derive(serde::Serialize)]
struct Output<'a> {
    path: String,
    embedding: &'a [f32],
    similarity: &'a [f32],
}

fn show(path: &Path, embedded: &Embedded, json: bool) -> anyhow::Result<()> {
    let Embedded {
        embedding,
        similarity,
    } = embedded;
    if json {
        return print_json(&Output {
            path: shown(path),
            embedding,
            similarity,
        });
    }
    let mut strongest: Vec<(usize, f32)> = similarity.iter().copied().enumerate().collect();
    strongest.sort_by(|a, b| b.1.total_cmp(&a.1));
    let prompts: Vec<String> = strongest
        .iter()
        .take(3)
        .map(|(prompt, similarity)| format!("{prompt} ({similarity:.3})"))
        .collect();
    print(format!(
        "{}: {} numbers (--json prints them); nearest prompts: {}\n",
        path.display(),
        embedding.len(),
        if prompts.is_empty() {
            "none, the model has no prompt pool".to_owned()
        } else {
            prompts.join(", ")
        }
    ))
}
