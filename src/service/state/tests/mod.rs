//! Tests of the state machine: AWS's own sequences, what is refused, and random operations against a naive model.

mod bench;
mod choices;
mod configs;
mod deleted_groups;
mod documents;
mod events;
mod executions;
mod jobs;
mod managed_templates;
mod naive;
mod operations;
mod pair;
mod properties;
mod registry;
mod registry_words;
mod rollouts;
mod rows;
mod thing_types;
mod windows;
mod words;
