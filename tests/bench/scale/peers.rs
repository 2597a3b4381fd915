//! Other programs on the same vectors: `tests/bench/peers/peers.py`.

use anyhow::Context;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

/// Writes the vectors for the script.
pub fn write(
    scratch: &Path,
    vectors: &[Vec<f32>],
    queries: &[Vec<f32>],
    truth: &[Vec<usize>],
) -> anyhow::Result<()> {
    let write = |name: &str, rows: &[Vec<f32>]| -> anyhow::Result<()> {
        let mut out = BufWriter::new(std::fs::File::create(scratch.join(name))?);
        for value in rows.iter().flatten() {
            out.write_all(&value.to_le_bytes())?;
        }
        Ok(out.flush()?)
    };
    write("vectors.f32", vectors)?;
    write("queries.f32", queries)?;
    let truth: Vec<u8> = truth
        .iter()
        .flatten()
        .flat_map(|row| (*row as i64).to_le_bytes())
        .collect();
    Ok(std::fs::write(scratch.join("truth.i64"), truth)?)
}

/// Runs the script on what [`write`] wrote of vectors of `width`; gives its figures, which it also prints. Its times are
/// held against `scan_ms`, the quickest of this program's scan.
pub fn run(
    python: &Path,
    scratch: &Path,
    width: usize,
    scan_ms: f64,
    graphs: bool,
) -> anyhow::Result<Vec<serde_json::Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers/peers.py");
    let status = Command::new(python)
        .arg(script)
        .arg(scratch)
        .args(["--width", &width.to_string()])
        .args(["--threads", &rayon::current_num_threads().to_string()])
        .args(["--scan-ms", &scan_ms.to_string()])
        .args(["--graphs", if graphs { "yes" } else { "no" }])
        .status()
        .with_context(|| format!("{}", python.display()))?;
    anyhow::ensure!(status.success(), "the other programs failed");
    let figures = std::fs::read(scratch.join("peers.json"))?;
    Ok(serde_json::from_slice(&figures)?)
}
