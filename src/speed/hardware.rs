use crate::model::ops::kernels::Isa;
use serde::Serialize;

/// What was measured on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hardware {
    /// The processor's name, where the system tells it.
    pub processor: Option<String>,
    /// Cores that the program may use.
    pub cores: usize,
    /// The instructions that the model's products are made with.
    pub instructions: &'static str,
    /// The system, e.g. `linux`.
    pub system: &'static str,
    /// The kind of processor, e.g. `x86_64`.
    pub architecture: &'static str,
}

impl Hardware {
    /// This machine.
    pub fn here() -> Hardware {
        Hardware {
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            instructions: match Isa::best() {
                Isa::Portable => "portable",
                Isa::Avx2 => "AVX2",
                Isa::Avx512 => "AVX-512",
                Isa::Avx512Bf16 => "AVX-512 with BF16",
            },
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
        }
    }
}

#[cfg(target_os = "linux")]
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(target_os = "macos")]
fn processor() -> Option<String> {
    let asked = std::process::Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]);
    let told = { asked }.output().ok()?;
    let name = String::from_utf8(told.stdout).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn processor() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}
