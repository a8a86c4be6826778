//! Files in place of S3: `--files`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Process, Sandbox, Serve, peers};

#[test]
fn programs_that_know_nothing_of_us_download_them() {
    let Some(python) = peers::python("boto3") else { return };
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("files");
    fs::create_dir_all(folder.join("bucket/a b")).unwrap();
    let file: Vec<u8> =
        (0_u32..250_000).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    fs::write(folder.join("bucket/a b/firmware.bin"), file).unwrap();
    fs::write(folder.join("bucket/job.json"), "{\"from\":\"S3\"}").unwrap();
    fs::write(folder.join("bucket/text"), "text").unwrap();
    fs::write(dir.path().join("secret"), "{}").unwrap();
    symlink("../../secret", folder.join("bucket/out")).unwrap();

    let serve = Serve::with(&["--thing", "MyThing", "--files", folder.to_str().unwrap()]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/http_files.py");
    let finished = Process::spawn(serve.shell(python).arg("-B").arg(script).arg(folder)).finish();
    assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
}

#[test]
fn a_folder_that_will_not_do_is_named() {
    let sandbox = || Sandbox::new().file("file", "").args(["-c", "help"]);
    let told = |arguments: &[&str]| {
        let output = sandbox().args(arguments).stderr_any().status(3).run();
        output.stderr
    };
    for (arguments, said) in [
        (&["--files", "none"][..], "cannot read none: No such file or directory"),
        (&["--files", "file"], "file is a file: choose the name of a folder"),
        (&["--files", ".", "--dir", "own"], "holds the service's own folder"),
    ] {
        let stderr = told(arguments);
        assert!(stderr.contains(said), "{stderr}");
    }
}
