//! Losses and samplings in whole runs: those that no other test of a run takes.

use super::run::{config, photos, run};
use puma::train::loss::LossKind;
use puma::train::{Event, Sampling, TrainConfig};
use tempfile::TempDir;

const CHOICES: [(LossKind, Sampling); 9] = [
    (LossKind::Triplet, Sampling::PerClass),
    (LossKind::Margin, Sampling::PerClass),
    (LossKind::MultiSimilarity, Sampling::PerClass),
    (LossKind::SoftTriple, Sampling::Random),
    (LossKind::SoftTriple, Sampling::Balanced),
    (LossKind::ProxyAnchor, Sampling::Random),
    (LossKind::CosFace, Sampling::PerClass),
    (LossKind::ArcFace, Sampling::Balanced),
    (LossKind::CurricularFace, Sampling::Balanced),
];

#[test]
fn every_loss_and_sampling_moves_every_tensor() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 6);
    for (loss, sampling) in CHOICES {
        let config = TrainConfig {
            loss,
            sampling,
            batch: 6,
            per_class: 2,
            // Nothing but gradients moves anything.
            weight_decay: 0.0,
            ..config()
        };
        let out = folder.path().join(format!("{loss:?}-{sampling:?}"));
        let events = run(&config, &root, &out, false, 3);
        // The trainer itself compares every tensor with its start.
        assert!(
            events.iter().any(|event| matches!(event, Event::Checked)),
            "{loss:?} {sampling:?}"
        );
        let losses: Vec<f32> = events
            .iter()
            .filter_map(|event| match event {
                Event::Step { losses, .. } => Some(losses.metric),
                _ => None,
            })
            .collect();
        assert_eq!(losses.len(), 3);
        assert!(
            losses.iter().all(|loss| loss.is_finite() && *loss > 0.0),
            "{loss:?} {sampling:?}: {losses:?}"
        );
    }
}
