//! Packed products against the definition, for all instructions that the processor has, and what rounding does.

use std::path::Path;

use candle_core::{Device, IndexOp};
use proptest::prelude::*;
use puma::model::ops::kernels::{Element, Into, Isa, Matrix, Packed, Pair, product};
use puma::model::{Ablation, Pass, Products, Puma};

use super::golden::{golden, largest_difference, tiny_network};

/// Sizes of one product and how its parts lie.
#[derive(Clone, Debug)]
struct Case {
    rows: usize,
    inner: usize,
    columns: usize,
    /// Values between the rows of the result.
    gap: usize,
    left_transposed: bool,
    right_transposed: bool,
    bias: bool,
    add: bool,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (0usize..120, 0usize..70, 0usize..80, 0usize..5);
    let flags = (any::<[bool; 4]>(), any::<u64>());
    (sizes, flags).prop_map(|((rows, inner, columns, gap), (flags, seed))| Case {
        rows,
        inner,
        columns,
        gap,
        left_transposed: flags[0],
        right_transposed: flags[1],
        bias: flags[2],
        add: flags[3],
        seed,
    })
}

fn values(count: usize, seed: u64) -> Vec<f32> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn view(values: &[f32], rows: usize, columns: usize, transposed: bool) -> Matrix<'_, f32> {
    match transposed {
        true => Matrix::new(values, columns, rows, rows).transposed(),
        false => Matrix::new(values, rows, columns, columns),
    }
}

fn at(values: &[f32], size: (usize, usize), place: (usize, usize), transposed: bool) -> f64 {
    let ((rows, columns), (row, column)) = (size, place);
    f64::from(match transposed {
        true => values[column * rows + row],
        false => values[row * columns + column],
    })
}

/// The largest distance of the product from its definition, and the largest sum of absolute terms.
fn check<T: Element>(case: &Case, isa: Isa) -> (f64, f64) {
    let (m, k, n) = (case.rows, case.inner, case.columns);
    let a = values(m * k, case.seed);
    let b = values(k * n, case.seed.wrapping_add(1));
    let bias = values(n, case.seed.wrapping_add(2));
    let stride = n + case.gap;
    let before = values(m * stride, case.seed.wrapping_add(3));
    let mut packed = Packed::<T>::empty_for(isa);
    // What was there before must leave no trace.
    T::pack(Matrix::new(&[f32::NAN; 900], 9, 100, 100), &mut packed);
    T::pack(view(&b, k, n, case.right_transposed), &mut packed);
    let length = k.div_ceil(T::VALUES);
    let mut elements = vec![T::default(); m * length];
    for (row, out) in elements.chunks_exact_mut(length.max(1)).enumerate() {
        let values = (0..k).map(|step| at(&a, (m, k), (row, step), case.left_transposed) as f32);
        T::write(&values.collect::<Vec<_>>(), out);
    }
    let mut out = before.clone();
    let into = Into {
        values: &mut out,
        stride,
        bias: case.bias.then_some(&bias),
        add: case.add,
    };
    product(Matrix::new(&elements, m, length, length), &packed, into);
    let (mut worst, mut largest) = (0f64, 1f64);
    for row in 0..m {
        for column in 0..stride {
            let place = row * stride + column;
            if column >= n {
                assert_eq!(out[place], before[place], "between the rows");
                continue;
            }
            let mut sum = if case.add {
                f64::from(before[place])
            } else {
                0.0
            };
            sum += if case.bias {
                f64::from(bias.get(column).copied().unwrap_or_default())
            } else {
                0.0
            };
            let mut absolute = sum.abs();
            for step in 0..k {
                let term = at(&a, (m, k), (row, step), case.left_transposed)
                    * at(&b, (k, n), (step, column), case.right_transposed);
                sum += term;
                absolute += term.abs();
            }
            worst = worst.max((f64::from(out[place]) - sum).abs());
            largest = largest.max(absolute);
        }
    }
    (worst, largest)
}

/// The product of a transposed left-hand side that is read where it lies.
fn check_in_place(case: &Case, isa: Isa) -> f64 {
    let (m, k, n) = (case.rows, case.inner, case.columns);
    let (a, b) = (values(m * k, case.seed), values(k * n, case.seed ^ 1));
    let mut packed = Packed::<f32>::empty_for(isa);
    packed.fill(view(&b, k, n, case.right_transposed));
    let mut out = vec![f32::NAN; m * n];
    let into = Into {
        values: &mut out,
        stride: n,
        bias: None,
        add: false,
    };
    product(view(&a, m, k, case.left_transposed), &packed, into);
    let mut worst = 0f64;
    for (place, value) in out.iter().enumerate() {
        let (row, column) = (place / n, place % n);
        let terms = (0..k).map(|step| {
            at(&a, (m, k), (row, step), case.left_transposed)
                * at(&b, (k, n), (step, column), case.right_transposed)
        });
        worst = worst.max((f64::from(*value) - terms.sum::<f64>()).abs());
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn products_are_what_they_should_be(case in cases()) {
        for isa in Isa::all() {
            let (worst, largest) = check::<f32>(&case, isa);
            prop_assert!(worst < 1e-6 * largest, "{isa:?}: off by {worst}");
            let (worst, largest) = check::<Pair>(&case, isa);
            // Each factor is off by 2^-9 at most.
            prop_assert!(worst < 4.1e-3 * largest, "{isa:?}, rounded: off by {worst}");
            let worst = check_in_place(&case, isa);
            prop_assert!(worst < 1e-5, "{isa:?}, in place: off by {worst}");
        }
    }
}

#[test]
fn this_processor_has_plain_code_first_and_its_best_last() {
    let all = Isa::all();
    assert_eq!(all.first(), Some(&Isa::Portable));
    assert_eq!(all.last(), Some(&Isa::best()));
}

#[test]
#[should_panic(expected = "room for a product")]
fn a_result_without_room_is_refused() {
    let packed = Packed::new(Matrix::new(&[1.0; 64], 2, 32, 32));
    let into = Into {
        values: &mut [0.0; 63],
        stride: 32,
        bias: None,
        add: false,
    };
    product(Matrix::new(&[1.0; 4], 2, 2, 2), &packed, into);
}

#[test]
#[should_panic(expected = "a matrix within its slice")]
fn a_matrix_beyond_its_slice_is_refused() {
    Matrix::new(&[0f32; 11], 3, 4, 4);
}

/// A stride of which three are 1 in a `usize`.
const WRAPPING: usize = usize::MAX / 3 * 2 + 1;

#[test]
#[should_panic(expected = "a matrix within its slice")]
fn a_matrix_whose_stride_wraps_is_refused() {
    Matrix::new(&[0f32; 8], 4, 4, WRAPPING);
}

#[test]
#[should_panic(expected = "room for a product")]
fn a_result_whose_stride_wraps_is_refused() {
    let packed = Packed::new(Matrix::new(&[1.0; 64], 2, 32, 32));
    let into = Into {
        values: &mut [0.0; 64],
        stride: WRAPPING,
        bias: None,
        add: false,
    };
    product(Matrix::new(&[1.0; 8], 4, 2, 2), &packed, into);
}

#[test]
fn the_class_token_alone_is_the_same_as_with_all_others() {
    let network = tiny_network();
    let pixels = &golden("tiny_forward")["pixels"];
    for pass in [Pass::Inference, Pass::Rounded, Pass::Training(None)] {
        let all = network.forward(pixels, &pass).unwrap();
        let one = network.embed(pixels, &pass, &Ablation::None).unwrap();
        let class = all.features.i((.., ..1)).unwrap();
        assert!(largest_difference(&class, &one.features) < 1e-5);
        assert!(largest_difference(&all.embedding, &one.embedding) < 1e-5);
    }
}

#[test]
fn rounding_hardly_moves_an_embedding() {
    let puma = Puma::shipped(&Device::Cpu).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    let names = ["astronaut", "chelsea", "coffee", "rocket"];
    let crops = names.map(|name| {
        let picture = image::open(folder.join(format!("{name}.png"))).unwrap();
        puma::photo::evaluation_crop(&picture.into_rgb8(), puma.image_size())
    });
    let by = |pass: &Pass| puma.embed_by(&crops, pass, &Ablation::None).unwrap();
    assert_eq!(puma.embed(&crops).unwrap(), by(&Pass::Rounded));
    let single = puma.clone().with_products(Products::Single);
    assert_eq!(single.embed(&crops).unwrap(), by(&Pass::Inference));
    for (exact, rounded) in by(&Pass::Inference).iter().zip(by(&Pass::Rounded)) {
        let both = exact.embedding.iter().zip(&rounded.embedding);
        let cosine: f32 = both.map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "{cosine}");
        assert_eq!(exact.similarity, rounded.similarity);
    }
}
