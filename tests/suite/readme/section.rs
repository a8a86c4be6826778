//! The blocks below a heading, which the test that opens it runs, every one.

use std::collections::VecDeque;
use std::thread;

use super::page::{Block, Page};

/// The languages whose blocks are run for all pages at once: scripts and transcripts.
pub(super) const RUN_FOR_ALL: [&str; 2] = ["jobs", "console"];

/// The other blocks below a heading, in their order. A test fails that has not taken all of them at its end.
pub(crate) struct Section {
    place: String,
    blocks: VecDeque<Block>,
}

impl Section {
    #[track_caller]
    pub(crate) fn open(page: &str, heading: &str) -> Self {
        let blocks = Page::open(page).blocks().into_iter();
        let own = |block: &Block| block.heading == heading && !RUN_FOR_ALL.contains(&block.language.as_str());
        let section = Self { place: format!("{heading:?} in {page}"), blocks: blocks.filter(own).collect() };
        assert!(!section.blocks.is_empty(), "no block below {}", section.place);
        section
    }

    /// The next block, which is of this language.
    #[track_caller]
    pub(crate) fn take(&mut self, language: &str) -> String {
        let block =
            self.blocks.pop_front().unwrap_or_else(|| panic!("no further block below {}", self.place));
        assert_eq!(block.language, language, "below {}:\n{}", self.place, block.text);
        block.text
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert!(self.blocks.is_empty(), "not run below {}: {:?}", self.place, self.blocks);
        }
    }
}

/// All blocks of one of the languages that are run for all pages at once.
pub(super) fn blocks_of(language: &str) -> Vec<Block> {
    assert!(RUN_FOR_ALL.contains(&language), "{language}");
    let pages = Page::all();
    pages.iter().flat_map(Page::blocks).filter(|block| block.language == language).collect()
}

/// The script below a heading that a test runs in a way of its own.
#[track_caller]
pub(super) fn script(page: &str, heading: &str) -> String {
    let mut blocks = Page::open(page).blocks().into_iter();
    let block = blocks.find(|block| block.heading == heading && block.language == "jobs");
    block.unwrap_or_else(|| panic!("no script below {heading:?} in {page}")).text
}
