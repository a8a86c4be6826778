//! Pages of a list joined into one, every item as it came.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

/// Joins the arrays called `list` in `pages`, with the token for the next page, if there are more than these. A
/// single page stays as it came.
pub(super) fn join(
    mut pages: Vec<String>,
    list: &str,
    next_token: Option<&str>,
) -> serde_json::Result<Option<String>> {
    if pages.len() < 2 {
        return Ok(pages.pop());
    }
    let mut items: Vec<Box<RawValue>> = Vec::new();
    for page in &pages {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(page)?;
        if let Some(array) = members.get(list) {
            items.extend(serde_json::from_str::<Vec<Box<RawValue>>>(array.get())?);
        }
    }
    let mut joined = BTreeMap::from([(list, to_raw_value(&items)?)]);
    if let Some(token) = next_token {
        joined.insert("nextToken", to_raw_value(token)?);
    }
    serde_json::to_string(&joined).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pages: &[&str]) -> Option<String> {
        join(pages.iter().map(ToString::to_string).collect(), "jobs", None).unwrap()
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
                r#"{"jobs":[{"c":2}]}"#
            ])
            .unwrap(),
            r#"{"jobs":[{"b":1.50,"a": 1},{"c":2}]}"#
        );
    }
}
