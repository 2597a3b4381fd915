//! An answer looked at through a lens, against scores computed here with the model itself.

use super::{Place, puma};
use puma::index::Kind;
use puma::model::{Ablation, Embedded};
use puma::photo::{Limits, Region, evaluation_crop, read};
use puma::search::{Hit, Lens, LensAnswer, LensPart, LensRequest, LensSource, Request};
use std::path::Path;
use std::sync::Arc;

fn request(place: &Place, query: &Path, ablation: Ablation) -> LensRequest {
    let answer = place
        .searcher(Kind::Exact)
        .query_file(query, &Request::top(200));
    LensRequest {
        parts: vec![LensPart {
            source: LensSource::File(query.to_owned()),
            region: None,
            weight: 1.0,
        }],
        hits: answer.unwrap().hits,
        ablation,
    }
}

fn look(request: &LensRequest) -> LensAnswer {
    let mut lens = Lens::new(puma()).unwrap();
    lens.look(request, &mut |_, _| true).unwrap().unwrap()
}

fn embedded(path: &Path, ablation: &Ablation) -> Embedded {
    let image = read(path, &Limits::default()).unwrap();
    let crop = evaluation_crop(&image, puma().image_size());
    puma().embed_ablated(&[crop], ablation).unwrap().remove(0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn nothing_left_out_moves_nothing() {
    let place = Place::new();
    place.index();
    let query = place.photos().join("golden/coffee.png");
    let request = request(&place, &query, Ablation::None);
    let answer = look(&request);
    assert_eq!(answer.ranked.len(), 17);
    assert!(answer.missing.is_empty());
    for one in &answer.ranked {
        assert_eq!(one.rise(), 0, "{one:?}");
        // Stored embeddings were made in other batches.
        assert!((one.new_score - one.old_score).abs() < 1e-5, "{one:?}");
    }
    let summary = answer.summary;
    assert_eq!(
        (summary.compared, summary.kept_first, summary.first),
        (16, 10, 10)
    );
    assert_eq!((summary.mean_shift, summary.kendall_tau), (0.0, 1.0));
}

#[test]
fn ranks_follow_from_scores_computed_by_hand() {
    let place = Place::new();
    place.index();
    let query = place.photos().join("golden/chelsea.png");
    for ablation in [
        Ablation::PromptsOff,
        Ablation::AdaptersOff,
        Ablation::PromptOff(4),
    ] {
        let request = request(&place, &query, ablation.clone());
        let answer = look(&request);
        assert_eq!(answer.ablation, ablation);
        let asked = embedded(&query, &ablation);
        let expected: Vec<f32> = request
            .hits
            .iter()
            .map(|hit| dot(&asked.embedding, &embedded(&hit.path, &ablation).embedding))
            .collect();
        for (place, one) in answer.ranked.iter().enumerate() {
            assert!((one.new_score - expected[one.hit]).abs() < 1e-5, "{one:?}");
            assert_eq!((one.new_rank, one.old_rank), (place + 1, one.hit + 1));
            assert_eq!(one.old_score, request.hits[one.hit].score);
            // One more than the number of hits with a higher score, up to rounding between batches.
            let above = |margin: f32| {
                let higher = |score: &&f32| **score > expected[one.hit] + margin;
                expected.iter().filter(higher).count()
            };
            let possible = above(1e-5) + 1..=above(-1e-5) + 1;
            assert!(possible.contains(&one.new_rank), "{one:?} {possible:?}");
        }
        assert!(
            answer
                .ranked
                .iter()
                .any(|one| one.new_score != one.old_score)
        );
        if ablation == Ablation::PromptsOff {
            assert!(answer.summary.mean_shift > 0.0 && answer.summary.kendall_tau < 1.0);
        }
    }
}

#[test]
fn a_question_of_parts_is_added_up_again() {
    let place = Place::new();
    place.index();
    let [cat, cup] =
        ["chelsea.png", "coffee.png"].map(|name| place.photos().join("golden").join(name));
    let mut request = request(&place, &cat, Ablation::AdaptersOff);
    let region = Region::between([0.2, 0.1], [0.9, 0.8]);
    request.parts.push(LensPart {
        source: LensSource::Pixels(Arc::new(read(&cup, &Limits::default()).unwrap())),
        region: Some(region),
        weight: -0.5,
    });
    let answer = look(&request);
    let part = region.cut(&read(&cup, &Limits::default()).unwrap());
    let part = evaluation_crop(&part, puma().image_size());
    let less = puma().embed_ablated(&[part], &request.ablation).unwrap();
    let more = embedded(&cat, &request.ablation);
    let sum: Vec<f32> = more
        .embedding
        .iter()
        .zip(&less[0].embedding)
        .map(|(more, less)| more - 0.5 * less)
        .collect();
    let length = dot(&sum, &sum).sqrt();
    for one in &answer.ranked {
        let hit = embedded(&request.hits[one.hit].path, &request.ablation);
        let expected = dot(&sum, &hit.embedding) / length;
        assert!((one.new_score - expected).abs() < 1e-5, "{one:?}");
    }
}

#[test]
fn missing_files_are_told_and_the_others_ranked() {
    let place = Place::new();
    place.index();
    let query = place.photos().join("golden/rocket.png");
    let request = request(&place, &query, Ablation::PromptsOff);
    let gone: Vec<usize> = vec![3, 8];
    for hit in &gone {
        std::fs::remove_file(&request.hits[*hit].path).unwrap();
    }
    let answer = look(&request);
    let missing: Vec<usize> = answer.missing.iter().map(|unread| unread.hit).collect();
    assert_eq!(missing, gone);
    assert!(
        answer
            .missing
            .iter()
            .all(|unread| !unread.reason.is_empty())
    );
    assert_eq!(answer.ranked.len(), 15);
    let mut old: Vec<usize> = answer.ranked.iter().map(|one| one.old_rank).collect();
    old.sort_unstable();
    assert_eq!(old, (1..=15).collect::<Vec<_>>());
    assert_eq!(answer.summary.compared, 14);
}

/// A second lens on the same answer gives what a fresh one gives, and sees a file that was changed meanwhile.
#[test]
fn crops_are_kept_only_while_their_files_stay() {
    let place = Place::new();
    place.index();
    let query = place.photos().join("golden/astronaut.png");
    let mut request = request(&place, &query, Ablation::AdaptersOff);
    let mut lens = Lens::new(puma()).unwrap();
    let mut look_again =
        |request: &LensRequest| lens.look(request, &mut |_, _| true).unwrap().unwrap();
    look_again(&request);
    request.ablation = Ablation::PromptsOff;
    assert_eq!(look_again(&request).ranked, look(&request).ranked);
    let before = look(&request).ranked;
    let other: &Hit = &request.hits[9];
    let changed: Hit = other.clone();
    let same_as = place.photos().join("golden/chelsea.png");
    std::fs::copy(same_as, &changed.path).unwrap();
    let after = look_again(&request).ranked;
    assert_eq!(after, look(&request).ranked);
    assert_ne!(after, before);
}

#[test]
fn a_lens_that_nobody_wants_ends_between_batches() {
    let place = Place::new();
    place.index();
    let query = place.photos().join("golden/rocket.png");
    let request = request(&place, &query, Ablation::PromptsOff);
    let mut lens = Lens::new(puma()).unwrap();
    let mut told = Vec::new();
    let ended = lens.look(&request, &mut |done, total| {
        told.push((done, total));
        told.len() < 2
    });
    assert!(ended.unwrap().is_none());
    assert_eq!(told.len(), 2);
    assert!(told[0].0 == 1 && told[1].0 > 1 && told[1].0 < 18 && told[1].1 == 18);
}
