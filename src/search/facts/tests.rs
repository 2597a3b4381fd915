use super::table::sought_in;
use super::{Columns, FactTableBuilder};
use crate::library::PhotoId;
use crate::photo::Format;
use crate::search::{Filter, PhotoFacts};
use jiff::Timestamp;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn photo() -> impl Strategy<Value = PhotoFacts> {
    let folder = prop_oneof!["", "a", "a/b", "Ünterwegs/2019", "a/b/C D", "b"];
    let name = "[a-cA-C é1-3]{1,4}\\.(jpg|png|xyz)";
    let format = proptest::option::of(prop_oneof![Just(Format::Jpeg), Just(Format::Png)]);
    let size = proptest::option::of((1u32..9, 1u32..9));
    let moment = (-2_000_000_000i64..4_000_000_000, proptest::bool::ANY);
    let root = prop_oneof!["/photos", "/photos/a", "/"];
    (root, folder, name, "[xyz]", moment, 0u64..5, format, size).prop_map(
        |(root, folder, name, domain, (second, camera), bytes, format, size_px)| {
            let modified = Timestamp::from_second(second).unwrap();
            let zone = jiff::tz::TimeZone::system();
            let by_camera = jiff::civil::date(2020, 1, 1).at(0, 0, (second % 60).abs() as i8, 0);
            PhotoFacts {
                id: PhotoId(second),
                path: Path::new(&root).join(folder).join(name),
                root: Arc::from(Path::new(&root)),
                domain,
                modified,
                taken: if camera {
                    by_camera
                } else {
                    zone.to_datetime(modified)
                },
                taken_by_camera: camera,
                bytes,
                format,
                size_px,
            }
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    let date = || {
        proptest::option::of(
            (2001i16..2040).prop_map(|year| jiff::civil::date(year, 5, 1).at(0, 0, 0, 0)),
        )
    };
    let domains = proptest::collection::vec("[xyz]", 0..2);
    let folders = proptest::collection::vec(
        prop_oneof!["/photos", "/photos/a", "/a", "/photos/a/b", "/x"].prop_map(PathBuf::from),
        0..2,
    );
    let words = prop_oneof![
        "", "a", "B", "é1", "photos a", "a/b", "ünter 2", ".jpg", "c d/"
    ];
    let bytes = || proptest::option::of(0u64..5);
    let formats =
        proptest::collection::vec(prop_oneof![Just(Format::Jpeg), Just(Format::Gif)], 0..2);
    (
        domains,
        folders,
        date(),
        date(),
        words,
        bytes(),
        bytes(),
        formats,
    )
        .prop_map(
            |(domains, folders, from, before, name, smallest_bytes, largest_bytes, formats)| {
                Filter {
                    domains,
                    folders,
                    from,
                    before,
                    formats,
                    smallest_bytes,
                    largest_bytes,
                    name,
                    minimum_score: None,
                }
            },
        )
}

/// The definition, photo by photo.
fn passes(filter: &Filter, facts: &PhotoFacts) -> bool {
    let sought = sought_in(&facts.root, &facts.path);
    let mut words = filter.name.split_whitespace().map(str::to_lowercase);
    (filter.domains.is_empty() || filter.domains.contains(&facts.domain))
        && (filter.folders.is_empty()
            || filter
                .folders
                .iter()
                .any(|folder| facts.path.starts_with(folder)))
        && filter.from.is_none_or(|from| facts.taken >= from)
        && filter.before.is_none_or(|before| facts.taken < before)
        && (filter.formats.is_empty()
            || facts
                .format
                .is_some_and(|format| filter.formats.contains(&format)))
        && filter
            .smallest_bytes
            .is_none_or(|least| facts.bytes >= least)
        && filter.largest_bytes.is_none_or(|most| facts.bytes <= most)
        && words.all(|word| sought.contains(&word))
}

proptest! {
    #[test]
    fn a_table_and_its_copy_in_a_file_tell_and_filter_what_the_photos_are(
        photos in proptest::collection::vec(photo(), 1..30),
        filter in filter(),
    ) {
        let mut table = FactTableBuilder::default();
        photos.iter().for_each(|facts| table.push(facts));
        let table = table.finish();
        let ids: Vec<PhotoId> = photos.iter().map(|facts| facts.id).collect();
        let bytes = bincode::serialize(&table.columns()).unwrap();
        let read: Columns = bincode::deserialize(&bytes).unwrap();
        for table in [table, read.into_table(&ids).unwrap()] {
            let told: Vec<PhotoFacts> = (0..table.len()).map(|row| table.facts(row)).collect();
            prop_assert_eq!(&told, &photos);
            let mut passing = Vec::new();
            table.passing(&filter, &filter.words(), &mut passing);
            let expected: Vec<bool> = photos.iter().map(|facts| passes(&filter, facts)).collect();
            prop_assert_eq!(passing, expected);
            for (row, facts) in photos.iter().enumerate() {
                prop_assert_eq!(table.place(row).0, facts.folder());
                prop_assert_eq!(table.domain(row), &facts.domain);
                prop_assert_eq!(table.shown(row), facts);
            }
        }
    }
}
