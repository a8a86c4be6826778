//! What AWS does not say: one entry for each point on which the local service had to choose.
//!
//! [`Choices::default`] is what the service does. To follow another reading, change the entry there; nothing
//! else in the service decides these points, and each entry has a test of its other value. The numbers are
//! stable, so that notes and tests can refer to them; the one that is missing turned out to be no choice.

/// One reading of what AWS does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each entry answers a question of its own")]
pub(crate) struct Choices {
    /// 1. Does a QoS 1 PUBLISH that is refused leave an MQTT 5 connection open?
    ///
    /// AWS lists reason code 0x87 for PUBACK and for DISCONNECT, and not which of them it sends. Reports of its
    /// SDKs show the PUBACK. At QoS 0, which has none, the connection is closed.
    pub(crate) refused_publish_is_acknowledged: bool,
    /// 2. Is a message to a topic that names no operation answered, on `<topic>/rejected`?
    ///
    /// AWS documents the code InvalidTopic, and neither when it is sent nor where to.
    pub(crate) invalid_topic_is_answered: bool,
    /// 3. Do status details that an update carries leave stored ones of other names as they are?
    ///
    /// AWS's guide does not describe a merge. Without one they replace what is stored, and `{}` clears it.
    pub(crate) status_details_are_merged: bool,
    /// 4. Do answers on MQTT carry `thingName` in a described job execution?
    ///
    /// AWS's guide shows it in an example; start-next and notify-next were seen to leave it out.
    pub(crate) thing_name_on_mqtt: bool,
    /// 5. May a device move a job execution from QUEUED to SUCCEEDED at once?
    ///
    /// AWS names IN_PROGRESS and REJECTED as a device's ways out of QUEUED; FAILED was seen to be one too.
    pub(crate) queued_may_succeed: bool,
    /// 6. May a device reject a job execution that it has begun?
    ///
    /// AWS describes REJECTED as the answer to a document that a device cannot take, and does not say until when.
    pub(crate) in_progress_may_be_rejected: bool,
    /// 7. Which exception stands for VersionMismatch over HTTPS?
    ///
    /// AWS's model of UpdateJobExecution has none of that name, but both of these. Another implementation changed to
    /// InvalidRequestException.
    pub(crate) version_mismatch_over_https: StateException,
    /// 9. Does the version grow when the service cancels a job execution or lets it time out?
    ///
    /// AWS counts the updates of devices. With REMOVED the version was seen not to grow, whatever this says.
    pub(crate) service_raises_version: bool,
    /// 10. Which exception does CancelJob give for a job that is neither IN_PROGRESS nor SCHEDULED?
    ///
    /// AWS's model of CancelJob declares no exception for states.
    pub(crate) cancel_of_finished_job: StateException,
    /// 11. Does a CANCELED job have `completedAt`?
    ///
    /// AWS's examples leave it out; another implementation sets it.
    pub(crate) canceled_job_has_completed_at: bool,
    /// 12. Does a SNAPSHOT job whose targets hold no thing become COMPLETED at once?
    ///
    /// AWS completes a job when all its executions have ended, and does not speak of a job that has none.
    pub(crate) job_without_things_completes: bool,
    /// 13. Does the data plane answer ResourceNotFound for a thing that is not registered?
    ///
    /// AWS ties the code to job executions.
    pub(crate) unregistered_thing_is_not_found: bool,
    /// 14. Is a retry queued in the change that ends its predecessor, so that both events go out once?
    ///
    /// AWS ties each event to a change of the pending job executions, and does not say how many a retry makes.
    pub(crate) retry_is_queued_with_the_end: bool,
    /// 15. Does an answer go at QoS 1, and not 0, to a client that did not subscribe to it?
    ///
    /// AWS says that such a client gets its answers, and not how.
    pub(crate) unsolicited_answer_is_qos_1: bool,
    /// 16. How many pending job executions do answers and events list, IN_PROGRESS ones first?
    ///
    /// AWS documents ten, and does not say whether of either status or in all.
    pub(crate) listed_pending_job_executions: usize,
    /// 17. How large an MQTT packet does the broker take, in bytes? CONNACK says so.
    ///
    /// AWS documents 128 KiB for the payload, and no number for the packet; this one is from logs of its SDKs.
    pub(crate) maximum_packet_size: u32,
    /// 18. Does DeleteJobExecution take a QUEUED job execution without force?
    ///
    /// AWS's guide says yes; its API reference speaks of terminal ones alone.
    pub(crate) queued_execution_needs_no_force: bool,
    /// 19. Are the characters of a value of status details checked, and not its length alone?
    ///
    /// AWS's model has a pattern without control characters; its device client sends newlines and is not refused.
    pub(crate) status_details_values_are_checked: bool,
    /// 20. Do CreateJob, CancelJob and AssociateTargetsWithJob write a missing `description` as null?
    ///
    /// AWS was seen to do so in CreateJob. In all other answers of the control plane an unset member is absent,
    /// unless AWS was seen to write it.
    pub(crate) missing_description_is_null: bool,
    /// 22. Which `reasonCode` has a job that its own abort rule canceled?
    ///
    /// AWS says that there is one, and a `comment`, and not which; this code, and the words of the comment, are another
    /// implementation's.
    pub(crate) reason_code_of_abort: &'static str,
    /// 24. Do events for back ends tell what AWS's guide does not show in them?
    ///
    /// Another implementation has `executionNumber` in those of job executions, `forceCanceled` in those of
    /// cancellation, `reasonCode` in a job's, and counts the ended job executions in `canceled` too.
    pub(crate) events_tell_more_than_the_guide: bool,
    /// 25. Does DescribeEventConfigurations write its dates as null before the first update?
    ///
    /// AWS documents them as timestamps; another implementation has them null.
    pub(crate) missing_event_dates_are_null: bool,
    /// 26. Does a SUBSCRIBE to a filter that the session has already raise an event for back ends?
    ///
    /// AWS publishes one when a client subscribes, and does not speak of clients that do it again.
    pub(crate) repeated_subscription_is_announced: bool,
    /// 27. Does a SUBSCRIBE that no policy allows end an MQTT 3.1.1 connection?
    ///
    /// AWS's staff said so in public reports of its SDKs; MQTT 3.1.1 has the return code 0x80 for it. With MQTT 5
    /// each filter has its reason code, and the connection stays.
    pub(crate) refused_subscribe_ends_mqtt_3: bool,
    /// 28. How many things a minute does a job reach whose rollout is not configured? None means any number.
    ///
    /// AWS's guide says 1,000. Whoever tries devices in large numbers at once may want no such bound.
    pub(crate) rollout_rate_without_configuration: Option<u64>,
    /// 29. Which exception does a device get over HTTPS that shows no certificate, or that its policies refuse?
    ///
    /// AWS's model of the data plane has none for it. This one, with status 403, is what AWS's other HTTPS APIs for
    /// devices were seen to answer; newer services of AWS have AccessDeniedException.
    pub(crate) refused_device_exception: &'static str,
    /// 30. Does a job execution that a device rejects without having begun it have `startedAt`?
    ///
    /// AWS calls it the time at which the job execution started. Another implementation has it with SUCCEEDED and
    /// FAILED, and not with REJECTED.
    pub(crate) rejected_execution_has_started_at: bool,
    /// 31. Does the control plane list `retryAttempt` 0 for a job execution that is no retry?
    ///
    /// AWS speaks of retries alone; another implementation writes the 0 in both lists.
    pub(crate) first_execution_has_retry_attempt: bool,
    /// 32. Do devices get a job document that was read and written anew, as Java's libraries do, on both planes?
    ///
    /// Members that are null do not reach devices of AWS, as users of its SDKs reported; a fix was announced. Another
    /// implementation has numbers and escapes as Java writes them too. GetJobDocument keeps the operator's bytes.
    pub(crate) documents_are_written_anew: bool,
    /// 33. Do devices that name no namespace get the job executions of jobs that have one?
    ///
    /// AWS documents topics of its own for the events of such jobs, and none to ask for them. Its Greengrass asks on
    /// topics such as `{jobId}/namespace-{namespaceId}/get`.
    pub(crate) requests_reach_every_namespace: bool,
    /// 34. Is a job not found by a request that names another namespace than the job's?
    ///
    /// AWS has the member in requests that change a job, and does not say what it does there.
    pub(crate) job_of_other_namespace_is_not_found: bool,
    /// 35. How many maintenance windows does a job or a job template have at the most?
    ///
    /// AWS documents no number. Each is looked at whenever one of them begins or ends.
    pub(crate) most_maintenance_windows: usize,
    /// 36. Does a job try again, and give up, between its maintenance windows?
    ///
    /// AWS says that a job is rolled out in them alone, and that devices may finish what they began.
    pub(crate) jobs_fail_between_windows: bool,
    /// 37. Do the starts of maintenance windows ahead, in `scheduledJobRollouts`, have seconds and the sign of UTC?
    ///
    /// AWS's model has them as strings. In `schedulingConfig` such a time is `YYYY-MM-DDThh:mm`.
    pub(crate) rollout_times_have_seconds: bool,
    /// 38. Must one of the two days in the cron expression of a maintenance window be `?`?
    ///
    /// AWS's scheduler says so of its own expressions; the guide of AWS IoT does not describe them.
    pub(crate) one_day_is_a_question_mark: bool,
    /// 46. Is a document parameter of a managed template escaped where it stands in the job document?
    ///
    /// AWS says that its value replaces the placeholder, and nothing of quotes and backslashes in it. Escaped, each
    /// value reaches the device as it was given; replaced as it is, some make the document invalid.
    pub(crate) document_parameters_are_escaped: bool,
    /// 47. Does a presigned URL answer HEAD too, although it is signed for GET?
    ///
    /// S3 signs the method, and refuses HEAD. Whoever tries a URL by hand begins with HEAD.
    pub(crate) presigned_url_answers_head: bool,
    /// 48. Do CreateJob and CreateJobTemplate look at the role that signs the links in a document?
    ///
    /// AWS refuses what is no role at UpdateJob; nothing is known of a look at creation, where no link is signed yet.
    pub(crate) role_of_placeholders_is_checked: bool,
    /// 49. Does a certificate that is attached to a thing as EXCLUSIVE_THING stay so until it is detached?
    ///
    /// AWS does not say what AttachThingPrincipal does that names the same two as NON_EXCLUSIVE_THING. Refused, nobody
    /// loses by accident what somebody else relies on; carried out, the last word counts.
    pub(crate) exclusive_attachment_stays: bool,
    /// Does DescribeEndpoint refuse the type iot:Data?
    ///
    /// AWS's reference describes it; another implementation refuses it and points to iot:Data-ATS.
    pub(crate) data_endpoint_is_retired: bool,
    /// How many entries does a page of a list have where the request does not say?
    ///
    /// AWS documents the most that a request may ask for.
    pub(crate) default_max_results: i64,
    /// Is a job execution tried again on a thing that left all targets of its CONTINUOUS job meanwhile?
    ///
    /// AWS lets such a thing finish what is IN_PROGRESS, and does not speak of retries.
    pub(crate) retry_follows_thing_that_left: bool,
}

/// An exception for a request that does not fit the state of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateException {
    InvalidRequest,
    #[cfg_attr(not(test), expect(dead_code, reason = "at present no choice is for it"))]
    InvalidStateTransition,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            refused_publish_is_acknowledged: true,
            invalid_topic_is_answered: true,
            status_details_are_merged: false,
            thing_name_on_mqtt: false,
            queued_may_succeed: true,
            in_progress_may_be_rejected: true,
            version_mismatch_over_https: StateException::InvalidRequest,
            service_raises_version: true,
            cancel_of_finished_job: StateException::InvalidRequest,
            canceled_job_has_completed_at: false,
            job_without_things_completes: true,
            unregistered_thing_is_not_found: true,
            retry_is_queued_with_the_end: true,
            unsolicited_answer_is_qos_1: false,
            listed_pending_job_executions: 10,
            maximum_packet_size: 149_504,
            queued_execution_needs_no_force: true,
            status_details_values_are_checked: false,
            missing_description_is_null: true,
            reason_code_of_abort: "ABORT_CANCEL",
            events_tell_more_than_the_guide: true,
            missing_event_dates_are_null: true,
            repeated_subscription_is_announced: false,
            refused_subscribe_ends_mqtt_3: true,
            rollout_rate_without_configuration: Some(1000),
            refused_device_exception: "ForbiddenException",
            rejected_execution_has_started_at: false,
            first_execution_has_retry_attempt: true,
            documents_are_written_anew: true,
            requests_reach_every_namespace: true,
            job_of_other_namespace_is_not_found: true,
            most_maintenance_windows: 50,
            jobs_fail_between_windows: true,
            rollout_times_have_seconds: false,
            one_day_is_a_question_mark: true,
            document_parameters_are_escaped: true,
            presigned_url_answers_head: true,
            role_of_placeholders_is_checked: true,
            exclusive_attachment_stays: true,
            data_endpoint_is_retired: true,
            default_max_results: 250,
            retry_follows_thing_that_left: false,
        }
    }
}

/// How much of a request rate may be used at once, after a pause: what it allows in this time.
pub(super) const BURST: std::time::Duration = std::time::Duration::from_secs(1);
