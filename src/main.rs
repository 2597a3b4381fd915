//! The `puma` program: without a subcommand it opens the window.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    share_cores_between_pictures();
    puma::cli::main()
}

/// Leaves the cores to whole pictures: candle's matrix products then stay on the thread that asks for them.
///
/// Splitting each product over all cores costs two to three times the processor time at these sizes. candle reads
/// `RAYON_NUM_THREADS` each time; rayon's own pool is made before, with all cores. A value set by the user is kept.
#[allow(unsafe_code)]
fn share_cores_between_pictures() {
    if std::env::var_os("RAYON_NUM_THREADS").is_some() {
        return;
    }
    // The pool may exist already only if a library made one, with the same number of threads.
    let _ = rayon::ThreadPoolBuilder::new().build_global();
    // There is no other way to tell candle, which has no setting for it.
    // SAFETY: nothing else reads the environment now; rayon's threads are waiting for work.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "1") };
}
