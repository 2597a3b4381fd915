//! Speed of embedding: `cargo bench --bench embed [-- OPTIONS]`; one JSON object a line.
//!
//! `tests/bench/peers/speed.py` reads these and takes turns with other programs, which is why criterion does not measure
//! here.
//!
//! `--batches 1,16` pictures in one call, `--threads 2` threads, `--pictures 64` embedded per measurement, `--rounds 3`,
//! `--precision rounded,single` (or `f16`, `bf16`: the blocks in these), `--device cpu` (or as everywhere),
//! `--model FILE` (else the shipped one) or `--random vit-small` (PUMA on that backbone), kept in `--save FILE`;
//! `--photos FOLDER` of which crops are embedded instead of noise, or `--crops FILE`, a safetensors file whose tensor
//! `crops` is `[N, side, side, 3]` bytes; `--out FILE` where their embeddings go; `--parity yes` compares them with those of
//! the CPU in f32.

mod random_model;

use candle_core::{DType, Device, Tensor};
use image::RgbImage;
use puma::model::checkpoint::{Precision, ReadOptions};
use puma::model::{Ablation, Checkpoint, DeviceChoice, Embedded, Pass, Puma, choose_device};
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
    if let Some(folder) = options.0.get("photos") {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.sort();
        let crop = |path: &PathBuf| {
            let photo = puma::photo::read(path, &puma::photo::Limits::default())?;
            Ok(puma::photo::evaluation_crop(&photo, side))
        };
        return paths.iter().take(count).map(crop).collect();
    }
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

fn embed(puma: &Puma, crops: &[RgbImage], precision: &str) -> anyhow::Result<Vec<Embedded>> {
    let pass = match precision {
        "rounded" => Pass::Rounded,
        "single" => Pass::Inference,
        "f16" => Pass::Half(DType::F16),
        "bf16" => Pass::Half(DType::BF16),
        _ => anyhow::bail!("no precision `{precision}`: rounded, single, f16 or bf16"),
    };
    Ok(puma.embed_by(crops, &pass, &Ablation::None)?)
}

/// The model asked for.
fn checkpoint(options: &Options) -> anyhow::Result<Checkpoint> {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/models/puma.safetensors").to_owned();
    let Some(name) = options.0.get("random") else {
        let path = options.0.get("model").unwrap_or(&shipped);
        return Ok(Checkpoint::read(Path::new(path), &ReadOptions::default())?);
    };
    let config = random_model::backbone(name)?.with_puma(20, 8, 128, 128);
    let checkpoint = Checkpoint {
        tensors: random_model::tensors(&config)?,
        config,
        provenance: serde_json::Value::Null,
    };
    if let Some(path) = options.0.get("save") {
        checkpoint.write_as(Path::new(path), Precision::Single)?;
    }
    Ok(checkpoint)
}

/// How far embeddings and similarities are from those of the CPU in f32.
fn parity(
    puma: &Puma,
    checkpoint: &Checkpoint,
    crops: &[RgbImage],
    precision: &str,
) -> anyhow::Result<()> {
    let exact = Puma::from_checkpoint(checkpoint, &Device::Cpu)?;
    let exact = embed(&exact, crops, "single")?;
    let (mut cosine, mut similarity) = (1f32, 0f32);
    for (exact, other) in exact.iter().zip(embed(puma, crops, precision)?) {
        let both = exact.embedding.iter().zip(&other.embedding);
        cosine = cosine.min(both.map(|(a, b)| a * b).sum());
        for (a, b) in exact.similarity.iter().zip(&other.similarity) {
            similarity = similarity.max((a - b).abs());
        }
    }
    let line = serde_json::json!({
        "parity": precision,
        "pictures": crops.len(),
        "least_cosine": cosine,
        "largest_similarity_difference": similarity,
    });
    println!("{line}");
    Ok(())
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
    let device = choose_device(options.text("device", "cpu").parse::<DeviceChoice>()?)?.device;
    let checkpoint = checkpoint(&options)?;
    let puma = Puma::from_checkpoint(&checkpoint, &device)?;
    let pictures = options.number("pictures", "64")?;
    let crops = crops(&options, puma.image_size(), pictures)?;
    let precisions = options.text("precision", "rounded,single");
    let cores = std::thread::available_parallelism()?.to_string();
    let threads = if device.is_cpu() { "1,2" } else { &cores };
    let pools = options.numbers("threads", threads)?;
    let pools: Vec<rayon::ThreadPool> = pools
        .into_iter()
        .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build())
        .collect::<Result<_, _>>()?;
    if let Some(path) = options.0.get("out") {
        let mut tensors = HashMap::new();
        for precision in precisions.split(',') {
            let rows = embed(&puma, &crops, precision)?;
            let rows: Vec<Vec<f32>> = rows.into_iter().map(|row| row.embedding).collect();
            tensors.insert(precision.to_owned(), Tensor::new(rows, &Device::Cpu)?);
        }
        candle_core::safetensors::save(&tensors, PathBuf::from(path))?;
    }
    if options.0.contains_key("parity") {
        for precision in precisions.split(',') {
            parity(&puma, &checkpoint, &crops, precision)?;
        }
    }
    for round in 0..options.number("rounds", "3")? {
        for pool in &pools {
            for precision in precisions.split(',') {
                for &batch in &options.numbers("batches", "1,16")? {
                    // Weights are packed and memory is there before the clock starts.
                    pool.install(|| embed(&puma, &crops[..batch.min(crops.len())], precision))?;
                    let (start, cpu) = (Instant::now(), processor_s());
                    let mut longest_s = 0f64;
                    for crops in crops.chunks(batch) {
                        let call = Instant::now();
                        pool.install(|| embed(&puma, crops, precision))?;
                        longest_s = longest_s.max(call.elapsed().as_secs_f64());
                    }
                    let wall_s = start.elapsed().as_secs_f64();
                    let cpu_s = processor_s().zip(cpu).map(|(now, before)| now - before);
                    let line = serde_json::json!({
                        "round": round,
                        "precision": precision,
                        "threads": pool.current_num_threads(),
                        "batch": batch,
                        "device": puma::model::device::device_name(puma.device()),
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
    if let Some(note) = puma.take_note() {
        eprintln!("{note}");
    }
    Ok(())
}
