//! Conditions of rules, between the schema and the SDK.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition, SourceIpConditionConfig,
};

use crate::kinds::json::object;

object! {
    HostHeaderConditionConfig {
        "regexValues" regex_values set_regex_values,
        "values" values set_values,
    }
    HttpHeaderConditionConfig {
        "httpHeaderName" http_header_name set_http_header_name,
        "regexValues" regex_values set_regex_values,
        "values" values set_values,
    }
    HttpRequestMethodConditionConfig {
        "values" values set_values,
    }
    PathPatternConditionConfig {
        "regexValues" regex_values set_regex_values,
        "values" values set_values,
    }
    QueryStringConditionConfig {
        "values" values set_values,
    }
    QueryStringKeyValuePair {
        "key" key set_key,
        "value" value set_value,
    }
    RuleCondition {
        "field" field set_field,
        "hostHeaderConfig" host_header_config set_host_header_config,
        "httpHeaderConfig" http_header_config set_http_header_config,
        "httpRequestMethodConfig" http_request_method_config set_http_request_method_config,
        "pathPatternConfig" path_pattern_config set_path_pattern_config,
        "queryStringConfig" query_string_config set_query_string_config,
        "regexValues" regex_values set_regex_values,
        "sourceIpConfig" source_ip_config set_source_ip_config,
        "values" values set_values,
    }
    SourceIpConditionConfig {
        "values" values set_values,
    }
}
