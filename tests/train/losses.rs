//! The losses against `tests/golden/losses.safetensors`: five steps each, computed with the authors' PyTorch code.

use candle_core::{DType, Device, Tensor, Var};
use puma::train::loss::{LossKind, MetricLoss};
use std::collections::HashMap;

fn golden() -> HashMap<String, Tensor> {
    candle_core::safetensors::load("tests/golden/losses.safetensors", &Device::Cpu).unwrap()
}

fn labels_of(tensor: &Tensor) -> Vec<u32> {
    tensor.to_dtype(DType::U32).unwrap().to_vec1().unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The largest difference, relative to the largest expected value.
fn relative_error(got: &Tensor, expected: &Tensor) -> f32 {
    let (got, expected) = (values(got), values(expected));
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    got.iter()
        .zip(&expected)
        .map(|(g, e)| {
            assert!(g.is_finite());
            (g - e).abs() / largest
        })
        .fold(0f32, f32::max)
}

/// Runs the five steps and gives the loss with the state it ended in.
fn five_steps(kind: LossKind, name: &str) -> Box<dyn MetricLoss + Send> {
    let golden = golden();
    let proxies = Var::from_tensor(&golden[&format!("{name}.proxies")]).unwrap();
    let mut loss = kind.build(proxies.dim(0).unwrap());
    for step in 0..5 {
        let row = |key: &str| golden[key].get(step).unwrap();
        let embeddings = Var::from_tensor(&row("embeddings")).unwrap();
        let labels = labels_of(&row("labels"));
        let value = loss.loss(&embeddings, &labels, &proxies).unwrap();
        let gradients = value.backward().unwrap();
        loss.update(&embeddings, &labels, &proxies).unwrap();

        let error = relative_error(&value, &row(&format!("{name}.loss")));
        assert!(error <= 1e-4, "{name} step {step}: loss off by {error}");
        let error = relative_error(
            gradients.get(&embeddings).unwrap(),
            &row(&format!("{name}.embedding_grad")),
        );
        assert!(error <= 1e-3, "{name} step {step}: gradient off by {error}");
    }
    loss
}

#[test]
fn curricular_face_equals_the_golden_steps_and_running_similarities() {
    let loss = five_steps(LossKind::CurricularFace, "curricular_face");
    let expected = values(&golden()["curricular_face.pos_sim_after"]);
    let state = loss.state();
    assert_eq!(state.len(), expected.len());
    for (got, expected) in state.iter().zip(&expected) {
        assert!((got - expected).abs() <= 1e-7, "{got} {expected}");
    }
}

#[test]
fn proxy_anchor_equals_the_golden_steps() {
    five_steps(LossKind::ProxyAnchor, "proxy_anchor");
}

#[test]
fn cos_face_equals_the_golden_steps() {
    five_steps(LossKind::CosFace, "cos_face");
}

#[test]
fn arc_face_equals_the_golden_steps() {
    five_steps(LossKind::ArcFace, "arc_face");
}

const KINDS: [LossKind; 4] = [
    LossKind::CurricularFace,
    LossKind::ProxyAnchor,
    LossKind::CosFace,
    LossKind::ArcFace,
];

/// The golden file has no proxy gradients, so central differences stand in for them.
#[test]
fn proxy_gradients_equal_finite_differences() {
    let golden = golden();
    let embeddings = golden["embeddings"].get(0).unwrap();
    let labels = labels_of(&golden["labels"].get(0).unwrap());
    let start = golden["curricular_face.proxies"].clone();
    for kind in KINDS {
        let mut loss = kind.build(9);
        if kind == LossKind::CurricularFace {
            loss.set_state(&[0.3; 9]).unwrap();
        }
        let proxies = Var::from_tensor(&start).unwrap();
        let value = loss.loss(&embeddings, &labels, &proxies).unwrap();
        let gradients = value.backward().unwrap();
        let gradient = gradients.get(&proxies).unwrap();
        // Along the gradient the directional derivative is its length: one number that every entry takes part in.
        let length = gradient.sqr().unwrap().sum_all().unwrap();
        let length = f64::from(length.to_scalar::<f32>().unwrap()).sqrt();
        let step = 5e-3;
        let at = |distance: f64| {
            let moved = (&start + (gradient * (distance / length)).unwrap()).unwrap();
            let value = loss.loss(&embeddings, &labels, &moved).unwrap();
            f64::from(value.to_scalar::<f32>().unwrap())
        };
        let slope = (at(step) - at(-step)) / (2.0 * step);
        assert!(length > 1e-3, "{kind:?}: gradient {length}");
        assert!(
            (slope / length - 1.0).abs() < 1e-2,
            "{kind:?}: slope {slope}, gradient {length}"
        );
    }
}

#[test]
fn gradients_stay_finite_where_embedding_and_proxy_coincide() {
    let proxies = Var::new(&[[1f32, 0.0], [0.0, 2.0], [-1.0, 0.0]], &Device::Cpu).unwrap();
    for kind in KINDS {
        for rows in [[[3f32, 0.0], [0.0, 0.5]], [[-1.0, 0.0], [0.0, 0.0]]] {
            let embeddings = Var::new(&rows, &Device::Cpu).unwrap();
            let loss = kind.build(3);
            let value = loss.loss(&embeddings, &[0, 1], &proxies).unwrap();
            let gradients = value.backward().unwrap();
            for of in [&embeddings, &proxies] {
                let gradient = values(gradients.get(of).unwrap());
                assert!(gradient.iter().all(|g| g.is_finite()), "{kind:?}");
            }
        }
    }
}

#[test]
fn bad_labels_and_states_are_refused() {
    let embeddings = Tensor::ones((2, 4), DType::F32, &Device::Cpu).unwrap();
    let proxies = Tensor::ones((3, 4), DType::F32, &Device::Cpu).unwrap();
    for kind in KINDS {
        let mut loss = kind.build(3);
        assert!(loss.loss(&embeddings, &[0, 3], &proxies).is_err());
        assert!(loss.loss(&embeddings, &[0], &proxies).is_err());
        assert!(loss.set_state(&[0.0; 5]).is_err());
    }
    let loss = LossKind::CurricularFace.build(4);
    assert!(loss.loss(&embeddings, &[0, 1], &proxies).is_err());
}

#[test]
fn kinds_have_the_same_name_in_files_and_flags() {
    use clap::ValueEnum;
    for kind in KINDS {
        let file = serde_json::to_value(kind).unwrap();
        let flag = kind.to_possible_value().unwrap();
        assert_eq!(file, flag.get_name());
    }
}
