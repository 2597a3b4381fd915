//! This program's own indexes.

use super::measured::{Measured, ask, memory_mb, ms};
use puma::index::{Graph, Index, Neighbour, Vectors};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Hits that the window shows.
const SHOWN: usize = 200;
/// Queries in one pass.
const TOGETHER: usize = 64;

/// Measures the scan, for 10 hits (the first of the result), 200 hits and several queries at once, and the graph if it is wanted.
pub fn measure(
    scratch: &Path,
    vectors: Vec<Vec<f32>>,
    queries: &[Vec<f32>],
    truth: &[Vec<usize>],
    graph: bool,
) -> anyhow::Result<Vec<Measured>> {
    let (rows, width) = (vectors.len(), vectors.first().map_or(0, Vec::len));
    let values: Vec<f32> = vectors.into_iter().flatten().collect();
    let start = Instant::now();
    let vectors = Arc::new(Vectors::new(width, values));
    let index = Index::exact(Arc::clone(&vectors));
    let scan = Measured {
        rows,
        threads: rayon::current_num_threads(),
        build_s: start.elapsed().as_secs_f64(),
        // Vectors, codes, and for each row a key, a scale and an error.
        memory_mb: (rows * (5 * width + 16)) as f64 / 1e6,
        ..Measured::default()
    };
    let mut all: Vec<Measured> = Vec::new();
    let mut report = |base: &Measured, name: &str, nearest: &dyn Fn(&[f32]) -> Vec<Neighbour>| {
        let mut measured = base.clone();
        measured.index = name.to_owned();
        ask(queries, truth, &mut measured, nearest);
        let scan = all.first().unwrap_or(&measured);
        measured.to_scan = measured.least_ms / scan.least_ms;
        println!("{}", measured.line());
        all.push(measured);
    };
    report(&scan, "puma scan", &|query| index.nearest(query, 10, None));
    report(&scan, "puma scan, 200 hits", &|query| {
        index.nearest(query, SHOWN, None)
    });
    report(&scan, "puma scan, 200 and scores", &|query| {
        index.nearest_and_scores(query, SHOWN, None).0
    });
    let half = |row: usize| row.is_multiple_of(2);
    let start = Instant::now();
    for query in queries {
        index.nearest(query, SHOWN, Some(&half));
    }
    println!(
        "  200 hits of the half that a filter accepts: mean {:.3} ms",
        ms(start.elapsed()) / queries.len() as f64
    );
    let together: Vec<&[f32]> = queries.iter().take(TOGETHER).map(Vec::as_slice).collect();
    let start = Instant::now();
    index.nearest_each(&together, 2);
    println!(
        "  {} queries in one pass: {:.3} ms each",
        together.len(),
        ms(start.elapsed()) / together.len() as f64
    );
    if graph {
        let (base, index) = built(scratch, &vectors)?;
        report(&base, "puma instant-distance", &|query| {
            index.nearest(query, 10, None)
        });
        report(&base, "puma i-d, 200 hits", &|query| {
            index.nearest(query, SHOWN, None)
        });
        report(&base, "puma i-d, 200 and scores", &|query| {
            index.nearest_and_scores(query, SHOWN, None).0
        });
    }
    Ok(all)
}

fn built(scratch: &Path, vectors: &Arc<Vectors>) -> anyhow::Result<(Measured, Index)> {
    let (before, start) = (memory_mb("VmRSS"), Instant::now());
    let graph = Graph::build(vectors);
    let (build_s, memory) = (start.elapsed().as_secs_f64(), memory_mb("VmRSS") - before);
    let file = scratch.join("graph");
    graph.save(&file)?;
    let start = Instant::now();
    let graph = Graph::load(&file, vectors)?;
    let measured = Measured {
        rows: vectors.len(),
        threads: rayon::current_num_threads(),
        build_s,
        memory_mb: memory,
        file_mb: Some(file.metadata()?.len() as f64 / 1e6),
        load_s: Some(start.elapsed().as_secs_f64()),
        ..Measured::default()
    };
    Ok((
        measured,
        Index::with_graph(Arc::clone(vectors), Arc::new(graph)),
    ))
}
