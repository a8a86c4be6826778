//! Job templates, and the tags of jobs, templates, groups and policies.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/job-templates.html>

use super::super::handler::{Handlers, read, write};
use super::super::label::Label;
use crate::service::state::templates::CreateJobTemplateRequest;

pub(super) const HANDLERS: Handlers = &[
    ("CreateJobTemplate", |shared, call| {
        let mut request: CreateJobTemplateRequest = call.body()?;
        request.source_text = shared.read_source(request.document_source.as_deref());
        write(shared, |state, now| state.create_job_template(now, call.label(Label::JobTemplateId), request))
    }),
    ("DescribeJobTemplate", |shared, call| {
        read(shared, |state, _| state.describe_job_template(call.label(Label::JobTemplateId)))
    }),
    ("ListJobTemplates", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_job_templates(&query))
    }),
    ("DeleteJobTemplate", |shared, call| {
        write(shared, |state, _| state.delete_job_template(call.label(Label::JobTemplateId)))
    }),
    ("ListManagedJobTemplates", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_managed_job_templates(&query))
    }),
    ("DescribeManagedJobTemplate", |shared, call| {
        let version = call.text("templateVersion");
        read(shared, |state, _| state.describe_managed_job_template(call.label(Label::TemplateName), version))
    }),
    ("TagResource", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.tag_resource(request))
    }),
    ("UntagResource", |shared, call| {
        let request = call.body()?;
        write(shared, |state, _| state.untag_resource(request))
    }),
    ("ListTagsForResource", |shared, call| {
        let arn = call.text("resourceArn").unwrap_or_default();
        read(shared, |state, _| state.list_tags_for_resource(arn))
    }),
];
