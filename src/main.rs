//! The `jobs-sandbox` program.

fn main() {}
