//! A place to print to, for tests.

use std::io::{self, Write};
use std::sync::Arc;

/// What a printer of a test wrote.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<std::sync::Mutex<Vec<u8>>>);

impl Memory {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
