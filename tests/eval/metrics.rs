//! The metrics against `tests/golden/metrics_expected.json` and against a plain ranking of everything.

use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use puma::eval::{Matrix, Metrics, Points, RECALL_AT, metrics};
use std::collections::HashMap;

/// One side of the golden benchmark, or the rows of one of its sets.
#[derive(Debug)]
struct Side {
    embeddings: Matrix,
    labels: Vec<u32>,
    photos: Vec<u64>,
}

impl Side {
    fn points(&self) -> Points<'_> {
        Points {
            embeddings: &self.embeddings,
            labels: &self.labels,
            photos: &self.photos,
        }
    }

    fn golden(tensors: &HashMap<String, Tensor>, side: &str, set: Option<i64>) -> Self {
        let numbers = |what: &str| -> Vec<i64> {
            let tensor = &tensors[&format!("{side}_{what}")];
            tensor.to_dtype(DType::I64).unwrap().to_vec1().unwrap()
        };
        let rows = tensors[&format!("{side}_embedding")]
            .to_vec2::<f32>()
            .unwrap();
        let (sets, labels, photos) = (numbers("set"), numbers("label"), numbers("index"));
        let mut chosen = Self {
            embeddings: Matrix::new(rows[0].len()),
            labels: Vec::new(),
            photos: Vec::new(),
        };
        for (at, row) in rows.iter().enumerate() {
            if set.is_none_or(|set| set == sets[at]) {
                chosen.embeddings.push(row).unwrap();
                chosen.labels.push(u32::try_from(labels[at]).unwrap());
                chosen.photos.push(u64::try_from(photos[at]).unwrap());
            }
        }
        chosen
    }
}

fn golden() -> (HashMap<String, Tensor>, serde_json::Value) {
    let tensors =
        candle_core::safetensors::load("tests/golden/metrics.safetensors", &Device::Cpu).unwrap();
    let expected = std::fs::read_to_string("tests/golden/metrics_expected.json").unwrap();
    (tensors, serde_json::from_str(&expected).unwrap())
}

fn assert_equal(got: &Metrics, expected: &serde_json::Value, name: &str) {
    for (figure, got) in got.named() {
        let expected = expected[&figure].as_f64().unwrap();
        assert!(
            (got - expected).abs() <= 1e-9,
            "{name} {figure}: {got}, expected {expected}"
        );
    }
    assert_eq!(expected["queries"], got.queries);
    assert_eq!(expected["queries_without_match"], got.queries_without_match);
}

#[test]
fn every_golden_metric_is_met() {
    let (tensors, expected) = golden();
    let mut sets = Vec::new();
    for (set, name) in (0..).zip(["birds", "cars", "clothes"]) {
        let queries = Side::golden(&tensors, "query", Some(set));
        let gallery = Side::golden(&tensors, "gallery", Some(set));
        let got = metrics(&queries.points(), &gallery.points()).unwrap();
        assert_equal(&got, &expected[name], name);
        sets.push(got);
    }
    let queries = Side::golden(&tensors, "query", None);
    let gallery = Side::golden(&tensors, "gallery", None);
    let got = metrics(&queries.points(), &gallery.points()).unwrap();
    assert_equal(&got, &expected["unified"], "unified");

    let harmonic = puma::eval::Harmonic::of(sets.iter()).recall_at[0];
    let expected = expected["harmonic_R@1"].as_f64().unwrap();
    assert!((harmonic - expected).abs() <= 1e-9, "{harmonic}");
}

/// Ranks the whole gallery for each query by the definitions, without blocks, selection or threads.
fn by_definition(queries: &Points, gallery: &Points) -> Metrics {
    let mut sums = [0f64; RECALL_AT.len() + 2];
    let mut without = 0;
    for query in 0..queries.labels.len() {
        let mut ranking = (0..gallery.labels.len())
            .filter(|&row| gallery.photos[row] != queries.photos[query])
            .map(|row| {
                let pairs = queries
                    .embeddings
                    .row(query)
                    .iter()
                    .zip(gallery.embeddings.row(row));
                let similarity: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                (similarity, row)
            })
            .collect::<Vec<_>>();
        ranking.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap().then(a.1.cmp(&b.1)));
        let hits = ranking
            .iter()
            .map(|&(_, row)| gallery.labels[row] == queries.labels[query])
            .collect::<Vec<_>>();
        let matches = hits.iter().filter(|&&hit| hit).count();
        if matches == 0 {
            without += 1;
            continue;
        }
        for (sum, k) in sums.iter_mut().zip(RECALL_AT) {
            *sum += f64::from(u8::from(hits.iter().take(k).any(|&hit| hit)));
        }
        let precision =
            |at: usize| hits[..at].iter().filter(|&&hit| hit).count() as f64 / at as f64;
        let hit_ranks = (1..=matches).filter(|&rank| hits[rank - 1]);
        sums[4] += hit_ranks.map(precision).sum::<f64>() / matches as f64;
        sums[5] += precision(matches);
    }
    let means = sums.map(|sum| sum / queries.labels.len() as f64);
    Metrics {
        recall_at: [means[0], means[1], means[2], means[3]],
        map_at_r: means[4],
        r_precision: means[5],
        queries: queries.labels.len(),
        queries_without_match: without,
    }
}

/// Small whole coordinates make many exact ties.
fn side(rows: std::ops::Range<usize>) -> impl Strategy<Value = Side> {
    let row = (prop::array::uniform3(-2i8..3), 0u32..5, 0u64..30);
    prop::collection::vec(row, rows).prop_map(|rows| {
        let mut side = Side {
            embeddings: Matrix::new(3),
            labels: Vec::new(),
            photos: Vec::new(),
        };
        for (row, label, photo) in rows {
            side.embeddings.push(&row.map(f32::from)).unwrap();
            side.labels.push(label);
            side.photos.push(photo);
        }
        side
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_ranking_is_measured_by_the_definitions(queries in side(1..20), gallery in side(0..60)) {
        let got = metrics(&queries.points(), &gallery.points()).unwrap();
        let expected = by_definition(&queries.points(), &gallery.points());
        for ((name, got), (_, expected)) in got.named().into_iter().zip(expected.named()) {
            prop_assert!((got - expected).abs() < 1e-9, "{}: {}, expected {}", name, got, expected);
        }
        prop_assert_eq!(got.queries_without_match, expected.queries_without_match);
    }
}

/// 100 copies of one picture, every other one of class 0: with all similarities equal, gallery order decides, and
/// the answer is the same however the work is cut up.
#[test]
fn ties_rank_in_gallery_order() {
    let rows = 100;
    let row = [0.6f32, 0.3, 0.1, 0.7, 0.2];
    let mut side = Side {
        embeddings: Matrix::new(row.len()),
        labels: (0..rows).map(|row| row % 2).collect(),
        photos: (0..u64::from(rows)).collect(),
    };
    for _ in 0..rows {
        side.embeddings.push(&row).unwrap();
    }
    let got = metrics(&side.points(), &side.points()).unwrap();
    let expected = by_definition(&side.points(), &side.points());
    assert_eq!(got.recall_at, expected.recall_at);
    // Row 0 meets row 1 first, a miss; every other row of class 0 meets row 0, a hit; class 1 meets row 0, a miss.
    assert_eq!(got.recall_at[0], 0.49);
    assert!((got.map_at_r - expected.map_at_r).abs() < 1e-12);
}

#[test]
fn a_class_of_one_photo_counts_as_missed() {
    let side = Side {
        embeddings: Matrix::from_values(2, vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap(),
        labels: vec![7, 7, 8],
        photos: vec![0, 1, 2],
    };
    let got = metrics(&side.points(), &side.points()).unwrap();
    assert_eq!(got.queries_without_match, 1);
    for (name, figure) in got.named() {
        assert!((figure - 2.0 / 3.0).abs() < 1e-12, "{name} {figure}");
    }
}

/// More similarities than one block holds, with more matches than the deepest recall.
#[test]
fn many_blocks_give_what_one_does() {
    let rows = 6000usize;
    let mut state = 1u64;
    let mut side = Side {
        embeddings: Matrix::new(4),
        labels: Vec::new(),
        photos: (0..rows as u64).collect(),
    };
    for row in 0..rows {
        let values = [(); 4].map(|()| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((state >> 40) as f32) / 16_777_216.0 - 0.5
        });
        side.embeddings.push(&values).unwrap();
        side.labels.push((row % 300) as u32);
    }
    let got = metrics(&side.points(), &side.points()).unwrap();
    let asked = 4000..4040;
    let width = 4;
    let few = Side {
        embeddings: Matrix::from_values(
            width,
            side.embeddings.values()[asked.start * width..asked.end * width].to_vec(),
        )
        .unwrap(),
        labels: side.labels[asked.clone()].to_vec(),
        photos: side.photos[asked].to_vec(),
    };
    let expected = by_definition(&few.points(), &side.points());
    let few = metrics(&few.points(), &side.points()).unwrap();
    assert!((few.map_at_r - expected.map_at_r).abs() < 1e-12);
    assert_eq!(few.recall_at, expected.recall_at);
    assert_eq!(got.queries, rows);
    assert!(got.map_at_r > 0.0 && got.recall_at[3] > got.recall_at[0]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let good = Side {
        embeddings: Matrix::from_values(2, vec![1.0, 0.0, 0.0, 1.0]).unwrap(),
        labels: vec![0, 0],
        photos: vec![0, 1],
    };
    let mut points = good.points();
    points.labels = &[0];
    assert!(
        metrics(&points, &good.points())
            .unwrap_err()
            .to_string()
            .contains("labels")
    );

    let wide = Matrix::from_values(4, vec![0.5; 8]).unwrap();
    let mut points = good.points();
    points.embeddings = &wide;
    assert!(
        metrics(&good.points(), &points)
            .unwrap_err()
            .to_string()
            .contains("width")
    );

    let broken = Matrix::from_values(2, vec![1.0, 0.0, f32::NAN, 0.0]).unwrap();
    points.embeddings = &broken;
    let message = metrics(&good.points(), &points).unwrap_err().to_string();
    assert!(message.contains("gallery embedding 1"), "{message}");

    let none = Matrix::new(2);
    let empty = Points {
        embeddings: &none,
        labels: &[],
        photos: &[],
    };
    assert!(metrics(&empty, &good.points()).is_err());
    assert!(Matrix::from_values(3, vec![0.0; 4]).is_err());
}

/// Numbers between -0.5 and 0.5.
fn scattered(state: &mut u64) -> f32 {
    *state = state
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    ((*state >> 40) as f32) / 16_777_216.0 - 0.5
}

/// Rows that differ by less than a product in f32 is off: the order is still that of f64.
#[test]
fn similarities_that_f32_cannot_tell_apart_rank_exactly() {
    for spread in [1e-6, 0.1] {
        let (rows, width) = (5000u32, 64);
        let mut state = 7u64;
        let base = (0..width)
            .map(|_| scattered(&mut state))
            .collect::<Vec<_>>();
        let mut side = Side {
            embeddings: Matrix::new(width),
            labels: (0..rows).map(|row| row % 90).collect(),
            photos: (0..u64::from(rows)).collect(),
        };
        for _ in 0..rows {
            let row = base
                .iter()
                .map(|value| value + spread * scattered(&mut state));
            side.embeddings.push(&row.collect::<Vec<_>>()).unwrap();
        }
        let few = &side.embeddings.values()[..150 * width];
        let asked = Side {
            embeddings: Matrix::from_values(width, few.to_vec()).unwrap(),
            labels: side.labels[..150].to_vec(),
            photos: side.photos[..150].to_vec(),
        };
        let got = metrics(&asked.points(), &side.points()).unwrap();
        let expected = by_definition(&asked.points(), &side.points());
        assert_eq!(got.recall_at, expected.recall_at, "{spread}");
        assert!((got.map_at_r - expected.map_at_r).abs() < 1e-12, "{spread}");
    }
}

/// Products beyond f32 are left to f64, whose steps are then too small to tell: the gallery's order decides.
#[test]
fn rows_beyond_f32_are_no_accident() {
    let side = Side {
        embeddings: Matrix::from_values(1, vec![1e30, -1e30, 1e30, -1e30]).unwrap(),
        labels: vec![0, 1, 0, 1],
        photos: vec![0, 1, 2, 3],
    };
    let got = metrics(&side.points(), &side.points()).unwrap();
    assert_eq!(got.recall_at_1(), 1.0);
    assert_eq!(got.map_at_r, 1.0);
}
