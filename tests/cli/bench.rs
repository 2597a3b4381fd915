use super::Place;
use serde_json::Value;

/// A time of the report, which must have been measured.
#[track_caller]
fn ms(of: &Value, which: &str) -> f64 {
    let time = of[which].as_f64();
    time.filter(|ms| *ms > 0.0 && ms.is_finite())
        .unwrap_or_else(|| panic!("{which} in {of}"))
}

/// All processors together cannot have worked longer than they were there; some slack for the clocks' steps.
#[track_caller]
fn check(taken: &Value, cores: f64) -> f64 {
    let (wall, processor) = (ms(taken, "wall_ms"), ms(taken, "processor_ms"));
    assert!(processor <= 1.5 * cores * wall + 20.0, "{taken}");
    wall
}

const SMALL: [&str; 10] = [
    "--rounds",
    "2",
    "--pictures",
    "4",
    "--batches",
    "1,2",
    "--rows",
    "300,9000",
    "--megapixels",
    "2",
];

#[test]
fn bench_measures_what_it_says_and_its_figures_fit_together() {
    let place = Place::new();
    let report = place.json(&[&["bench", "--json", "--device", "cpu"], &SMALL[..]].concat());

    let hardware = &report["hardware"];
    let here = std::thread::available_parallelism().unwrap().get();
    assert_eq!(hardware["cores"].as_u64(), Some(here as u64));
    assert_eq!(hardware["system"], std::env::consts::OS);
    assert!(hardware["instructions"].is_string(), "{hardware}");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["device"], "cpu");
    assert_eq!(report["precision"], "rounded");
    assert_eq!(report["rounds"], 2);
    let key = report["model"]["fingerprint"].as_str().unwrap();
    let status = place.json(&["status", "--json"]);
    assert!(status["model"].as_str().unwrap().contains(key), "{status}");

    let cores = here as f64;
    check(&report["load"], cores);
    check(&report["single_picture"], cores);

    let embedding = report["embedding"].as_array().unwrap();
    let mut threads: Vec<u64> = Vec::new();
    for one in embedding {
        let used = one["threads"].as_u64().unwrap();
        let wall_ms = check(&one["picture"], used as f64);
        let per_s = ms(one, "pictures_per_s");
        assert!((per_s * wall_ms / 1e3 - 1.0).abs() < 1e-6, "{one}");
        let rivals = embedding.iter().filter(|rival| rival["threads"] == used);
        let fastest = rivals.map(|rival| ms(rival, "pictures_per_s"));
        let is_fastest = fastest.fold(0.0, f64::max) == per_s;
        assert_eq!(one["best"].as_bool().unwrap(), is_fastest, "{embedding:?}");
        threads.push(used);
    }
    let tried = |of: u64| threads.iter().filter(|&&threads| threads == of).count();
    assert_eq!((tried(1), tried(cores as u64)), (2, 2), "{embedding:?}");

    let photo = &report["photo"];
    let megapixels = photo["megapixels"].as_f64().unwrap();
    assert!((megapixels - 2.0).abs() < 0.1, "{photo}");
    let bytes_per_pixel = photo["bytes"].as_f64().unwrap() / megapixels / 1e6;
    assert!((0.1..1.0).contains(&bytes_per_pixel), "{photo}");
    for step in ["decode_whole", "decode_reduced", "preprocess"] {
        check(&photo[step], cores);
    }

    let search = report["search"].as_array().unwrap();
    let rows: Vec<&Value> = search.iter().map(|search| &search["embeddings"]).collect();
    assert_eq!(rows, [300, 9000]);
    for search in search {
        assert_eq!(search["width"], report["model"]["embedding_width"]);
        check(&search["nearest_10"], cores);
        check(&search["nearest_200_and_scores"], cores);
    }
}

#[test]
fn bench_shows_a_table_and_refuses_sizes_of_nothing() {
    let place = Place::new();
    let text = place.done(&[&["bench", "--precision", "single"], &SMALL[..]].concat());
    for part in [
        ", in f32; medians of 2 rounds",
        "load the model",
        "embed one picture",
        "embed many, 1 thread,",
        "decode 2.0 megapixels",
        "10 nearest of 9000",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    for wrong in [["--rounds", "0"], ["--rows", "0"], ["--batches", "2,0"]] {
        let output = place.run(&[&["bench"], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
