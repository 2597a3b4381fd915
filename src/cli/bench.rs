//! `puma bench`: how fast this program is on this machine.

use super::options::{Home, ModelOptions, PrecisionOptions, print, print_json, tell};
use crate::model::{DeviceChoice, Products, Puma};
use crate::speed::{Embedding, Hardware, Options, Photo, Report, Search, Taken, measure, timed};
use indicatif::ProgressBar;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Pictures that are embedded in a round, and in a call, on a CPU.
const PICTURES: usize = 32;
const BATCHES: [usize; 3] = [1, 4, 16];
/// Full batches of a GPU in a round, at least.
const GPU_BATCHES: usize = 4;

/// Arguments of `puma bench`.
#[derive(clap::Args)]
pub struct Args {
    /// Rounds, of which the medians are printed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Pictures that are embedded in a round [default: 32; on a GPU four times what it takes at once, if that is more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pictures: Option<u16>,
    /// Pictures in a call; the best is printed [default: 1,4,16; on a GPU 1 and what it takes at once]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    batches: Vec<u16>,
    /// Embeddings that are searched; a million take a gigabyte of memory
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [10_000, 100_000], value_parser = clap::value_parser!(u32).range(1..))]
    rows: Vec<u32>,
    /// Size of the photo that is decoded
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=200))]
    megapixels: u16,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    precision: PrecisionOptions,
    #[command(flatten)]
    model: ModelOptions,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.set_message("loading the model");
    // The first time also reads the file, and says where the model runs; from then on it is asked for there.
    let mut puma = home.model(&args.model)?;
    let chosen = ModelOptions {
        device: DeviceChoice::of(puma.device()).to_string(),
        ..args.model.clone()
    };
    let mut loads = Vec::new();
    for _ in 0..args.rounds {
        let (loaded, taken) = timed(|| home.model(&chosen));
        puma = loaded?;
        loads.push(taken);
    }
    let puma = puma.with_products(args.precision.products());
    let options = args.options(&puma);
    let report = measure(&puma, Taken::median(&loads), &options, |what| {
        bar.set_message(what.to_owned());
    });
    bar.finish_and_clear();
    tell(&puma);
    let report = report?;
    if args.json {
        print_json(&report)?;
    } else {
        print(as_text(&report)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn options(&self, puma: &Puma) -> Options {
        let (mut pictures, mut batches) = (PICTURES, BATCHES.to_vec());
        if puma.uses_gpu() {
            let at_once = puma.at_once();
            pictures = pictures.max(GPU_BATCHES * at_once);
            batches = vec![1, at_once];
        }
        if !self.batches.is_empty() {
            batches = self.batches.iter().copied().map(usize::from).collect();
        }
        // Four to three, as cameras have it, in whole blocks of JPEG.
        let unit_px = (f64::from(self.megapixels) * 1e6 / 12.0).sqrt();
        let side = |units: f64| ((units * unit_px / 8.0).round() as u32).max(1) * 8;
        Options {
            rounds: usize::from(self.rounds),
            pictures: self.pictures.map_or(pictures, usize::from),
            batches,
            rows: self.rows.iter().map(|&rows| rows as usize).collect(),
            photo_px: [side(4.0), side(3.0)],
        }
    }
}

fn as_text(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let Hardware {
        processor,
        cores,
        instructions,
        ..
    } = &report.hardware;
    writeln!(
        text,
        "puma {}, {}, {cores} cores, {instructions}; the model on {}, {}; medians of {} rounds",
        report.version,
        processor.as_deref().unwrap_or("a processor without a name"),
        report.device,
        match report.precision {
            Products::Rounded => "rounded where it can",
            Products::Single => "in f32",
        },
        report.rounds
    )?;
    writeln!(text, "{:<48} {:>12} {:>12}", "", "wall ms", "processor ms")?;
    let mut line = |what: &str, taken: Taken, more: &str| {
        let processor = taken.processor_ms;
        let processor = processor.map_or("-".to_owned(), |ms| format!("{ms:.2}"));
        writeln!(
            text,
            "{what:<48} {:>12.2} {processor:>12}{more}",
            taken.wall_ms
        )
    };
    line("load the model", report.load, "")?;
    line("embed one picture, all threads", report.single_picture, "")?;
    for embedding in report.embedding.iter().filter(|one| one.best) {
        let Embedding {
            threads,
            batch,
            pictures_per_s,
            picture,
            ..
        } = embedding;
        let threads = match threads {
            1 => "1 thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        line(
            &format!("embed many, {threads}, batch {batch}, a picture"),
            *picture,
            &format!("   {pictures_per_s:.1} pictures/s"),
        )?;
    }
    let Photo {
        megapixels, bytes, ..
    } = report.photo;
    let size = format!("{megapixels:.1} megapixels ({:.1} MB)", bytes as f64 / 1e6);
    let whole = format!("decode {size}, one thread");
    line(&whole, report.photo.decode_whole, "")?;
    line(
        "  reduced, as indexing does",
        report.photo.decode_reduced,
        "",
    )?;
    line("  cut the model's square out", report.photo.preprocess, "")?;
    for search in &report.search {
        let Search {
            embeddings,
            nearest_10,
            nearest_200_and_scores,
            ..
        } = search;
        line(&format!("10 nearest of {embeddings}"), *nearest_10, "")?;
        line(
            "  200 nearest and the scores of all",
            *nearest_200_and_scores,
            "",
        )?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Checkpoint;
    use crate::model::checkpoint::ReadOptions;
    use candle_core::Device;
    use clap::Parser;
    use std::path::Path;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    /// Pictures and batches of a command line with these words.
    fn options(puma: &Puma, words: &[&str]) -> (usize, Vec<usize>) {
        let program = Program::try_parse_from([&["bench"][..], words].concat()).unwrap();
        let options = program.args.options(puma);
        (options.pictures, options.batches)
    }

    #[test]
    fn a_gpu_is_given_as_much_as_it_takes() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/puma.safetensors");
        let shipped = Checkpoint::read(&file, &ReadOptions::default()).unwrap();
        let gpu = Puma::rehearsal(&shipped, 100).unwrap();
        let at_once = gpu.at_once();
        assert!(at_once > 16);
        assert_eq!(options(&gpu, &[]), (4 * at_once, vec![1, at_once]));
        let cpu = Puma::from_checkpoint(&shipped, &Device::Cpu).unwrap();
        assert_eq!(options(&cpu, &[]), (32, vec![1, 4, 16]));
        for puma in [&gpu, &cpu] {
            let words = ["--pictures", "3", "--batches", "2,7"];
            assert_eq!(options(puma, &words), (3, vec![2, 7]));
        }
    }
}
