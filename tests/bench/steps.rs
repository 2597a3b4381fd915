//! The steps of a photo's way, each alone on one thread: `cargo bench --bench steps [-- FILTER]`.
//!
//! criterion repeats each until its time is known, and compares it with the last run: this is for changing one step and
//! seeing what that does. Times are processor times, which other programs on the machine disturb least. What needs the
//! program as a whole, several processes, percentiles or figures for other programs is measured by the benches beside
//! this one, and `puma bench` says how fast all of it is on a machine.

use candle_core::Device;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput};
use puma::index::{Index, Vectors};
use puma::model::ops::kernels::{Element, Into, Isa, Matrix, Packed, Pair, product};
use puma::model::{Ablation, Pass, Puma};
use puma::photo::{Enough, Limits, evaluation_crop, read, read_for};
use puma::speed::{made, processor_s};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows, inner length and columns of the largest product of a block: a picture's tokens times the wide layer.
const TOKENS: usize = 205;
const WIDTH: usize = 192;
const WIDE: usize = 768;
/// As a camera's photo.
const PHOTO_PX: (u32, u32) = (4000, 3000);

/// Time of all threads of this process.
struct ProcessorTime;

/// A processor's nanoseconds read like any other.
static WALL: WallTime = WallTime;

impl Measurement for ProcessorTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Duration::from_secs_f64(processor_s().unwrap_or_default())
    }

    fn end(&self, start: Duration) -> Duration {
        self.start().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_secs_f64() * 1e9
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WALL.formatter()
    }
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default()
        .with_measurement(ProcessorTime)
        .configure_from_args()
        .sample_size(20);
    // One thread does everything.
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    photos(&mut criterion)?;
    products(&mut criterion);
    let puma = Puma::shipped(&Device::Cpu)?;
    embedding(&mut criterion, &puma);
    searching(&mut criterion, puma.embedding_width());
    criterion.final_summary();
    Ok(())
}

fn photos(criterion: &mut Criterion<ProcessorTime>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("photo.jpg");
    let photo = made::photo(PHOTO_PX.0, PHOTO_PX.1, 0);
    std::fs::write(&file, made::jpeg(&photo)?)?;
    let (limits, enough) = (Limits::default(), Enough::for_crop(224));
    let reduced = read_for(&file, enough, &limits)?;
    let mut group = criterion.benchmark_group("photo of 12 megapixels");
    group.bench_function("decode whole", |bencher| {
        bencher.iter(|| read(&file, &limits));
    });
    group.bench_function("decode reduced", |bencher| {
        bencher.iter(|| read_for(&file, enough, &limits));
    });
    group.bench_function("crop of the reduced", |bencher| {
        bencher.iter(|| evaluation_crop(&reduced, 224));
    });
    group.bench_function("crop of the whole", |bencher| {
        bencher.iter(|| evaluation_crop(&photo, 224));
    });
    group.finish();
    Ok(())
}

/// Elements a second are floating-point operations: a multiplication and an addition each.
fn products(criterion: &mut Criterion<ProcessorTime>) {
    let values = made::embeddings(TOKENS + WIDE, WIDTH, 1, 1.0, 0);
    let (tokens, weights) = values.split_at(TOKENS * WIDTH);
    let weights = Matrix::new(weights, WIDE, WIDTH, WIDTH).transposed();
    let mut group = criterion.benchmark_group("product of 205 x 192 x 768");
    group.throughput(Throughput::Elements((2 * TOKENS * WIDTH * WIDE) as u64));
    let mut out = vec![0.0; TOKENS * WIDE];
    for isa in Isa::all() {
        let mut packed = Packed::<f32>::empty_for(isa);
        packed.fill(weights);
        let tokens = Matrix::new(tokens, TOKENS, WIDTH, WIDTH);
        group.bench_function(format!("f32, {isa:?}"), |bencher| {
            bencher.iter(|| product(black_box(tokens), &packed, into(&mut out)));
        });
    }
    let mut pairs = vec![Pair::default(); TOKENS * WIDTH / Pair::VALUES];
    let rows = tokens.chunks(WIDTH);
    for (row, pairs) in rows.zip(pairs.chunks_mut(WIDTH / Pair::VALUES)) {
        Pair::write(row, pairs);
    }
    let inner = WIDTH / Pair::VALUES;
    let tokens = Matrix::new(&pairs, TOKENS, inner, inner);
    let packed = Packed::rounded(weights);
    group.bench_function("bf16, the best instructions", |bencher| {
        bencher.iter(|| product(black_box(tokens), &packed, into(&mut out)));
    });
    group.finish();
}

fn into(values: &mut [f32]) -> Into<'_> {
    Into {
        values,
        stride: WIDE,
        bias: None,
        add: false,
    }
}

fn embedding(criterion: &mut Criterion<ProcessorTime>, puma: &Puma) {
    let crops = made::crops(4, puma.image_size());
    let mut group = criterion.benchmark_group("embedding");
    group.bench_function("load the model", |bencher| {
        bencher.iter(|| Puma::shipped(&Device::Cpu));
    });
    for (name, pass) in [("rounded", Pass::Rounded), ("f32", Pass::Inference)] {
        for batch in [1, crops.len()] {
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(format!("{name}, {batch} a call"), |bencher| {
                bencher.iter(|| puma.embed_by(&crops[..batch], &pass, &Ablation::None));
            });
        }
    }
    group.finish();
}

/// Of embeddings as long as the model's.
fn searching(criterion: &mut Criterion<ProcessorTime>, width: usize) {
    const ROWS: usize = 100_000;
    let mut values = made::embeddings(ROWS + 1, width, ROWS / 20, 0.56, 0);
    let question = values.split_off(ROWS * width);
    let index = Index::exact(Arc::new(Vectors::new(width, values)));
    let mut group = criterion.benchmark_group("search of 100,000 embeddings");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("10 nearest", |bencher| {
        bencher.iter(|| index.nearest(&question, 10, None));
    });
    group.bench_function("200 nearest and all scores", |bencher| {
        bencher.iter(|| index.nearest_and_scores(&question, 200, None));
    });
    group.bench_function("200 nearest of a filtered half", |bencher| {
        let half = |row: usize| row.is_multiple_of(2);
        bencher.iter(|| index.nearest(&question, 200, Some(&half)));
    });
    group.finish();
}
