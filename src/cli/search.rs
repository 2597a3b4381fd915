//! `puma search`: the indexed photos nearest to a picture.

use super::options::{Home, LibraryOptions, ModelOptions, print, print_json, reader, shown, tell};
use crate::index::Kind;
use crate::search::{Answer, KEPT_FROM, Request, Searcher};
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `puma search`.
#[derive(clap::Args)]
pub struct Args {
    /// Picture to search with; it need not be indexed
    image: PathBuf,
    /// How many hits at most
    #[arg(short, value_name = "N", default_value_t = 20)]
    k: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// How neighbours are looked for: auto (the same as exact at every size measured), exact, or hnsw (waits for its
    /// graph to be built if there is none) [default: as in the settings, auto]
    #[arg(long, value_name = "KIND")]
    index: Option<Kind>,
    #[command(flatten)]
    library: LibraryOptions,
    #[command(flatten)]
    model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let kind = match args.index {
        Some(kind) => kind,
        None => settings_kind(&home)?,
    };
    let library = home.library(&args.library);
    let puma = Arc::new(home.answering_model(&args.model, &library)?);
    let searcher = Searcher::open(&library, puma, kind)?.with_reader(reader());
    searcher.ready()?;
    if kind == Kind::Hnsw {
        searcher.wait_for_graph();
    }
    let pending = searcher.library().counts(searcher.model_key())?.pending;
    if pending > 0 {
        eprintln!(
            "puma: {pending} photos are not embedded with this model yet and cannot be found; `puma index` goes on with them"
        );
    }
    let answer = searcher.query_file(&args.image, &Request::top(args.k))?;
    if args.json {
        print_json(&as_json(&args, &answer))?;
    } else {
        print(as_text(&answer))?;
    }
    tell(searcher.puma());
    // The next search starts sooner.
    searcher.keep(KEPT_FROM);
    Ok(ExitCode::SUCCESS)
}

fn settings_kind(home: &Home) -> anyhow::Result<Kind> {
    home.settings
        .index_kind
        .parse()
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("settings file {}", home.places.settings_file().display()))
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Output<'a> {
    query: Query<'a>,
    hits: Vec<Found<'a>>,
    searched: usize,
    index: String,
    embedding_ms: f64,
    search_ms: f64,
}

#[derive(serde::Serialize)]
struct Query<'a> {
    path: String,
    similarity: &'a [f32],
}

#[derive(serde::Serialize)]
struct Found<'a> {
    path: String,
    score: f32,
    domain: &'a str,
}

fn as_json<'a>(args: &Args, answer: &'a Answer) -> Output<'a> {
    Output {
        query: Query {
            path: shown(&args.image),
            similarity: &answer.query.similarity,
        },
        hits: answer
            .hits
            .iter()
            .map(|hit| Found {
                path: shown(&hit.path),
                score: hit.score,
                domain: &hit.domain,
            })
            .collect(),
        searched: answer.searched,
        index: answer.index.to_string(),
        embedding_ms: answer.embedding_time.as_secs_f64() * 1e3,
        search_ms: answer.search_time.as_secs_f64() * 1e3,
    }
}

fn as_text(answer: &Answer) -> String {
    answer
        .hits
        .iter()
        .map(|hit| {
            let path = hit.path.display();
            format!("{:.3}  {}  {path}\n", hit.score, hit.domain)
        })
        .collect()
}
