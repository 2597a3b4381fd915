//! `puma models`: the models that photos are embedded with, and what each takes.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json};
use crate::library::{Library, ModelKey, ModelUse};
use anyhow::{Context, bail};
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

/// Arguments of `puma models`.
#[derive(clap::Args)]
pub struct Args {
    /// Remove what this model said of the photos; the first letters of its key are enough
    #[arg(long, value_name = "KEY")]
    forget: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let library = Library::open_existing(&home.library(&args.library))?;
    let in_use = ModelKey::new(home.model(&args.model)?.fingerprint());
    let models = library.models()?;
    if let Some(key) = &args.forget {
        let model = chosen(&models, key)?;
        if model.model == in_use {
            bail!(
                "{in_use} is the model in use; choose another one first, in the settings or with --model FILE"
            );
        }
        let answers = home.answering_model(&args.model, library.path())?;
        if model.model == ModelKey::new(answers.fingerprint()) {
            bail!(
                "{} answers until the model in the settings has embedded all photos; run `puma index` first, which goes on with them",
                model.model
            );
        }
        let photos = library.forget_model(&model.model)?;
        print(format!(
            "{} is out of the library, with what it said of {photos} photos ({}); other models and the photos are as they were\n",
            model.model,
            megabytes(model)
        ))?;
    } else if args.json {
        print_json(&as_json(&models, &in_use))?;
    } else {
        print(as_text(&models, &in_use)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The one model whose key begins so.
fn chosen<'a>(models: &'a [ModelUse], key: &str) -> anyhow::Result<&'a ModelUse> {
    let mut found = models
        .iter()
        .filter(|model| model.model.to_string().starts_with(key));
    let first = found
        .next()
        .with_context(|| format!("no model's key begins with {key}; `puma models` shows all"))?;
    if found.next().is_some() {
        bail!("several models' keys begin with {key}; give more of it");
    }
    Ok(first)
}

fn megabytes(model: &ModelUse) -> String {
    format!("{:.1} MB", model.bytes() as f64 / 1e6)
}

fn as_json(models: &[ModelUse], in_use: &ModelKey) -> serde_json::Value {
    let models: Vec<_> = models
        .iter()
        .map(|model| {
            json!({
                "model": model.model.to_string(),
                "embedded": model.embedded,
                "bytes": model.bytes(),
                "in_use": model.model == *in_use,
            })
        })
        .collect();
    json!({ "models": models })
}

fn as_text(models: &[ModelUse], in_use: &ModelKey) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for model in models {
        let mark = if model.model == *in_use {
            ", in use"
        } else {
            ""
        };
        writeln!(
            text,
            "{}  {} photos, {}{mark}",
            model.model,
            model.embedded,
            megabytes(model)
        )?;
    }
    Ok(text)
}
