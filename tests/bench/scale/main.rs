//! Nearest-neighbour search by size, beside other programs and inside a whole library:
//! `cargo bench --bench scale -- --rows 10000,100000,1000000 --photos ../photos --peers python3`.
//!
//! The embeddings are made of real ones (see `made.rs`), which are embedded once and kept in a file. `--peers` names a
//! Python with what `tests/bench/peers/requirements.txt` lists; it gets the same vectors. `--library` also makes a
//! catalogue of each size and measures restarts in processes of their own: 1,000,000 photos take 1.5 GB on disk.

mod catalogue;
mod indexes;
mod made;
mod measured;
mod peers;
mod real;

use clap::Parser;
use made::Maker;
use measured::Measured;
use rayon::prelude::*;
use serde::Serialize;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Embeddings that everything else is made of.
const REAL: usize = 3_000;
/// Neighbours that recall is measured with.
const K: usize = 10;

#[derive(Parser)]
struct Args {
    /// Sizes
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    rows: Vec<usize>,
    /// Questions at each size
    #[arg(long, default_value_t = 500)]
    queries: usize,
    /// The largest size for which the graph of instant-distance is built
    #[arg(long, default_value_t = 10_000)]
    graph_rows: usize,
    /// Folder of photos that the embeddings are made of [default: PUMA_PHOTOS]
    #[arg(long)]
    photos: Option<PathBuf>,
    /// File in which the real embeddings are kept between runs [default: one for temporary things]
    #[arg(long)]
    embeddings: Option<PathBuf>,
    /// Python that runs the other programs
    #[arg(long)]
    peers: Option<PathBuf>,
    /// The largest size for which the other programs build graphs
    #[arg(long, default_value_t = 100_000)]
    peers_graph_rows: usize,
    /// Also measure whole libraries of these sizes
    #[arg(long)]
    library: bool,
    /// Folder for what is large; deleted afterwards
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// File to write all figures to, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Measure one start of a library, for the run that asks for it
    #[arg(long, hide = true)]
    start: Option<PathBuf>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Serialize)]
struct Report {
    real: made::Hardness,
    made: made::Hardness,
    indexes: Vec<Measured>,
    peers: Vec<serde_json::Value>,
    libraries: Vec<catalogue::Measured>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(library) = &args.start {
        return catalogue::start(library);
    }
    let photos = args.photos.clone();
    let photos = photos.or_else(|| std::env::var_os("PUMA_PHOTOS").map(PathBuf::from));
    let real = real::embeddings(photos.as_deref(), args.embeddings.as_deref(), REAL)?;
    let maker = Maker::new(&real);
    let mut report = Report {
        real: made::hardness(&real),
        made: made::hardness(&maker.make(real.len(), 1)),
        indexes: Vec::new(),
        peers: Vec::new(),
        libraries: Vec::new(),
    };
    println!("{} real embeddings: {:?}", real.len(), report.real);
    println!(
        "as many made ones (noise {:.2}): {:?}",
        maker.noise(),
        report.made
    );
    println!("{}", Measured::heading());
    for &rows in &args.rows {
        measure(&args, &maker, rows, &mut report)?;
    }
    if let Some(path) = &args.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

fn measure(args: &Args, maker: &Maker<'_>, rows: usize, report: &mut Report) -> anyhow::Result<()> {
    let scratch = match &args.scratch {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let vectors = maker.make(rows, 2);
    let queries = maker.make(args.queries, 3);
    let truth = truth(&vectors, &queries);
    let width = vectors.first().map_or(0, Vec::len);
    if args.peers.is_some() {
        peers::write(scratch.path(), &vectors, &queries, &truth)?;
    }
    if args.library {
        report
            .libraries
            .extend(catalogue::measure(scratch.path(), &vectors)?);
    }
    let graph = rows <= args.graph_rows;
    let measured = indexes::measure(scratch.path(), vectors, &queries, &truth, graph)?;
    if let (Some(python), Some(scan)) = (&args.peers, measured.first()) {
        let graphs = rows <= args.peers_graph_rows;
        let figures = peers::run(python, scratch.path(), width, scan.least_ms, graphs)?;
        report.peers.extend(figures);
    }
    report.indexes.extend(measured);
    Ok(())
}

/// The true nearest rows of each query, by scores in f64.
fn truth(vectors: &[Vec<f32>], queries: &[Vec<f32>]) -> Vec<Vec<usize>> {
    queries
        .par_iter()
        .map(|query| {
            let mut scored: Vec<(f64, usize)> = Vec::with_capacity(2 * K);
            let mut worst = f64::NEG_INFINITY;
            for (row, vector) in vectors.iter().enumerate() {
                let score = exact_score(query, vector);
                if score > worst || scored.len() < K {
                    scored.push((score, row));
                    if scored.len() == 2 * K {
                        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                        scored.truncate(K);
                        worst = scored[K - 1].0;
                    }
                }
            }
            scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            scored.truncate(K);
            scored.into_iter().map(|(_, row)| row).collect()
        })
        .collect()
}

/// Dot product in f64, in lanes that the compiler turns into vector instructions.
fn exact_score(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0f64; LANES];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for (sum, (x, y)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(*x) * f64::from(*y);
        }
    }
    sums.iter().sum()
}
