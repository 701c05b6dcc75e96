//! Actions of listeners and rules, between the schema and the SDK. Those that authenticate are not carried.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupStickinessConfig, TargetGroupTuple,
};

use crate::kinds::json::{object, words};

words!(ActionTypeEnum, RedirectActionStatusCodeEnum);

object! {
    Action {
        "fixedResponseConfig" fixed_response_config set_fixed_response_config,
        "forwardConfig" forward_config set_forward_config,
        "order" order set_order,
        "redirectConfig" redirect_config set_redirect_config,
        "targetGroupArn" target_group_arn set_target_group_arn,
        "type" r#type set_type,
    }
    FixedResponseActionConfig {
        "contentType" content_type set_content_type,
        "messageBody" message_body set_message_body,
        "statusCode" status_code set_status_code,
    }
    ForwardActionConfig {
        "targetGroupStickinessConfig" target_group_stickiness_config set_target_group_stickiness_config,
        "targetGroups" target_groups set_target_groups,
    }
    RedirectActionConfig {
        "host" host set_host,
        "path" path set_path,
        "port" port set_port,
        "protocol" protocol set_protocol,
        "query" query set_query,
        "statusCode" status_code set_status_code,
    }
    TargetGroupStickinessConfig {
        "durationSeconds" duration_seconds set_duration_seconds,
        "enabled" enabled set_enabled,
    }
    TargetGroupTuple {
        "targetGroupArn" target_group_arn set_target_group_arn,
        "weight" weight set_weight,
    }
}
