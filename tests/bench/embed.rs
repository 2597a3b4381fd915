//! Speed of embedding: `cargo bench --bench embed [-- OPTIONS]`; one JSON object a line.
//!
//! `tests/bench/peers/speed.py` reads these and takes turns with other programs, which is why criterion does not measure
//! here.
//!
//! `--batches 1,16` pictures in one call, `--threads 2` threads, `--pictures 64` embedded per measurement, `--rounds 3`,
//! `--precision rounded,single`, `--model FILE` (else the shipped one), `--crops FILE` a safetensors file whose tensor
//! `crops` `[N, side, side, 3]` of bytes is embedded instead of noise, `--out FILE` where their embeddings go.

use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use puma::model::{Ablation, Embedded, Pass, Puma};
use puma::speed::{made, processor_s};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options(HashMap<String, String>);

impl Options {
    fn text(&self, name: &str, default: &str) -> String {
        self.0.get(name).cloned().unwrap_or(default.to_owned())
    }

    fn numbers(&self, name: &str, default: &str) -> anyhow::Result<Vec<usize>> {
        let numbers = self.text(name, default);
        Ok(numbers
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()?)
    }

    fn number(&self, name: &str, default: &str) -> anyhow::Result<usize> {
        Ok(self.text(name, default).parse()?)
    }
}

fn crops(options: &Options, side: u32, count: usize) -> anyhow::Result<Vec<RgbImage>> {
    let Some(path) = options.0.get("crops") else {
        return Ok(made::crops(count, side));
    };
    let tensors = candle_core::safetensors::load(path, &Device::Cpu)?;
    let tensor = tensors
        .get("crops")
        .ok_or(anyhow::anyhow!("no tensor `crops`"))?;
    let bytes = tensor.to_dtype(DType::U8)?.flatten_all()?.to_vec1::<u8>()?;
    let size = (side * side * 3) as usize;
    bytes
        .chunks_exact(size)
        .map(|crop| {
            RgbImage::from_raw(side, side, crop.to_vec())
                .ok_or(anyhow::anyhow!("crops of another size"))
        })
        .collect()
}

fn embed(puma: &Puma, crops: &[RgbImage], single: bool) -> anyhow::Result<Vec<Embedded>> {
    let pass = if single {
        Pass::Inference
    } else {
        Pass::Rounded
    };
    Ok(puma.embed_by(crops, &pass, &Ablation::None)?)
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let pairs = words.chunks_exact(2);
    let options = Options(
        pairs
            .map(|pair| (pair[0].replace("--", ""), pair[1].clone()))
            .collect(),
    );
    let puma = match options.0.get("model") {
        Some(path) => Puma::load(Path::new(path), &Device::Cpu)?,
        None => Puma::shipped(&Device::Cpu)?,
    };
    let pictures = options.number("pictures", "64")?;
    let crops = crops(&options, puma.image_size(), pictures)?;
    let precisions = options.text("precision", "rounded,single");
    let pools = options.numbers("threads", "1,2")?;
    let pools: Vec<rayon::ThreadPool> = pools
        .into_iter()
        .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build())
        .collect::<Result<_, _>>()?;
    if let Some(path) = options.0.get("out") {
        let mut tensors = HashMap::new();
        for precision in precisions.split(',') {
            let rows = embed(&puma, &crops, precision == "single")?;
            let rows: Vec<Vec<f32>> = rows.into_iter().map(|row| row.embedding).collect();
            tensors.insert(precision.to_owned(), Tensor::new(rows, &Device::Cpu)?);
        }
        candle_core::safetensors::save(&tensors, PathBuf::from(path))?;
    }
    for round in 0..options.number("rounds", "3")? {
        for pool in &pools {
            for precision in precisions.split(',') {
                for &batch in &options.numbers("batches", "1,16")? {
                    let single = precision == "single";
                    // Weights are packed and memory is there before the clock starts.
                    pool.install(|| embed(&puma, &crops[..batch.min(crops.len())], single))?;
                    let (start, cpu) = (Instant::now(), processor_s());
                    let mut longest_s = 0f64;
                    for crops in crops.chunks(batch) {
                        let call = Instant::now();
                        pool.install(|| embed(&puma, crops, single))?;
                        longest_s = longest_s.max(call.elapsed().as_secs_f64());
                    }
                    let wall_s = start.elapsed().as_secs_f64();
                    let cpu_s = processor_s().zip(cpu).map(|(now, before)| now - before);
                    let line = serde_json::json!({
                        "round": round,
                        "precision": precision,
                        "threads": pool.current_num_threads(),
                        "batch": batch,
                        "pictures_per_s": crops.len() as f64 / wall_s,
                        "ms_per_call": 1e3 * wall_s / crops.len().div_ceil(batch) as f64,
                        "longest_call_ms": 1e3 * longest_s,
                        "cpu_ms_per_picture": cpu_s.map(|cpu_s| 1e3 * cpu_s / crops.len() as f64),
                    });
                    println!("{line}");
                }
            }
        }
    }
    Ok(())
}
