//! `puma model fetch` against a server of the test's own, which answers as the Hugging Face hub does.

use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

const REPOSITORY: &str = "somebody/vit_tiny";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// How the server behaves.
#[derive(Default)]
struct Plan {
    body: Vec<u8>,
    /// What the server says of its content.
    sha256: String,
    /// Answers everything so.
    status: Option<u16>,
    /// After how many bytes the next downloads break off.
    cuts: VecDeque<usize>,
    /// First bytes asked for in downloads.
    starts: Vec<usize>,
    /// What a request showed of who asks.
    authorization: Option<String>,
    closed: bool,
}

/// Serves on a port of its own until it is dropped.
struct Server {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(change: impl FnOnce(&mut Plan)) -> Self {
        let body = std::fs::read("tests/golden/vit_tiny.safetensors").unwrap();
        let mut plan = Plan {
            sha256: sha256(&body),
            body,
            ..Plan::default()
        };
        change(&mut plan);
        let plan = Arc::new(Mutex::new(plan));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = plan.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut plan = shared.lock().unwrap();
                if plan.closed {
                    return;
                }
                // A client may go before it has the answer.
                let _ = answer(stream.unwrap(), &mut plan, address);
            }
        });
        Self {
            address,
            plan,
            thread: Some(thread),
        }
    }

    fn starts(&self) -> Vec<usize> {
        self.plan.lock().unwrap().starts.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.plan.lock().unwrap().closed = true;
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn answer(stream: TcpStream, plan: &mut Plan, address: SocketAddr) -> std::io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut range = None;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("range") {
            range = value.strip_prefix("bytes=").map(str::to_owned);
        } else if name.eq_ignore_ascii_case("authorization") {
            plan.authorization = Some(value.to_owned());
        }
    }
    let mut out = &stream;
    let path = request.split(' ').nth(1).unwrap_or_default();
    if let Some(status) = plan.status {
        return write!(
            out,
            "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    if path == format!("/{REPOSITORY}/resolve/main/model.safetensors") {
        // The hub tells of the content, which lies elsewhere.
        return write!(
            out,
            "HTTP/1.1 302 Found\r\nLocation: http://{address}/content\r\nX-Repo-Commit: {COMMIT}\r\n\
             X-Linked-Etag: \"{}\"\r\nETag: \"of the answer\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            plan.sha256
        );
    }
    let (first, last) = range
        .as_deref()
        .and_then(|range| range.split_once('-'))
        .unwrap_or_default();
    let total = plan.body.len();
    let first: usize = first.parse().unwrap_or_default();
    if path != "/content" || first >= total {
        return write!(
            out,
            "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let mut end = total;
    if let Ok(last) = last.parse::<usize>() {
        end = last + 1;
    }
    write!(
        out,
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{}/{total}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        end - 1,
        end - first
    )?;
    if last.is_empty() {
        plan.starts.push(first);
        if let Some(cut) = plan.cuts.pop_front() {
            end = first + cut;
        }
    }
    out.write_all(&plan.body[first..end])
}

/// A folder for the cache, and the program.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn fetch(&self, name: &str, server: SocketAddr) -> Output {
        command(name, server, self.0.path()).output().unwrap()
    }

    fn blobs(&self) -> PathBuf {
        self.0.path().join("hub/models--somebody--vit_tiny/blobs")
    }

    /// The names of what lies in the cache, locks left out.
    fn held(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.blobs()) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".lock")).collect()
    }
}

fn command(name: &str, server: SocketAddr, home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_puma"));
    command
        .args(["model", "fetch", name])
        .env("HF_HOME", home)
        .env_remove("HF_HUB_CACHE")
        .env("HF_ENDPOINT", format!("http://{server}"));
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    command
}

/// The file whose path was printed.
fn printed(output: &Output) -> PathBuf {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end());
    assert!(
        path.is_absolute() && path.ends_with("model.safetensors"),
        "{path:?}"
    );
    path
}

fn refused(output: &Output, expected: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && output.stdout.is_empty(),
        "{stderr}"
    );
    for expected in expected {
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

#[test]
fn weights_are_fetched_once_and_then_lie_in_the_cache() {
    let place = Place::new();
    let server = Server::start(|_| {});
    let output = place.fetch(REPOSITORY, server.address);
    let path = printed(&output);
    assert!(String::from_utf8_lossy(&output.stderr).contains("SHA-256 checked"));
    let fixture = std::fs::read("tests/golden/vit_tiny.safetensors").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), fixture);
    assert_eq!(server.starts(), [0]);
    let address = server.address;
    drop(server);

    let again = place.fetch(REPOSITORY, address);
    assert_eq!(printed(&again), path);
    assert!(String::from_utf8_lossy(&again.stderr).contains("from the cache"));

    // What is printed is what --model takes.
    let out = place.0.path().join("out.safetensors");
    let convert = Command::new(env!("CARGO_BIN_EXE_puma"))
        .args(["convert", "--backbone", "deit-tiny"])
        .args([&path, &out])
        .output()
        .unwrap();
    assert!(
        convert.status.success(),
        "{}",
        String::from_utf8_lossy(&convert.stderr)
    );
}

#[test]
fn the_cache_may_lie_elsewhere_than_the_token() {
    let place = Place::new();
    std::fs::write(place.0.path().join("token"), "hf_mine\n").unwrap();
    let server = Server::start(|_| {});
    let cache = tempfile::tempdir().unwrap();
    let output = command(REPOSITORY, server.address, place.0.path())
        .env("HF_HUB_CACHE", cache.path())
        .output()
        .unwrap();
    assert!(printed(&output).starts_with(cache.path()));
    assert!(!place.0.path().join("hub").exists());
    let authorization = server.plan.lock().unwrap().authorization.clone();
    assert_eq!(authorization.as_deref(), Some("Bearer hf_mine"));

    // An empty name is none.
    let output = command(REPOSITORY, server.address, place.0.path())
        .env("HF_HUB_CACHE", "")
        .output()
        .unwrap();
    assert!(printed(&output).starts_with(place.0.path().join("hub")));
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let place = Place::new();
    let server = Server::start(|plan| plan.cuts = [100_000, 50_000].into());
    let path = printed(&place.fetch(REPOSITORY, server.address));
    let fixture = std::fs::read("tests/golden/vit_tiny.safetensors").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), fixture);
    assert_eq!(server.starts(), [0, 100_000, 150_000]);
}

#[test]
fn what_came_before_the_program_gave_up_is_kept() {
    let place = Place::new();
    let server = Server::start(|plan| plan.cuts = [10_000; 4].into());
    let output = place.fetch(REPOSITORY, server.address);
    refused(&output, &["broke off", "goes on from there", REPOSITORY]);
    drop(server);
    let server = Server::start(|_| {});
    let path = printed(&place.fetch(REPOSITORY, server.address));
    let fixture = std::fs::read("tests/golden/vit_tiny.safetensors").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), fixture);
    assert_eq!(server.starts(), [40_000]);
}

#[test]
fn a_download_that_ended_before_it_had_its_name_is_no_obstacle() {
    let place = Place::new();
    let server = Server::start(|_| {});
    let fixture = std::fs::read("tests/golden/vit_tiny.safetensors").unwrap();
    std::fs::create_dir_all(place.blobs()).unwrap();
    let part = place.blobs().join(sha256(&fixture) + ".part");
    std::fs::write(part, &fixture).unwrap();
    let path = printed(&place.fetch(REPOSITORY, server.address));
    assert_eq!(std::fs::read(path).unwrap(), fixture);
}

#[test]
fn damage_is_found_and_nothing_of_it_stays() {
    let place = Place::new();
    let server = Server::start(|plan| plan.body[200_000] ^= 1);
    refused(
        &place.fetch(REPOSITORY, server.address),
        &["damaged", "SHA-256", "fetch it again"],
    );
    assert_eq!(place.held(), Vec::<String>::new());
    drop(server);

    let server = Server::start(|_| {});
    let path = printed(&place.fetch(REPOSITORY, server.address));
    // A disk that forgets.
    let file = path.canonicalize().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let fixture = bytes.clone();
    bytes[100_000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let again = printed(&place.fetch(REPOSITORY, server.address));
    assert_eq!(std::fs::read(again).unwrap(), fixture);
    assert_eq!(server.starts(), [0, 0]);
}

#[test]
fn what_cannot_be_fetched_is_said_with_the_way_out() {
    let place = Place::new();
    let server = Server::start(|plan| plan.status = Some(404));
    let output = place.fetch(REPOSITORY, server.address);
    refused(&output, &["404", "no such repository", REPOSITORY]);
    server.plan.lock().unwrap().status = Some(401);
    let output = place.fetch("vit-small", server.address);
    refused(
        &output,
        &["401", "token", "timm/vit_small_patch16_224.augreg_in21k"],
    );
    server.plan.lock().unwrap().status = Some(503);
    refused(&place.fetch("vit-small", server.address), &["503", "later"]);
    server.plan.lock().unwrap().status = Some(200);
    refused(
        &place.fetch("vit-small", server.address),
        &["no answer of a Hugging Face hub", "HF_ENDPOINT"],
    );
    refused(
        &place.fetch("vit-huge", server.address),
        &["vit-huge", "vit-small", "OWNER/NAME"],
    );
    let address = server.address;
    drop(server);
    refused(
        &place.fetch("vit-small", address),
        &["cannot be reached", "--model FILE", "HF_ENDPOINT"],
    );
    assert_eq!(place.held(), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_room_lets_it_go_on() {
    let place = Place::new();
    let server = Server::start(|_| {});
    let home = place.0.path().display();
    let puma = env!("CARGO_BIN_EXE_puma");
    let script = format!(
        "mount -t tmpfs -o size=200k tmpfs '{home}' || exit 99
         '{puma}' model fetch {REPOSITORY} && exit 98
         mount -o remount,size=4m '{home}'
         '{puma}' model fetch {REPOSITORY}"
    );
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .env("HF_HOME", place.0.path())
        .env_remove("HF_HUB_CACHE")
        .env("HF_ENDPOINT", format!("http://{}", server.address))
        .env("no_proxy", "127.0.0.1");
    let Ok(output) = command.output() else {
        println!("skipped: there is no unshare");
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(99) || stderr.starts_with("unshare:") {
        println!("skipped: no file system can be mounted here");
        return;
    }
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("make room") && stderr.contains("HF_HOME"),
        "{stderr}"
    );
    let starts = server.starts();
    assert!(starts.len() == 2 && starts[1] > 50_000, "{starts:?}");
}
