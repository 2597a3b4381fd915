//! `puma bench`: how fast this program is on this machine.

use super::options::{Home, ModelOptions, print, print_json, tell};
use crate::model::DeviceChoice;
use crate::speed::{Embedding, Hardware, Options, Photo, Report, Search, Taken, measure, timed};
use indicatif::ProgressBar;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `puma bench`.
#[derive(clap::Args)]
pub struct Args {
    /// Rounds, of which the medians are printed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Pictures that are embedded in a round
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pictures: u16,
    /// Pictures in a call; the best is printed
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [1, 4, 16], value_parser = clap::value_parser!(u16).range(1..))]
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
    let report = measure(&puma, Taken::median(&loads), &args.options(), |what| {
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
    fn options(&self) -> Options {
        // Four to three, as cameras have it, in whole blocks of JPEG.
        let unit_px = (f64::from(self.megapixels) * 1e6 / 12.0).sqrt();
        let side = |units: f64| ((units * unit_px / 8.0).round() as u32).max(1) * 8;
        Options {
            rounds: usize::from(self.rounds),
            pictures: usize::from(self.pictures),
            batches: self.batches.iter().copied().map(usize::from).collect(),
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
        "puma {}, {}, {cores} cores, {instructions}; the model on {}; medians of {} rounds",
        report.version,
        processor.as_deref().unwrap_or("a processor without a name"),
        report.device,
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
