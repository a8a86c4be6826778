//! Which request names which operation, in both planes of AWS IoT.
//!
//! Every operation of AWS's `iot` and `iot-jobs-data` APIs is known here, offered or not, so that
//! a refusal can name what was asked for.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_Operations.html>

use std::borrow::Cow;
use std::collections::HashMap;

use hyper::Method;
use percent_encoding::percent_decode_str;

use super::exception::Exception;
use super::plane::Plane;

/// One operation a line: signing name, method, path, name.
const OPERATIONS: &str = include_str!("operations.txt");

/// The operations of one plane by method and path.
#[derive(Debug)]
pub(super) struct Operations {
    plane: Plane,
    methods: HashMap<Method, matchit::Router<&'static str>>,
}

/// An operation that a request names, and the labels of its path, decoded.
#[derive(Debug)]
pub(super) struct Matched {
    pub(super) name: &'static str,
    pub(super) labels: HashMap<String, String>,
}

impl Operations {
    pub(super) fn of(plane: Plane) -> Self {
        let mut methods: HashMap<Method, matchit::Router<&'static str>> = HashMap::new();
        for (method, path, name) in listed(plane) {
            let method = method.parse().expect("the list has HTTP methods");
            methods.entry(method).or_default().insert(path, name).expect("the list's paths do not collide");
        }
        Self { plane, methods }
    }

    /// The operation that `method` on `path`, still percent-encoded, stands for.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Matched, Exception> {
        let decoded = decode_segments(path)?;
        let unknown = || {
            let api = format!("the {} API", self.plane.signing_name());
            Exception::unknown_operation(&api, method, path)
        };
        let routes = self.methods.get(method).ok_or_else(unknown)?;
        let found = routes.at(&decoded).map_err(|_| unknown())?;
        if found.params.iter().any(|(_, value)| value.is_empty()) {
            return Err(unknown());
        }
        let labels =
            found.params.iter().map(|(name, value)| (name.to_owned(), restore_slashes(value).into_owned()));
        Ok(Matched { name: found.value, labels: labels.collect() })
    }
}

/// Method, path and name of each operation of a plane.
pub(super) fn listed(plane: Plane) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OPERATIONS.lines().filter_map(move |line| {
        let mut words = line.split_whitespace();
        (words.next()? == plane.signing_name()).then_some((words.next()?, words.next()?, words.next()?))
    })
}

/// Stands for a slash inside a label while paths are matched: no path of a request contains it
/// decoded, since what is not a character of a name was refused before.
const SLASH: char = '\u{0}';

/// Decodes a path segment by segment, so that `%24next` is `$next` and a slash within an ARN
/// does not end its segment.
fn decode_segments(path: &str) -> Result<String, Exception> {
    let segments: Result<Vec<String>, Exception> = path
        .split('/')
        .map(|segment| {
            let text = percent_decode_str(segment)
                .decode_utf8()
                .map_err(|_| Exception::invalid_request("the path is not UTF-8 once percent-decoded"))?;
            if text.chars().any(char::is_control) {
                return Err(Exception::invalid_request("the path contains a control character"));
            }
            Ok(text.replace('/', SLASH.encode_utf8(&mut [0; 4])))
        })
        .collect();
    Ok(segments?.join("/"))
}

fn restore_slashes(label: &str) -> Cow<'_, str> {
    if label.contains(SLASH) { Cow::Owned(label.replace(SLASH, "/")) } else { Cow::Borrowed(label) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(method: &Method, path: &str) -> Matched {
        Operations::of(Plane::Control).find(method, path).unwrap()
    }

    #[test]
    fn every_listed_operation_is_found_by_its_own_path() {
        for plane in [Plane::Control, Plane::Data] {
            let operations = Operations::of(plane);
            let mut count = 0;
            for (method, path, name) in listed(plane) {
                let request = path.replace("{*", "").replace(['{', '}'], "");
                let found = operations.find(&method.parse().unwrap(), &request).unwrap();
                assert_eq!(found.name, name, "{method} {path}");
                count += 1;
            }
            assert!(count >= 5, "{plane:?} lists {count} operations");
        }
    }

    #[test]
    fn a_group_may_be_called_like_an_operation() {
        let path = "/thing-groups/addThingToThingGroup";
        assert_eq!(control(&Method::PUT, path).name, "AddThingToThingGroup");
        let describe = control(&Method::GET, path);
        assert_eq!(describe.name, "DescribeThingGroup");
        assert_eq!(describe.labels["thingGroupName"], "addThingToThingGroup");
    }

    #[test]
    fn labels_are_decoded_and_keep_their_slashes() {
        let arn = control(&Method::POST, "/attached-policies/arn%3Aaws%3Aiot%3Aus-east-1%3A1%3Acert%2Fab");
        assert_eq!(arn.labels["target"], "arn:aws:iot:us-east-1:1:cert/ab");
        let next = Operations::of(Plane::Data).find(&Method::PUT, "/things/a%3Ab/jobs/%24next").unwrap();
        assert_eq!((next.name, next.labels["thingName"].as_str()), ("StartNextPendingJobExecution", "a:b"));
    }

    #[test]
    fn path_tricks_name_no_operation() {
        let operations = Operations::of(Plane::Control);
        for path in [
            "",
            "/",
            "//jobs",
            "/jobs/",
            "/jobs//things",
            "/../jobs",
            "/jobs/a/b/c/d",
            "/%2Fjobs",
            "*",
            "jobs",
        ] {
            assert!(operations.find(&Method::GET, path).is_err(), "{path}");
        }
        for path in ["/jobs/%00", "/jobs/%ff", "/jobs/a%0d%0ab", "/jobs/%1b[2J"] {
            let refusal = operations.find(&Method::GET, path).unwrap_err();
            assert_eq!(refusal.kind(), "InvalidRequestException", "{path}");
        }
        assert!(operations.find(&"BREW".parse().unwrap(), "/jobs").is_err());
    }
}
