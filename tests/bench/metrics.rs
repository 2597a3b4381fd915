//! Time and memory of measuring retrieval: `cargo bench --bench metrics -- 60000` asks that many photos against each
//! other, `-- eight` measures the test halves of the eight published sets, each by itself and all in one gallery.
//!
//! The embeddings are made: 128 wide, L2-normalised, scattered about a centre for each class. One run takes seconds to
//! minutes and its memory counts, which is nothing for criterion.

use anyhow::bail;
use puma::eval::{Matrix, Points, Role, SetEmbeddings, metrics, report};
use puma::speed::made::embeddings;
use std::time::Instant;

const WIDTH: usize = 128;
/// As in Stanford Online Products.
const PHOTOS_OF_A_CLASS: usize = 5;
/// Test photos and classes; of In-Shop's, so many of the photos are queries.
const EIGHT: [(&str, usize, usize, usize); 8] = [
    ("CUB_200_2011", 5_924, 100, 0),
    ("Inshop_Clothes", 26_830, 3_985, 14_218),
    ("Stanford_Online_Products", 60_502, 11_316, 0),
    ("cars196", 8_131, 98, 0),
    ("dogs", 9_900, 60, 0),
    ("fgvc-aircraft-2013b", 5_000, 50, 0),
    ("flowers", 4_700, 51, 0),
    ("nabirds", 25_600, 277, 0),
];

fn main() -> anyhow::Result<()> {
    let mut asked = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"));
    let asked = asked.next().unwrap_or_else(|| "60000".to_owned());
    if asked == "eight" {
        let sets = EIGHT.map(|(name, photos, classes, queries)| SetEmbeddings {
            name: name.to_owned(),
            embeddings: made(photos, classes, name.len() as u64),
            labels: labels(photos, classes),
            roles: roles(photos, queries),
            similarities: Matrix::new(0),
        });
        let start = Instant::now();
        println!("{}", report(&sets)?);
        tell(start);
        return Ok(());
    }
    let Ok(photos) = asked.parse::<usize>() else {
        bail!("{asked}: neither a number of photos nor \"eight\"");
    };
    let classes = photos.div_ceil(PHOTOS_OF_A_CLASS);
    let embeddings = made(photos, classes, 0);
    let numbers = (0..photos as u64).collect::<Vec<_>>();
    let points = Points {
        embeddings: &embeddings,
        labels: &labels(photos, classes),
        photos: &numbers,
    };
    let start = Instant::now();
    println!("{:?}", metrics(&points, &points)?);
    tell(start);
    Ok(())
}

fn labels(photos: usize, classes: usize) -> Vec<u32> {
    (0..photos).map(|photo| (photo % classes) as u32).collect()
}

fn roles(photos: usize, queries: usize) -> Vec<Role> {
    if queries == 0 {
        return Vec::new();
    }
    let role = |photo| match photo < queries {
        true => Role::Query,
        false => Role::Gallery,
    };
    (0..photos).map(role).collect()
}

/// Each 1.5 times as far from its class's centre as that from the origin.
fn made(photos: usize, classes: usize, seed: u64) -> Matrix {
    let values = embeddings(photos, WIDTH, classes, 1.5, seed);
    Matrix::from_values(WIDTH, values).unwrap_or_default()
}

/// Prints the time since `start` and the most memory that the program ever had; the latter on Linux only.
fn tell(start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak_kb = peak.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<f64>()
            .ok()
    });
    println!(
        "{seconds:.1} s, {:.0} MB at most",
        peak_kb.unwrap_or_default() / 1000.0
    );
}
