//! A page in Markdown, as far as the tests look into it.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Where everything is.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page: `README.md`, or one of `.github/docs` by its name.
pub(super) struct Page {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A fenced block: the word after the fence, the heading above, and its text.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) heading: String,
    pub(super) text: String,
}

impl Page {
    pub(super) fn open(name: &str) -> Self {
        let folder = if name == "README.md" { root().to_owned() } else { root().join(".github/docs") };
        let path = folder.join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: name.to_owned(), path, text }
    }

    /// All pages.
    pub(super) fn all() -> Vec<Self> {
        let docs = fs::read_dir(root().join(".github/docs")).unwrap();
        let docs = docs.map(|entry| PathBuf::from(entry.unwrap().file_name()));
        let pages = docs.filter(|file| file.extension().is_some_and(|extension| extension == "md"));
        let mut names: Vec<String> = pages.map(|file| file.to_str().unwrap().to_owned()).collect();
        names.sort();
        ["README.md".to_owned()].iter().chain(&names).map(|name| Self::open(name)).collect()
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut heading, mut inside) = (Vec::<Block>::new(), String::new(), false);
        for line in self.text.lines() {
            if let Some(language) = line.strip_prefix("```") {
                inside = !inside;
                if inside {
                    let (language, heading) = (language.to_owned(), heading.clone());
                    blocks.push(Block { language, heading, text: String::new() });
                }
            } else if inside {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            } else if let Some(words) = heading_of(line) {
                words.clone_into(&mut heading);
            }
        }
        blocks
    }

    /// The lines outside of blocks.
    pub(super) fn prose(&self) -> Vec<&str> {
        let mut inside = false;
        let is_prose = |line: &&str| {
            let is_fence = line.starts_with("```");
            inside ^= is_fence;
            !inside && !is_fence
        };
        self.text.lines().filter(is_prose).collect()
    }

    /// What the headings are called in links.
    pub(super) fn anchors(&self) -> Vec<String> {
        let slug = |heading: &str| -> String {
            let kept = heading.to_lowercase().replace(' ', "-");
            kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
        };
        self.prose().into_iter().filter_map(heading_of).map(slug).collect()
    }

    /// Where its links lead.
    pub(super) fn links(&self) -> Vec<String> {
        let link = Regex::new(r"\]\(([^)]+)\)").unwrap();
        let prose = self.prose().join("\n");
        link.captures_iter(&prose).map(|found| found[1].to_owned()).collect()
    }

    /// What stands in backquotes.
    pub(super) fn code_spans(&self) -> Vec<String> {
        let span = Regex::new(r"`([^`]+)`").unwrap();
        let prose = self.prose().join("\n");
        span.captures_iter(&prose).map(|found| found[1].replace('\n', " ")).collect()
    }

    /// The rows of the tables below a heading, each split into its cells.
    pub(super) fn rows(&self, heading: &str) -> Vec<Vec<String>> {
        let lines = self.prose().into_iter().skip_while(|line| heading_of(line) != Some(heading)).skip(1);
        let rows = lines.take_while(|line| heading_of(line).is_none()).filter(|line| line.starts_with('|'));
        let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        rows.filter(|row| !row.starts_with("|---")).map(cells).collect()
    }
}

/// The words of a heading.
fn heading_of(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    (words.len() < line.len()).then(|| words.trim())
}
