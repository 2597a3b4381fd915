//! Orders of domains and prompts.

use puma::figures::{Arrangement, Profile, Sort, View, seriation};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// Rows whose values shift steadily along a line, in their planted order.
fn along_a_line(count: usize) -> Vec<Vec<f32>> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    (0..count)
        .map(|place| {
            let along = place as f32 / count as f32;
            let value = |prompt: usize| {
                let noise: f32 = random.random_range(-0.1..0.1) / count as f32;
                (along * 3.0 - prompt as f32 / 5.0).tanh() + noise
            };
            (0..20).map(value).collect()
        })
        .collect()
}

#[test]
fn a_planted_order_is_recovered() {
    let rows = along_a_line(60);
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(9);
    let mut planted: Vec<usize> = (0..rows.len()).collect();
    planted.shuffle(&mut random);
    let shuffled: Vec<Vec<f32>> = planted.iter().map(|&row| rows[row].clone()).collect();
    assert!(!planted.is_sorted());
    let found: Vec<usize> = seriation(&shuffled)
        .into_iter()
        .map(|place| planted[place])
        .collect();
    assert!(
        found.is_sorted() || found.iter().rev().is_sorted(),
        "{found:?}"
    );
}

#[test]
fn planted_groups_stay_together() {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let rows: Vec<Vec<f32>> = (0..90)
        .map(|row| {
            let noise = |value: f32| value + random.random_range(-0.05..0.05);
            let group = row % 3;
            (0..6)
                .map(|prompt| f32::from(u8::from(prompt / 2 == group)))
                .map(noise)
                .collect()
        })
        .collect();
    let groups: Vec<usize> = seriation(&rows).into_iter().map(|row| row % 3).collect();
    let changes = groups.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 2, "{groups:?}");
}

#[test]
fn every_order_is_complete_whatever_the_rows() {
    assert!(seriation(&[]).is_empty());
    assert_eq!(seriation(&[vec![1.0]]), [0]);
    let equal = vec![vec![0.5f32; 4]; 9];
    let mut order = seriation(&equal);
    order.sort_unstable();
    assert_eq!(order, (0..9).collect::<Vec<_>>());
    let mut odd = along_a_line(12);
    odd[3][0] = f32::NAN;
    odd[7] = vec![f32::INFINITY; 20];
    let mut order = seriation(&odd);
    order.sort_unstable();
    assert_eq!(order, (0..12).collect::<Vec<_>>());
}

#[test]
fn domains_are_sorted_by_name_count_and_likeness() {
    let rows = along_a_line(7);
    let profile = |name: &str, count: usize, row: usize| Profile {
        domain: name.to_owned(),
        count,
        mean: rows[row].clone(),
        std: vec![0.1; 20],
    };
    let profiles = [
        profile("d", 5, 6),
        profile("a", 9, 2),
        profile("c", 5, 0),
        profile("b", 2, 4),
    ];
    let names = |sort| -> String {
        let order = Arrangement::new(&profiles, View::Centred, sort, false);
        assert_eq!(order.prompts, (0..20).collect::<Vec<_>>());
        order
            .domains
            .iter()
            .map(|&index| profiles[index].domain.as_str())
            .collect()
    };
    assert_eq!(names(Sort::Name), "abcd");
    assert_eq!(names(Sort::Count), "acdb");
    let likeness = names(Sort::Likeness);
    assert!(["cabd", "dbac"].contains(&likeness.as_str()), "{likeness}");

    let mut prompts = Arrangement::new(&profiles, View::Mean, Sort::Name, true).prompts;
    prompts.sort_unstable();
    assert_eq!(prompts, (0..20).collect::<Vec<_>>());
    assert!(
        Arrangement::new(&[], View::Mean, Sort::Likeness, true)
            .domains
            .is_empty()
    );
}
