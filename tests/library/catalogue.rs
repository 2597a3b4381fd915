//! Embeddings and failures at rest.
use super::{Place, model};
use puma::library::{Failure, ModelKey, Outcome, PhotoId, Retry};

fn outcome(photo: PhotoId, result: Result<(Vec<f32>, Vec<f32>), &str>) -> Outcome {
    Outcome {
        photo,
        result: result.map_err(|reason| Failure {
            reason: reason.to_owned(),
            retry: Retry::NewReader,
        }),
    }
}

/// Three photos in two domains, and their numbers.
fn three() -> (Place, Vec<PhotoId>) {
    let place = Place::new();
    for name in ["birds/a.jpg", "birds/b.jpg", "cars/c.jpg"] {
        place.photo(name);
    }
    place.scan();
    let photos = place.library.photos(None, 10, &model()).unwrap();
    let ids = photos.iter().map(|photo| photo.id).collect();
    (place, ids)
}

#[test]
fn embeddings_come_back_bit_for_bit_in_order_of_their_photos() {
    let (place, ids) = three();
    let writer = place.library.writer().unwrap();
    let numbers = |seed: f32| {
        (
            vec![seed / 3.0, -seed],
            vec![seed * 0.1, f32::MIN_POSITIVE, 2.0],
        )
    };
    let outcomes: Vec<_> = [(ids[2], 3.0), (ids[0], 1.0), (ids[1], 2.0)]
        .map(|(id, seed)| outcome(id, Ok(numbers(seed))))
        .into();
    writer.store(&model(), &outcomes).unwrap();
    let all = place.library.embeddings(&model()).unwrap();
    assert_eq!(all.photos, ids);
    assert_eq!((all.width, all.prompts), (2, 3));
    let expected: Vec<f32> = [1.0, 2.0, 3.0]
        .iter()
        .flat_map(|seed| numbers(*seed).0)
        .collect();
    assert_eq!(all.embedding, expected);
    let expected: Vec<f32> = [1.0, 2.0, 3.0]
        .iter()
        .flat_map(|seed| numbers(*seed).1)
        .collect();
    assert_eq!(all.similarity, expected);
    assert_eq!(all.domains, ["birds", "cars"]);
    assert_eq!(all.domain, [0, 0, 1]);
    let photo = place.library.photo(ids[2], &model()).unwrap();
    assert_eq!(photo.embedding.unwrap(), numbers(3.0).0);
    assert_eq!(photo.similarity.unwrap(), numbers(3.0).1);
    assert_eq!(photo.domain, "cars");
}

#[test]
fn several_models_stand_side_by_side() {
    let (place, ids) = three();
    let writer = place.library.writer().unwrap();
    let other = ModelKey::new("another-model");
    writer
        .store(
            &model(),
            &[outcome(ids[0], Ok((vec![1.0, 0.0], vec![0.5; 3])))],
        )
        .unwrap();
    writer
        .store(
            &other,
            &[outcome(ids[0], Ok((vec![0.0, 1.0, 0.0], Vec::new())))],
        )
        .unwrap();
    assert_eq!(
        place.library.embeddings(&model()).unwrap().embedding,
        [1.0, 0.0]
    );
    assert_eq!(
        place.library.embeddings(&other).unwrap().embedding,
        [0.0, 1.0, 0.0]
    );
    assert_eq!(place.library.models().unwrap().len(), 2);
    assert_eq!(place.library.counts(&other).unwrap().embedded, 1);
    // Embedded again with the same model, the new numbers take the place of the old ones.
    writer
        .store(
            &model(),
            &[outcome(ids[0], Ok((vec![0.0, 1.0], vec![0.5; 3])))],
        )
        .unwrap();
    assert_eq!(
        place.library.embeddings(&model()).unwrap().embedding,
        [0.0, 1.0]
    );
}

#[test]
fn a_failure_keeps_its_reason_and_removes_what_the_file_was() {
    let (place, ids) = three();
    let writer = place.library.writer().unwrap();
    let sound = outcome(ids[0], Ok((vec![1.0, 0.0], vec![0.5; 3])));
    writer
        .store(&model(), std::slice::from_ref(&sound))
        .unwrap();
    writer
        .store(&model(), &[outcome(ids[0], Err("torn in two"))])
        .unwrap();
    let failed = place.library.failed().unwrap();
    assert_eq!(failed[0].reason, "torn in two");
    assert!(failed[0].path.ends_with("birds/a.jpg"));
    assert!(
        place
            .library
            .embeddings(&model())
            .unwrap()
            .photos
            .is_empty()
    );
    writer.store(&model(), &[sound]).unwrap();
    assert!(place.library.failed().unwrap().is_empty());
}

#[test]
fn a_photo_that_has_left_meanwhile_is_passed_over() {
    let (place, ids) = three();
    place.library.forget_root(&place.photos()).unwrap();
    let writer = place.library.writer().unwrap();
    writer
        .store(&model(), &[outcome(ids[0], Ok((vec![1.0], vec![])))])
        .unwrap();
    assert!(
        place
            .library
            .embeddings(&model())
            .unwrap()
            .photos
            .is_empty()
    );
    assert_eq!(place.library.paths(&ids).unwrap(), [None, None, None]);
    assert!(place.library.photo(ids[0], &model()).is_err());
}

#[test]
fn every_change_is_counted_for_others_to_see() {
    let (place, ids) = three();
    let reader = puma::library::Library::open(place.library.path()).unwrap();
    let before = reader.change().unwrap();
    place
        .library
        .writer()
        .unwrap()
        .store(&model(), &[outcome(ids[0], Ok((vec![1.0], vec![])))])
        .unwrap();
    assert!(reader.change().unwrap() > before);
    let between = reader.change().unwrap();
    place.scan();
    assert_eq!(
        reader.change().unwrap(),
        between,
        "a scan that finds nothing new changes nothing"
    );
}

#[test]
fn photos_are_read_by_the_page() {
    let (place, ids) = three();
    let first = place.library.photos(None, 2, &model()).unwrap();
    let rest = place
        .library
        .photos(Some(first[1].id), 2, &model())
        .unwrap();
    let read: Vec<PhotoId> = first.iter().chain(&rest).map(|photo| photo.id).collect();
    assert_eq!(read, ids);
    let domains = place.library.domains().unwrap();
    assert_eq!(
        domains
            .iter()
            .map(|count| (count.domain.as_str(), count.photos))
            .collect::<Vec<_>>(),
        [("birds", 2), ("cars", 1)]
    );
}
