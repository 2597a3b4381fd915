//! `puma status`: what the library holds.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json, shown};
use crate::library::{
    Counts, DomainCount, FailedFile, Library, LibraryError, ModelKey, ModelUse, Root,
};
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `puma status`.
#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

/// Everything that is shown.
#[derive(Default)]
struct Status {
    library: PathBuf,
    library_bytes: Option<u64>,
    model: String,
    counts: Counts,
    roots: Vec<Root>,
    domains: Vec<DomainCount>,
    models: Vec<ModelUse>,
    failed: Vec<FailedFile>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let model = ModelKey::new(home.model(&args.model)?.fingerprint());
    let path = home.library(&args.library);
    let status = match Library::open_existing(&path) {
        Ok(library) => Status::read(&library, &model)?,
        // A library that was never made holds nothing, which is no error.
        Err(LibraryError::Missing { .. }) => Status {
            library: path,
            model: model.to_string(),
            ..Status::default()
        },
        Err(error) => return Err(error.into()),
    };
    if args.json {
        print_json(&status.as_json())?;
    } else {
        print(status.as_text()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Status {
    fn read(library: &Library, model: &ModelKey) -> Result<Status, LibraryError> {
        Ok(Status {
            library: library.path().to_owned(),
            library_bytes: std::fs::metadata(library.path())
                .ok()
                .map(|facts| facts.len()),
            model: model.to_string(),
            counts: library.counts(model)?,
            roots: library.roots()?,
            domains: library.domains()?,
            models: library.models()?,
            failed: library.failed()?,
        })
    }

    fn as_json(&self) -> serde_json::Value {
        let roots: Vec<_> = self
            .roots
            .iter()
            .map(|root| {
                json!({
                    "path": shown(&root.path),
                    "photos": root.photos,
                    "failed": root.failed,
                    "domain_rule": root.domain_rule.to_string(),
                    "offline": root.is_offline(),
                })
            })
            .collect();
        let models: Vec<_> = self
            .models
            .iter()
            .map(|used| json!({"model": used.model.to_string(), "embedded": used.embedded}))
            .collect();
        let failures: Vec<_> = self
            .failed
            .iter()
            .map(|file| json!({"path": shown(&file.path), "reason": file.reason}))
            .collect();
        json!({
            "photos": self.counts.photos,
            "embedded": self.counts.embedded,
            "failed": self.counts.failed,
            "pending": self.counts.pending,
            "library": shown(&self.library),
            "library_bytes": self.library_bytes,
            "model": self.model,
            "models": models,
            "roots": roots,
            "domains": self.domains,
            "failures": failures,
        })
    }

    fn as_text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let path = self.library.display();
        if self.library_bytes.is_none() {
            writeln!(
                text,
                "{path}: no library yet; `puma index FOLDER` makes one"
            )?;
            return Ok(text);
        }
        let Counts {
            photos,
            embedded,
            failed,
            pending,
        } = self.counts;
        writeln!(text, "library   {path}")?;
        writeln!(text, "model     {}", self.model)?;
        writeln!(
            text,
            "photos    {photos}: {embedded} embedded, {pending} to do, {failed} unreadable"
        )?;
        for other in self
            .models
            .iter()
            .filter(|used| used.model.to_string() != self.model && used.embedded > 0)
        {
            writeln!(
                text,
                "          {} embedded with another model, {}",
                other.embedded, other.model
            )?;
        }
        for root in &self.roots {
            let offline = if root.is_offline() {
                ", not there now"
            } else {
                ""
            };
            writeln!(
                text,
                "folder    {} ({} photos, domains by {}{offline})",
                root.path.display(),
                root.photos,
                root.domain_rule
            )?;
        }
        for DomainCount { domain, photos } in &self.domains {
            writeln!(text, "domain    {domain} ({photos})")?;
        }
        for file in &self.failed {
            writeln!(text, "not read  {}: {}", file.path.display(), file.reason)?;
        }
        Ok(text)
    }
}
