//! Files over the HTTP side, without a socket.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Request;
use tempfile::TempDir;

use super::super::admission::Admission;
use super::super::api::Api;
use super::super::limits::Limits;
use super::*;
use crate::service::buckets::Buckets;
use crate::service::choices::Choices;
use crate::service::s3::Presigner;
use crate::service::state::{Settings, State};

/// A service with files, of which some lie outside of its folder.
struct Bench {
    api: Api,
    shared: Arc<Shared>,
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::choosing(Choices::default())
    }

    fn choosing(choices: Choices) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("files/bucket/a")).unwrap();
        fs::create_dir(dir.path().join("service")).unwrap();
        let presigner = Presigner::new("http://127.0.0.1:9443".into(), "us-east-1", "KEY", "secret".into());
        let buckets =
            Buckets::open(&dir.path().join("files"), &dir.path().join("service"), presigner.into()).unwrap();
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings.clone()).storing(Some(buckets)));
        shared.requests(|requests| *requests.state = State::with_choices(settings, choices));
        let key = crate::service::access_key::AccessKey::random();
        let admission = Admission { hostnames: Vec::new(), access_key: Some(key) };
        Self { api: Api::new(shared.clone(), admission), shared, dir }
    }

    fn file(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    /// A URL that leads to a key of the bucket for a minute, without its host.
    fn url(&self, key: &str) -> String {
        let location = Location { bucket: "bucket".into(), key: key.into() };
        let url = self.shared.buckets().unwrap().presigner.url(self.shared.now(), &location, 60);
        url.strip_prefix("http://127.0.0.1:9443").unwrap().to_owned()
    }

    async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Response<ResponseBody> {
        let request = Request::builder().method(method).uri(target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.api
            .answer(request.body(Full::<Bytes>::default()).unwrap(), Limits::DEFAULT, || ())
            .await
            .unwrap()
    }

    /// The status and the text of an answer.
    async fn get(&self, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let response = self.ask("GET", target, headers).await;
        assert_eq!(response.headers()["content-security-policy"], "sandbox");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    /// The status and S3's code of a refusal.
    async fn refused(&self, target: &str) -> (u16, String) {
        let (status, body) = self.get(target, &[]).await;
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        (status, code.unwrap_or_else(|| panic!("{body}")).0.to_owned())
    }
}

#[tokio::test]
async fn the_signature_alone_lets_in_whatever_web_page_or_host_or_key() {
    let bench = Bench::new();
    fs::write(bench.file("files/bucket/a/é b.json"), "0123456789").unwrap();
    let url = bench.url("a/é b.json");
    let elsewhere =
        [("host", "evil.example"), ("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(bench.get(&url, &elsewhere).await, (200, "0123456789".into()));
    assert_eq!(bench.get(&url, &[]).await.0, 200, "without a Host header");
    // Everything else is as closed as before.
    assert_eq!(bench.ask("GET", "/jobs", &elsewhere).await.status(), 403);

    let (path, _) = url.split_once('?').unwrap();
    assert_eq!(bench.refused(path).await, (403, "AccessDenied".into()));
    let altered = url.replace("a/", "b/");
    assert_eq!(bench.refused(&altered).await, (403, "SignatureDoesNotMatch".into()));
    let another = url.replace("=KEY", "=OLD");
    assert_eq!(bench.refused(&another).await, (403, "InvalidAccessKeyId".into()));
    assert_eq!(bench.refused(&bench.url("none")).await, (404, "NoSuchKey".into()));
    let response = bench.ask("PUT", &url, &[]).await;
    assert_eq!(response.status(), 405);
}

#[tokio::test]
async fn a_url_expires_by_the_clock_of_jobs() {
    let bench = Bench::new();
    fs::write(bench.file("files/bucket/f"), "x").unwrap();
    let url = bench.url("f");
    let shared = bench.shared.clone();
    let timers = tokio::spawn(async move { shared.run_timers().await });
    bench.shared.advance(Duration::from_secs(30)).await;
    assert_eq!(bench.get(&url, &[]).await.0, 200);
    bench.shared.advance(Duration::from_secs(31)).await;
    let (status, body) = bench.get(&url, &[]).await;
    assert_eq!(status, 403);
    assert!(
        body.contains("<Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires>"),
        "{body}"
    );
    timers.abort();
}

#[tokio::test]
async fn a_part_can_be_asked_for_and_what_is_known_is_not_sent_again() {
    let bench = Bench::new();
    fs::write(bench.file("files/bucket/f.json"), "0123456789").unwrap();
    let url = bench.url("f.json");
    let whole = bench.ask("GET", &url, &[]).await;
    let header = |response: &Response<ResponseBody>, name: &str| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&whole, "content-type").as_deref(), Some("application/json"));
    assert_eq!(header(&whole, "accept-ranges").as_deref(), Some("bytes"));
    let etag = header(&whole, "etag").unwrap();

    let part = bench.ask("GET", &url, &[("range", "bytes=4-"), ("if-match", &etag)]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range").as_deref(), Some("bytes 4-9/10"));
    assert_eq!(header(&part, "content-length").as_deref(), Some("6"));
    assert_eq!(part.into_body().collect().await.unwrap().to_bytes(), "456789");

    let head = bench.ask("HEAD", &url, &[]).await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length").as_deref()), (200, Some("10")));
    assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());

    let known = bench.ask("GET", &url, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, Some(etag.clone())));
    let beyond = bench.ask("GET", &url, &[("range", "bytes=10-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range").as_deref()),
        (416, Some("bytes */10"))
    );

    fs::write(bench.file("files/bucket/f.json"), "another").unwrap();
    assert_eq!(bench.get(&url, &[("range", "bytes=4-"), ("if-match", &etag)]).await.0, 412);
    assert_eq!(bench.get(&url, &[("range", "bytes=4-"), ("if-range", &etag)]).await, (200, "another".into()));
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_served() {
    let bench = Bench::new();
    fs::write(bench.file("secret"), "secret").unwrap();
    fs::write(bench.file("files/bucket/a/f"), "inside").unwrap();
    fs::create_dir(bench.file("files/.hidden")).unwrap();
    fs::write(bench.file("files/top"), "top").unwrap();
    let link = |to: &Path, name: &str| symlink(to, bench.file("files/bucket").join(name)).unwrap();
    link(&bench.file("secret"), "out");
    link(Path::new("../../secret"), "up");
    link(bench.dir.path(), "dir");
    link(Path::new("loop"), "loop");
    link(Path::new("a/f"), "in");
    nix::unistd::mkfifo(&bench.file("files/bucket/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();

    assert_eq!(bench.get(&bench.url("in"), &[]).await, (200, "inside".into()));
    for key in [
        "out",
        "up",
        "dir/secret",
        "loop",
        "a",
        "a/",
        "/a/f",
        "a//f",
        "a/./f",
        "../top",
        "../../secret",
        "a/../a/f",
        "pipe",
        "a/f/g",
        "a\0",
        &"x".repeat(300),
        &"x/".repeat(4000),
    ] {
        assert_eq!(bench.refused(&bench.url(key)).await, (404, "NoSuchKey".into()), "{key}");
    }
    // What is encoded twice is another name, and what is not encoded is not what was signed for.
    assert_eq!(bench.refused(&bench.url("%2e%2e/%2e%2e/secret")).await.0, 404);
    let url = bench.url("a/f");
    assert_eq!(bench.refused(&url.replace("a/f", "a/../../../../secret")).await.0, 403);
}

#[tokio::test]
async fn a_url_that_is_signed_for_get_answers_head_or_not() {
    let other = Choices { presigned_url_answers_head: false, ..Choices::default() };
    for (choices, status) in [(Choices::default(), 200), (other, 403)] {
        let bench = Bench::choosing(choices);
        fs::write(bench.file("files/bucket/f"), "x").unwrap();
        assert_eq!(bench.ask("HEAD", &bench.url("f"), &[]).await.status().as_u16(), status);
        assert_eq!(bench.ask("GET", &bench.url("f"), &[]).await.status(), 200);
    }
}

#[tokio::test]
async fn a_file_that_becomes_shorter_breaks_off() {
    let bench = Bench::new();
    fs::write(bench.file("files/bucket/f"), vec![b'x'; 300_000]).unwrap();
    let response = bench.ask("GET", &bench.url("f"), &[]).await;
    fs::write(bench.file("files/bucket/f"), "x").unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[test]
fn the_folder_is_one_and_holds_no_keys_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("service")).unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let open = |folder: &str| {
        let presigner = Presigner::new("http://localhost".into(), "us-east-1", "KEY", "secret".into());
        let opened = Buckets::open(&dir.path().join(folder), &dir.path().join("service"), presigner.into());
        opened.map(drop).map_err(|error| error.to_string())
    };
    for (folder, said) in
        [("none", "cannot read"), ("file", "is a file"), ("", "--files"), ("service", "--files")]
    {
        let refused = open(folder).unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
}
