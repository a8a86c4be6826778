//! Job templates, and the tags of jobs, templates, groups and policies.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/job-templates.html>

use super::super::exception::Exception;
use super::super::handler::{Handlers, run};

pub(super) const HANDLERS: Handlers = &[
    ("CreateJobTemplate", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.create_job_template(now, call.label("jobTemplateId"), request))
    }),
    ("DescribeJobTemplate", |shared, call| {
        run(shared, |state, _| state.describe_job_template(call.label("jobTemplateId")))
    }),
    ("ListJobTemplates", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_job_templates(&query))
    }),
    ("DeleteJobTemplate", |shared, call| {
        run(shared, |state, _| state.delete_job_template(call.label("jobTemplateId")))
    }),
    ("ListManagedJobTemplates", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_managed_job_templates(&query))
    }),
    ("DescribeManagedJobTemplate", |shared, call| {
        run(shared, |state, _| state.describe_managed_job_template(call.label("templateName")))
    }),
    ("TagResource", |shared, call| {
        let request = call.body()?;
        run(shared, |state, _| state.tag_resource(request))
    }),
    ("UntagResource", |shared, call| {
        let request = call.body()?;
        run(shared, |state, _| state.untag_resource(request))
    }),
    ("ListTagsForResource", |shared, call| {
        let arn = call.text("resourceArn").ok_or_else(|| Exception::missing("resourceArn"))?;
        run(shared, |state, _| state.list_tags_for_resource(arn))
    }),
];
