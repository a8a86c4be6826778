//! What the page on policies says of the files, computed.

use std::fs;

use super::checkout::Checkout;
use super::page::{Page, root};
use super::section::Section;

/// What AWS limits a policy document to, white space not counted, and a thing name.
const LONGEST: [usize; 2] = [2048, 128];

/// How long the name of a thing may be for this policy in this region.
fn longest_name(policy: &str, region: &str) -> usize {
    let partition = match region.split_once('-').unwrap().0 {
        "cn" => "aws-cn",
        "us" if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let filled = policy.replace("${partition}", partition).replace("${region}", region);
    let filled = filled.replace("${account}", "123456789012");
    let fits = |name: &usize| {
        let policy = filled.replace("${thing}", &"x".repeat(*name));
        policy.chars().filter(|letter| !letter.is_whitespace()).count() <= LONGEST[0]
    };
    (1..=LONGEST[1]).take_while(fits).last().unwrap()
}

#[test]
fn a_thing_name_may_be_as_long_as_the_page_says() {
    let rows = Page::open("policies.md").rows("How long a thing name may be");
    let (head, rows) = rows.split_first().unwrap();
    assert!(head.len() > 3 && rows.len() == 3, "{head:?} {rows:?}");
    let mut shortest = usize::MAX;
    for row in rows {
        let file = row[0].trim_matches('`');
        let policy = fs::read_to_string(root().join("policies").join(file)).unwrap();
        for (region, said) in head.iter().zip(row).skip(1) {
            let longest = longest_name(&policy, region.trim_matches('`'));
            assert_eq!(said, &longest.to_string(), "{file} in {region}");
            shortest = shortest.min(longest);
        }
    }
    let readme = &Page::open("README.md").text;
    assert!(readme.contains(&format!("up to {shortest} characters")), "{shortest}");
}

/// `provision` writes the short form as soon as the name is too long for the file, and no sooner.
#[test]
fn a_longer_name_makes_the_short_form() {
    let file = fs::read_to_string(root().join("policies/device-policy-test-clients.json")).unwrap();
    let longest = longest_name(&file, "ap-southeast-1");
    let print = |length: usize| {
        let thing = "x".repeat(length);
        let place = "--region ap-southeast-1 --account 123456789012";
        Checkout::new().run(&format!("jobs-sandbox policy print --thing {thing} {place}")).stdout
    };
    assert!(!print(longest).contains("/jobs/*\""));
    assert_eq!(print(longest + 1).matches("/jobs/*\"").count(), 3);
}

#[test]
fn the_policy_that_is_printed_passes_the_check() {
    let commands = Section::open("policies.md", "Print and check").take("sh");
    let checked = Checkout::new().run(&commands);
    assert!(checked.stdout.starts_with("allowed  iot:Connect    client/pump-7\n"), "{}", checked.stdout);
}
