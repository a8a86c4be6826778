//! What the fuzz targets in `tests/fuzz` call, and what `cargo test` calls with random input of its own: one
//! function for each thing that reads what others wrote.
//!
//! Each takes any bytes, and panics if the program breaks its word on them. The checks stand in files called
//! `fuzz`, beside what they check.

/// MQTT topics and filters: a topic in the first line, filters in the others.
pub fn topic(data: &[u8]) {
    crate::service::broker::filter::fuzz::check(data);
}

/// Policies: an action, a resource and a client id in the first line, a document in each of the others.
pub fn policy(data: &[u8]) {
    crate::service::policy::fuzz::check(data);
}

/// A script.
pub fn command(data: &[u8]) {
    crate::app::command::fuzz::check(data);
}

/// Requests of devices over MQTT: in each line a topic and a payload, or `+` and the seconds that pass.
pub fn data_plane(data: &[u8]) {
    crate::service::data_plane::fuzz::check(data);
}

/// Requests over HTTP: in each line `SERVICE METHOD URI BODY`, with `SERVICE@PRINCIPAL` for the header that
/// names a principal.
pub fn http(data: &[u8]) {
    crate::service::http::fuzz::check(data);
}

/// What four clients send to the broker: pieces of a byte that says who and what, a byte for a length, and so
/// many bytes.
pub fn mqtt(data: &[u8]) {
    crate::service::mqtt::fuzz::check(data);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Among them is what libFuzzer once broke something with.
    #[test]
    fn every_seed_of_the_fuzz_targets_passes_its_checks() {
        type Check = fn(&[u8]);
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
        let checks: [(&str, Check); 6] = [
            ("topic", topic),
            ("policy", policy),
            ("command", command),
            ("data_plane", data_plane),
            ("http", http),
            ("mqtt", mqtt),
        ];
        for (target, check) in checks {
            let files: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().collect();
            assert!(!files.is_empty(), "{target}");
            for file in files {
                check(&fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
