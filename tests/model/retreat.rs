//! Where a device's memory ends: fewer at a time, then the CPU, and nothing lost.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use candle_core::Error;
use puma::model::{ModelError, Retreat};

/// As candle passes on what CUDA's driver says.
fn exhausted() -> ModelError {
    Error::Cuda("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")".into()).into()
}

/// Runs `count` numbers through a device with memory for `room` at once.
fn run(retreat: &Retreat, count: usize, room: usize) -> (Vec<(usize, bool)>, Vec<usize>) {
    let numbers: Vec<usize> = (0..count).collect();
    let asked = RefCell::new(Vec::new());
    let device = |few: &[usize]| {
        asked.borrow_mut().push(few.len());
        match few.len() > room {
            true => Err(exhausted()),
            false => Ok(few.iter().map(|number| (*number, true)).collect()),
        }
    };
    let cpu = |left: &[usize]| Ok(left.iter().map(|number| (*number, false)).collect());
    let results = retreat.run(&numbers, device, cpu).unwrap();
    (results, asked.into_inner())
}

#[test]
fn everything_comes_out_once_and_in_order() {
    for at_once in [1, 2, 7, 64, 256] {
        for room in 0..20 {
            for count in [0, 1, 2, 13, 100] {
                let retreat = Retreat::new("CUDA device 0", at_once);
                for _ in 0..2 {
                    let (results, asked) = run(&retreat, count, room);
                    let numbers: Vec<usize> = results.iter().map(|(number, _)| *number).collect();
                    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
                    let by_device = results.iter().all(|(_, device)| *device);
                    assert_eq!(by_device, room > 0 || count == 0);
                    assert!(asked.iter().all(|few| *few <= at_once));
                }
                // What was found out once is not tried again.
                let (_, again) = run(&retreat, count, room);
                assert!(again.iter().all(|few| *few <= room), "{again:?}");
                let fell_back = count.min(at_once) > room;
                assert_eq!(retreat.take_note().is_some(), fell_back);
                assert_eq!(retreat.take_note(), None);
            }
        }
    }
}

#[test]
fn one_note_says_what_became_of_it() {
    let note = |room| {
        let retreat = Retreat::new("CUDA device 0", 64);
        run(&retreat, 64, room);
        retreat.take_note().unwrap()
    };
    for (room, words) in [
        (40, "32 pictures at a time"),
        (1, "one picture at a time"),
        (0, "the CPU embeds instead"),
    ] {
        let note = note(room);
        assert!(note.starts_with("CUDA device 0 has"), "{note}");
        assert!(note.contains(words), "{note}");
    }
}

#[test]
fn a_device_that_has_memory_again_is_used_again() {
    let patience = Duration::from_millis(20);
    let retreat = Retreat::new("CUDA device 0", 4).with_patience(patience);
    let (results, _) = run(&retreat, 8, 0);
    assert!(results.iter().all(|(_, device)| !device));
    for _ in 0..3 {
        std::thread::sleep(patience);
        let (results, _) = run(&retreat, 8, 4);
        assert!(results.iter().all(|(_, device)| *device));
    }
    let (_, asked) = run(&retreat, 8, 4);
    assert_eq!(asked, [4, 4]);
}

#[test]
fn memory_may_end_in_the_middle_of_a_run() {
    let retreat = Retreat::new("CUDA device 0", 10);
    let room = Cell::new(10);
    let numbers: Vec<usize> = (0..95).collect();
    let device = |few: &[usize]| {
        // Another program takes more and more.
        if few.len() > room.get() {
            return Err(exhausted());
        }
        room.set(10usize.saturating_sub(few[0] / 8));
        Ok(few.to_vec())
    };
    let cpu = |left: &[usize]| Ok(left.to_vec());
    assert_eq!(retreat.run(&numbers, device, cpu).unwrap(), numbers);
    assert_eq!(retreat.at_once(), 0);
}

#[test]
fn the_words_of_drivers_are_known_and_other_errors_are_errors() {
    let fails = |error: Error| {
        let retreat = Retreat::new("CUDA device 0", 8);
        let error = RefCell::new(Some(error));
        let device = |_: &[u8]| match error.take() {
            Some(error) => Err(ModelError::from(error)),
            None => Ok(vec![1]),
        };
        let result = retreat.run(&[0], device, |_| Ok(vec![2]));
        result.map(|results| results[0])
    };
    let cuda = |words: &str| Error::Cuda(words.into());
    for exhausted in [
        cuda("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")"),
        cuda("CublasError(CUBLAS_STATUS_ALLOC_FAILED)"),
        cuda("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")").context("matmul"),
        Error::Msg("Metal error Failed to create metal resource: Buffer".to_owned()),
    ] {
        assert_eq!(fails(exhausted).unwrap(), 2);
    }
    for other in [
        cuda("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access\")"),
        Error::Msg("shape mismatch".to_owned()),
    ] {
        let words = other.to_string();
        let error = fails(other).unwrap_err().to_string();
        assert!(error.contains(&words), "{error}");
    }
}
