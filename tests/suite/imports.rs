//! The structure of `src`: imports run one way between the wings, and no two files import each other.
//!
//! What counts are the `use` lines of the program itself; its unit tests may look wherever they like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The segments of a module's path from the root of the crate, or of an import's.
type Segments = Vec<String>;

/// The files of `src` and what each of them imports.
struct Source {
    files: BTreeMap<Segments, PathBuf>,
    /// By module: the names that a `pub use` hands on, and where they come from.
    handed_on: BTreeMap<Segments, BTreeMap<String, Segments>>,
    imports: BTreeMap<Segments, Vec<Segments>>,
}

#[test]
fn imports_run_from_app_to_client_and_service_and_from_those_to_wire() {
    let floor = |wing: &str| ["wire", "service", "client", "app"].iter().position(|name| *name == wing);
    let source = Source::read();
    let mut checked = 0;
    for (from, to) in source.arrows().iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to))) {
        let (Some(upper), Some(lower)) =
            (from.first().and_then(|wing| floor(wing)), to.first().and_then(|wing| floor(wing)))
        else {
            continue;
        };
        checked += 1;
        // Client and service stand side by side, and know nothing of each other.
        let allowed = upper == lower || lower == 0 || upper == 3;
        assert!(allowed, "{} imports {}", source.files[from].display(), source.files[to].display());
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn no_two_files_import_each_other_directly_or_in_a_circle() {
    let source = Source::read();
    let mut arrows = source.arrows();
    // A file that imports nothing which is left, or that nothing which is left imports, is part of no circle.
    loop {
        let before = arrows.len();
        let importing: BTreeSet<Segments> = arrows.keys().cloned().collect();
        let imported: BTreeSet<Segments> = arrows.values().flatten().cloned().collect();
        arrows.retain(|from, to| {
            to.retain(|to| importing.contains(to));
            !to.is_empty() && imported.contains(from)
        });
        if arrows.len() == before {
            break;
        }
    }
    let describe = |(from, to): (&Segments, &BTreeSet<Segments>)| {
        let to: Vec<_> = to.iter().map(|to| source.files[to].display().to_string()).collect();
        format!("{} imports {}", source.files[from].display(), to.join(", "))
    };
    let circles: Vec<_> = arrows.iter().map(describe).collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

/// The test of the tests: a circle through a name that is handed on, and a file outside it.
#[test]
fn a_circle_is_found_through_names_that_are_handed_on() {
    let mut source = Source { files: BTreeMap::new(), handed_on: BTreeMap::new(), imports: BTreeMap::new() };
    source.add(&["a"], "mod leaf;\npub use leaf::Leaf;\n");
    source.add(&["a", "leaf"], "use crate::b::{self, deep::Deep};\n");
    source.add(&["b"], "use crate::a::Leaf;\n#[cfg(test)]\nmod tests {\n    use crate::c::C;\n}\n");
    source.add(&["b", "deep"], "// use super::B;\n");
    source.add(&["c"], "use crate::{a, b::B};\n");
    let path = |text: &str| -> Segments { text.split("::").map(str::to_owned).collect() };
    let arrows = source.arrows();
    assert_eq!(arrows[&path("a")], BTreeSet::from([path("a::leaf")]));
    assert_eq!(arrows[&path("a::leaf")], BTreeSet::from([path("b"), path("b::deep")]));
    assert_eq!(arrows[&path("b")], BTreeSet::from([path("a::leaf")]));
    assert_eq!(arrows[&path("c")], BTreeSet::from([path("a"), path("b")]));
    assert!(!arrows.contains_key(&path("b::deep")));
}

impl Source {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut source =
            Self { files: BTreeMap::new(), handed_on: BTreeMap::new(), imports: BTreeMap::new() };
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let relative = path.strip_prefix(&root).unwrap().with_extension("");
                    let mut module: Vec<_> = relative.iter().map(|part| part.to_str().unwrap()).collect();
                    if module.last() == Some(&"mod") {
                        module.pop();
                    }
                    let is_for_tests = |part: &&str| ["tests", "fuzz", "testing"].contains(part);
                    if !module.iter().any(is_for_tests) && !["lib", "main", "build"].contains(&module[0]) {
                        source.add(&module, &fs::read_to_string(&path).unwrap());
                    }
                }
            }
        }
        source
    }

    fn add(&mut self, module: &[&str], text: &str) {
        let module: Segments = module.iter().map(|part| (*part).to_owned()).collect();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = Regex::new("(?m)^ *//.*$").unwrap().replace_all(code, "");
        let uses = Regex::new(r"(?m)^ *(pub(?:\([^)]*\))? )?use ([^;]+);").unwrap();
        let (mut imports, mut handed_on) = (Vec::new(), BTreeMap::new());
        for found in uses.captures_iter(&code) {
            let tree: String = found[2].split_whitespace().collect::<Vec<_>>().join(" ");
            for path in paths(&tree, &[]) {
                if found.get(1).is_some() {
                    handed_on.insert(path.last().unwrap().clone(), path.clone());
                }
                imports.push(path);
            }
        }
        self.files.insert(module.clone(), module.iter().collect());
        self.handed_on.insert(module.clone(), handed_on);
        self.imports.insert(module, imports);
    }

    /// Which file imports which.
    fn arrows(&self) -> BTreeMap<Segments, BTreeSet<Segments>> {
        let mut arrows: BTreeMap<Segments, BTreeSet<Segments>> = BTreeMap::new();
        for (from, imports) in &self.imports {
            for to in imports.iter().filter_map(|path| self.defined_in(from, path)).filter(|to| to != from) {
                arrows.entry(from.clone()).or_default().insert(to);
            }
        }
        arrows
    }

    /// The file in which the name at the end of `path` is defined; none for other crates.
    fn defined_in(&self, from: &Segments, path: &[String]) -> Option<Segments> {
        let mut module = match path.first()?.as_str() {
            "crate" => Segments::new(),
            "self" | "super" => from.clone(),
            child if self.files.contains_key(&joined(from, child)) => from.clone(),
            _ => return None,
        };
        let mut rest = path;
        while let [step, behind @ ..] = rest {
            match step.as_str() {
                "crate" | "self" => {}
                "super" => drop(module.pop()),
                name if self.files.contains_key(&joined(&module, name)) => module.push(name.to_owned()),
                name => {
                    let origin = self.handed_on.get(&module).and_then(|names| names.get(name));
                    let origin = origin.and_then(|origin| self.defined_in(&module, origin));
                    return origin.or(Some(module).filter(|module| self.files.contains_key(module)));
                }
            }
            rest = behind;
        }
        self.files.contains_key(&module).then_some(module)
    }
}

fn joined(module: &[String], name: &str) -> Segments {
    let mut joined = module.to_vec();
    joined.push(name.to_owned());
    joined
}

/// The paths of a `use` tree, such as `a::b` and `a::c` of `a::{b, c}`.
fn paths(tree: &str, before: &[String]) -> Vec<Segments> {
    let steps = |text: &str| -> Segments {
        let path = text.split(" as ").next().unwrap_or_default();
        let steps = path.split("::").map(str::trim).filter(|step| !step.is_empty());
        before.iter().cloned().chain(steps.map(str::to_owned)).collect()
    };
    let Some((prefix, list)) = tree.split_once('{') else { return vec![steps(tree)] };
    let list = &list[..list.rfind('}').expect("a list has an end")];
    let prefix = steps(prefix);
    let mut depth = 0;
    let items = list.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    items.filter(|item| !item.trim().is_empty()).flat_map(|item| paths(item, &prefix)).collect()
}
