//! The rooms of `src/` import only what their duty allows: the sources are parsed and held against the one table.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Each room and the rooms that it may import.
const ROOMS: [(&str, &[&str]); 16] = [
    ("files", &[]),
    ("settings", &["files"]),
    ("photo", &[]),
    ("model", &["files"]),
    ("figures", &["files"]),
    ("library", &["photo"]),
    ("watch", &[]),
    ("index", &["files"]),
    (
        "search",
        &["files", "photo", "model", "library", "index", "figures"],
    ),
    ("pipeline", &["photo", "model", "library", "index"]),
    ("eval", &["photo", "model", "index", "figures"]),
    ("train", &["files", "photo", "model", "eval"]),
    ("speed", &["photo", "model", "index"]),
    (
        "benchmark",
        &["files", "photo", "model", "figures", "eval", "train"],
    ),
    (
        "app",
        &[
            "files", "settings", "photo", "model", "figures", "library", "watch", "index",
            "search", "pipeline",
        ],
    ),
    (
        "cli",
        &[
            "settings",
            "photo",
            "model",
            "figures",
            "library",
            "index",
            "search",
            "pipeline",
            "eval",
            "train",
            "speed",
            "benchmark",
            "app",
        ],
    ),
];
/// `main.rs` and `lib.rs` are no room; they may import this one.
const ENTRY_MAY_IMPORT: &[&str] = &["cli"];
/// Split a file before it has this many lines.
const LARGEST_FILE_LINES: usize = 500;

fn is_room(name: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == name)
}

fn may_import(room: Option<&str>) -> &'static [&'static str] {
    match room {
        None => ENTRY_MAY_IMPORT,
        Some(room) => ROOMS.iter().find(|(name, _)| *name == room).unwrap().1,
    }
}

/// Walks one file and collects what it must not import.
struct Reader {
    /// Where the walk is, from the crate's root: `["model", "checkpoint"]`.
    module: Vec<String>,
    violations: Vec<String>,
}

impl Reader {
    /// `path` as it stands in the source, the last segment `*` for a glob.
    fn check(&mut self, path: &[String], renamed: bool) {
        let mut at = match path.first().map(String::as_str) {
            Some("crate" | "$crate") => vec![],
            Some("self" | "super") => self.module.clone(),
            // Only the binary sees the library by name.
            Some("puma") if self.module.is_empty() && path.len() > 1 => vec![],
            Some(name) if self.module.is_empty() && is_room(name) => {
                return self.check_room(name, path);
            }
            _ => return,
        };
        let skipped = usize::from(path[0] != "super");
        for segment in &path[skipped..] {
            if segment == "super" {
                at.pop();
            } else {
                at.push(segment.clone());
            }
        }
        match at.first().map(String::as_str) {
            Some("*" | "self") => self.violate(path, "takes the whole crate"),
            None if renamed => self.violate(path, "renames the crate's root"),
            Some(name) if is_room(name) => self.check_room(name, path),
            _ => {}
        }
    }

    fn check_room(&mut self, name: &str, path: &[String]) {
        let own = self.module.first().map(String::as_str);
        if own != Some(name) && !may_import(own).contains(&name) {
            self.violate(path, &format!("imports `{name}`"));
        }
    }

    fn violate(&mut self, path: &[String], what: &str) {
        let room = self
            .module
            .first()
            .map_or("the entry", String::as_str)
            .to_string();
        self.violations
            .push(format!("{room} {what}: {}", path.join("::")));
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &str| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident.to_string())),
            // `use a::{self}` is `use a`, except that `use crate::{self}` is the whole crate.
            syn::UseTree::Name(name) => self.check(&with(&name.ident.to_string()), false),
            syn::UseTree::Rename(name) => self.check(&with(&name.ident.to_string()), true),
            syn::UseTree::Glob(_) => self.check(&with("*"), false),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before);
                }
            }
        }
    }

    /// Macros hold bare tokens: any chain of names joined by `::` in them may be a path.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut chain: Vec<String> = vec![];
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.check(&std::mem::take(&mut chain), false);
                    }
                    chain.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.check(&std::mem::take(&mut chain), false);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.check(&chain, false);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.check(&names, false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        if item.path.is_ident("include") {
            self.violations.push("`include!` hides sources".into());
        }
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        if item.ident == "self" || item.ident == "puma" {
            self.violations
                .push("`extern crate` renames the crate's root".into());
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.attrs.iter().any(|attr| attr.path().is_ident("path")) {
            self.violations
                .push(format!("`#[path]` moves module {}", item.ident));
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

/// What a source file below `src/` imports against the table.
fn violations(file: &Path, source: &str) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    if module.first().is_some_and(|room| !is_room(room)) {
        return vec![format!("{} is no room of the plan", module[0])];
    }
    let mut reader = Reader {
        module,
        violations: vec![],
    };
    reader.visit_file(&syn::parse_file(source).unwrap());
    reader.violations
}

/// All sources, relative to `src/`, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![];
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_room_imports_only_what_it_may() {
    let sources = sources();
    assert!(sources.len() > ROOMS.len());
    let found: Vec<String> = sources
        .iter()
        .flat_map(|(file, text)| {
            let found = violations(file, text);
            found
                .into_iter()
                .map(|what| format!("src/{}: {what}", file.display()))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_is_there_and_says_its_duty() {
    let sources = sources();
    for (room, _) in ROOMS {
        let file = Path::new(room).join("mod.rs");
        assert!(
            sources.iter().any(|(found, _)| *found == file),
            "src/{room} is missing"
        );
    }
    for (file, text) in &sources {
        let folder = file.ends_with("mod.rs") || file.ends_with("lib.rs");
        assert!(
            !folder || text.starts_with("//! "),
            "src/{} does not say its duty",
            file.display()
        );
        let lines = text.lines().count();
        assert!(
            lines <= LARGEST_FILE_LINES,
            "src/{} has {lines} lines, split it",
            file.display()
        );
    }
}

#[test]
fn planted_violations_are_found() {
    let planted = [
        ("photo/decode.rs", "use crate::model::Puma;"),
        ("library/mod.rs", "use crate::{photo::Limits, app::Window};"),
        ("model/checkpoint/mod.rs", "use super::super::cli::run;"),
        ("model/vit.rs", "pub use super::super::train;"),
        ("model/mod.rs", "use super::eval as e;"),
        (
            "train/mod.rs",
            "fn f() { let index = crate::index::Index::new(); }",
        ),
        ("index/hnsw.rs", "fn f(x: &crate::library::Row) {}"),
        (
            "eval/mod.rs",
            "impl crate::search::Ranked for Metrics { type Row = u8; }",
        ),
        ("search/mod.rs", "mod inner { use super::super::pipeline; }"),
        (
            "figures/mod.rs",
            "#[cfg(test)] mod tests { use crate::model::Puma; }",
        ),
        (
            "pipeline/mod.rs",
            "fn f() { println!(\"{}\", crate::settings::NAME); }",
        ),
        (
            "settings/mod.rs",
            "fn f() -> Vec<u8> { vec![super::photo::read()] }",
        ),
        (
            "settings/mod.rs",
            "macro_rules! m { () => { $crate::app::X } }",
        ),
        ("app/mod.rs", "use crate::train::Loss;"),
        ("app/panel/query.rs", "use crate::cli;"),
        ("photo/mod.rs", "use crate::*;"),
        ("photo/mod.rs", "use crate::{self as everything};"),
        ("photo/mod.rs", "use super::*;"),
        ("photo/mod.rs", "pub(in crate::app) fn f() {}"),
        ("photo/mod.rs", "extern crate self as other;"),
        ("photo/mod.rs", "#[path = \"../app/mod.rs\"] mod window;"),
        ("photo/mod.rs", "include!(\"../app/mod.rs\");"),
        ("main.rs", "fn main() { puma::app::run(); }"),
        ("lib.rs", "pub mod train; pub use train::Trainer;"),
        ("misc/mod.rs", ""),
    ];
    for (file, source) in planted {
        assert!(
            !violations(Path::new(file), source).is_empty(),
            "{file}: {source}"
        );
    }
}

#[test]
fn what_is_allowed_stays_allowed() {
    let allowed = [
        (
            "search/mod.rs",
            "use crate::{index::Index, model::Puma}; mod hits; use self::hits::Hit;",
        ),
        (
            "model/vit.rs",
            "use super::config::Config; use crate::model::ops; pub(crate) fn f() {}",
        ),
        (
            "model/mod.rs",
            "mod tests { use super::*; use crate::model::*; }",
        ),
        (
            "app/mod.rs",
            "mod index; use index::Panel; fn f() { self::index::show(); train::later() }",
        ),
        (
            "cli/train.rs",
            "use crate::train::Trainer; use super::options;",
        ),
        (
            "photo/mod.rs",
            "/// See [`crate::model`].\nuse image::RgbImage; use std::path::Path;",
        ),
        ("main.rs", "fn main() { puma::cli::main(); }"),
    ];
    for (file, source) in allowed {
        let found = violations(Path::new(file), source);
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}
