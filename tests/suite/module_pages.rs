//! The pages of modules: each tells what all of its files are, and of no file that it does not have.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A page with more files than this has a table of them.
const MAX_FILES_WITHOUT_A_TABLE: usize = 4;

#[test]
fn the_page_of_a_module_names_its_files() {
    let module = Regex::new(r"(?m)^(#\[cfg\(.*test.*\)\]\n)?(?:pub(?:\([a-z ]+\))? )?mod (\w+);$").unwrap();
    let quoted = Regex::new(r"`(\w+)`").unwrap();
    let (mut tables, mut faults) = (0, Vec::new());
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("//! | ")).collect();
        let declared: Vec<&str> = module
            .captures_iter(&text)
            .filter(|found| found.get(1).is_none())
            .map(|found| found.get(2).unwrap().as_str())
            .collect();
        let page = path.strip_prefix(root()).unwrap().display().to_string();
        if rows.is_empty() {
            if declared.len() > MAX_FILES_WITHOUT_A_TABLE {
                faults.push(format!("{page} has {} files and no table of them", declared.len()));
            }
            continue;
        }
        tables += 1;
        let first_cells = rows.iter().filter_map(|row| row.split('|').nth(1));
        let named: Vec<&str> = first_cells
            .flat_map(|cell| quoted.captures_iter(cell).map(|found| found.get(1).unwrap().as_str()))
            .filter(|name| *name != "mod")
            .collect();
        for file in &declared {
            match named.iter().filter(|name| *name == file).count() {
                0 => faults.push(format!("{page} does not say what {file} is")),
                1 => {}
                times => faults.push(format!("{page} says {times} times what {file} is")),
            }
        }
        faults.extend(
            named.iter().filter(|name| !declared.contains(name)).map(|name| format!("{page} has no {name}")),
        );
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(tables > 20, "{tables}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the program but those of its tests.
fn pages() -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![root().join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.file_stem().unwrap().to_str().unwrap() {
                // The crate's own page is a tour of the wings.
                "tests" | "lib" => {}
                _ if path.is_dir() => folders.push(path),
                _ if path.extension().is_some_and(|extension| extension == "rs") => pages.push(path),
                _ => {}
            }
        }
    }
    pages
}
