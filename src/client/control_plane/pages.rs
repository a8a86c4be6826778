//! The pages of a list, read to the last one and joined into one, every item as it came.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::{RawValue, to_raw_value};

use super::error::Error;
use super::exchange::Exchange;
use super::{complete, malformed, members};

/// The most pages of a list that are read; AWS puts up to 250 items on one.
pub(super) const MAX_PAGES: usize = 100;
/// The most bytes of them.
const MAX_LIST: usize = 32 * 1024 * 1024;

/// The bodies of all pages, and the last exchange.
pub(super) async fn read(
    operation: &'static str,
    list: &str,
    page: impl AsyncFn(Option<String>) -> Result<(Option<String>, Exchange), Error>,
) -> Result<(Vec<String>, Exchange), Error> {
    let mut bodies = Vec::new();
    let mut tokens = HashSet::new();
    let mut token = None;
    loop {
        let (next, exchange) = page(token).await?;
        let checked = members::check(exchange.body.as_deref(), &[list], None);
        let mut exchange = complete(operation, exchange, checked)?;
        bodies.extend(exchange.body.take());
        if size(&bodies) > MAX_LIST {
            let reason = format!("its pages are larger than {} MiB", MAX_LIST >> 20);
            return Err(malformed(operation, &exchange, reason));
        }
        let Some(next) = next else { return Ok((bodies, exchange)) };
        if !tokens.insert(next.clone()) {
            let reason = "its nextToken leads back to a page that was read".to_owned();
            return Err(malformed(operation, &exchange, reason));
        }
        if bodies.len() == MAX_PAGES {
            return Err(Error::TooManyPages { operation, most: MAX_PAGES });
        }
        token = Some(next);
    }
}

fn size(bodies: &[String]) -> usize {
    bodies.iter().map(String::len).sum()
}

/// Joins the arrays called `list` in `pages`, null being an empty one. A single page stays as it came.
pub(super) fn join(mut pages: Vec<String>, list: &str) -> serde_json::Result<Option<String>> {
    if pages.len() < 2 {
        return Ok(pages.pop());
    }
    let mut items: Vec<Box<RawValue>> = Vec::new();
    for page in &pages {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(page)?;
        if let Some(array) = members.get(list) {
            let array: Option<Vec<Box<RawValue>>> = serde_json::from_str(array.get())?;
            items.extend(array.unwrap_or_default());
        }
    }
    let joined = BTreeMap::from([(list, to_raw_value(&items)?)]);
    serde_json::to_string(&joined).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pages: &[&str]) -> Option<String> {
        join(pages.iter().map(ToString::to_string).collect(), "jobs").unwrap()
    }

    #[test]
    fn one_page_stays_as_it_came() {
        assert_eq!(joined(&[]), None);
        assert_eq!(
            joined(&[r#"{"jobs":[1],  "nextToken":null}"#]).unwrap(),
            r#"{"jobs":[1],  "nextToken":null}"#
        );
    }

    #[test]
    fn items_keep_their_spelling_and_order() {
        assert_eq!(
            joined(&[
                r#"{"nextToken":"x","jobs":[{"b":1.50,"a": 1}]}"#,
                r#"{"jobs":[]}"#,
                r#"{"jobs":null}"#,
                r#"{"jobs":[{"c":2}]}"#
            ])
            .unwrap(),
            r#"{"jobs":[{"b":1.50,"a": 1},{"c":2}]}"#
        );
    }
}
