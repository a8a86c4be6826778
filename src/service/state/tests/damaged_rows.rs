//! Rows that are not as this program writes them: an error that names the record, and never a panic.

use serde_json::json;
use uuid::Uuid;

use super::bench::{ARN, from};
use super::kept::{Kept, settings};
use crate::service::row::{Kind, Row, RowKey};
use crate::service::state::rollout::RolloutRate;
use crate::service::state::{DamagedRow, State};
use crate::service::time::Timestamp;

/// The rows of an account with a thing in a group, and a job for it.
fn rows() -> Vec<Row> {
    let (mut state, now) = (State::new(settings()), Timestamp::from_millis(1_750_000_000_000));
    let _ = state.create_thing(now, "T", Uuid::from_u128(1), &from(json!({}))).reply.unwrap();
    let _ = state.create_thing_group(now, "G", Uuid::from_u128(2), from(json!({}))).reply.unwrap();
    let membership = from(json!({ "thingName": "T", "thingGroupName": "G" }));
    let () = state.add_thing_to_thing_group(now, &membership).reply.unwrap();
    let request = json!({ "targets": [format!("{ARN}thinggroup/G")], "document": "{}" });
    let _ = state.create_job(now, "J", from(request)).reply.unwrap();
    let () = state.update_event_configurations(now, from(json!({}))).reply.unwrap();
    Kept::of(&state).rows().collect()
}

fn restore(rows: impl IntoIterator<Item = Row>) -> Result<State, DamagedRow> {
    let mut restoring = State::restoring(settings(), RolloutRate::Aws);
    rows.into_iter().try_for_each(|row| restoring.add(row))?;
    restoring.finish()
}

fn named(kind: Kind, name: &str, value: &str) -> Row {
    Row { key: RowKey::Named(kind, name.into()), value: Some(value.into()) }
}

fn execution(job: u64, thing: u64) -> Row {
    let value = r#"{"status":"QUEUED","queuedAt":0,"lastUpdatedAt":0,"versionNumber":1}"#;
    Row { key: RowKey::Execution { job, thing, sequence: 2 }, value: Some(value.into()) }
}

#[test]
fn rows_are_small_and_say_what_they_are() {
    let rows = rows();
    let of = |key: RowKey| rows.iter().find(|row| row.key == key).unwrap().value.clone().unwrap();
    assert_eq!(
        of(RowKey::Execution { job: 1, thing: 1, sequence: 1 }),
        r#"{"status":"QUEUED","queuedAt":1750000000000,"lastUpdatedAt":1750000000000,"versionNumber":1}"#
    );
    assert_eq!(of(RowKey::Named(Kind::ThingNumber, "T".into())), r#"{"number":1}"#);
    assert_eq!(
        of(RowKey::Named(Kind::Thing, "T".into())),
        r#"{"id":"00000000-0000-0000-0000-000000000001","version":1,"groups":["00000000-0000-0000-0000-000000000002"]}"#
    );
}

#[test]
fn what_a_later_version_adds_to_a_row_is_passed_over() {
    let more = rows().into_iter().map(|row| {
        let value = row.value.map(|value| match value.strip_prefix('{') {
            Some(rest) if rest != "}" => format!(r#"{{"addedLater":[{{}}],{rest}"#),
            _ => value,
        });
        Row { value, ..row }
    });
    assert!(restore(more).is_ok());
    let of_others = [named(Kind::RetainedMessage, "t", "-"), named(Kind::Clock, "", "-")];
    assert!(restore(rows().into_iter().chain(of_others)).is_ok());
}

#[test]
fn a_row_that_cannot_be_read_is_named() {
    for row in rows() {
        for value in ["", "{", "[1]", "7", r#"{"number":"x"}"#, "\u{0}"] {
            let key = row.key.clone();
            let damage =
                |row: Row| if row.key == key { Row { value: Some(value.into()), ..row } } else { row };
            let error = restore(rows().into_iter().map(damage)).unwrap_err().to_string();
            let said = format!(
                "the kept record of {key} is damaged: it does not say what a record of this kind says"
            );
            assert_eq!(error, said, "{value}");
        }
    }
}

#[test]
fn a_row_that_refers_to_what_is_not_there_is_named() {
    let thing = r#"{"id":"00000000-0000-0000-0000-000000000001","version":1,"groups":["00000000-0000-0000-0000-000000000009"]}"#;
    for (row, error) in [
        (execution(9, 1), "job execution 9/1/2 is damaged: there is no job of the number 9"),
        (execution(1, 9), "job execution 1/9/2 is damaged: there is no thing of the number 9"),
        (
            named(Kind::Thing, "U", thing),
            "thing \"U\" is damaged: there is no thing group of the id 00000000-0000-0000-0000-000000000009",
        ),
        (
            named(Kind::ThingNumber, "U", r#"{"number":1}"#),
            "thingNumber \"U\" is damaged: another record has the number 1 too",
        ),
        (
            named(Kind::ThingNumber, "U", r#"{"number":3}"#),
            "thingNumber \"U\" is damaged: there is no thing of the number 2",
        ),
        (named(Kind::JobQueue, "9/0", "[]"), "jobQueue \"9/0\" is damaged: there is no job of the number 9"),
        (
            named(Kind::Thing, "no name", r#"{"id":"00000000-0000-0000-0000-000000000001","version":1}"#),
            "thing \"no name\" is damaged: its name is not that of such a record",
        ),
    ] {
        let (last, first): (Vec<Row>, Vec<Row>) =
            rows().into_iter().chain([row]).partition(|row| matches!(row.key, RowKey::Execution { .. }));
        let found = restore(first.into_iter().chain(last)).unwrap_err().to_string();
        assert_eq!(found, format!("the kept record of {error}"));
    }
}

#[test]
fn a_job_whose_progress_is_missing_is_named_and_progress_without_a_job_too() {
    let without = |kind| {
        let is_left = move |row: &Row| !matches!(row.key, RowKey::Named(found, _) if found == kind);
        restore(rows().into_iter().filter(is_left)).unwrap_err().to_string()
    };
    let error = without(Kind::Job);
    assert_eq!(error, "the kept record of jobProgress \"J\" is damaged: there is no such job");
    let error = without(Kind::JobProgress);
    assert_eq!(error, "the kept record of job \"J\" is damaged: it is not known where the job stands");
}
