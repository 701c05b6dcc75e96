//! Calls as AWS answers them.

use serde_json::json;

use super::super::ecs::Ecs;
use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

/// Makes calls at one time; each must be answered or refused as the test says.
struct Account {
    store: Store,
    settings: Settings,
}

impl Account {
    /// With a service `s` in the cluster `c`, of three tasks.
    fn new() -> Self {
        let mut account = Self { store: Store::in_memory().expect("a store"), settings: Settings::default() };
        account.ecs("CreateCluster", json!({"clusterName": "c"}));
        account.ecs(
            "RegisterTaskDefinition",
            json!({"family": "f", "containerDefinitions": [{"name": "a", "image": "b", "memory": 100}]}),
        );
        account.ecs(
            "CreateService",
            json!({"cluster": "c", "serviceName": "s", "taskDefinition": "f", "desiredCount": 3, "launchType": "EC2"}),
        );
        account
    }

    fn on(&mut self, service: &dyn Service, action: &str, params: Json) -> Result<Json, Fault> {
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let Json::Object(params) = params else { panic!("an object") };
        self.store.transact("eu-west-1", now, &self.settings, |tx| service.call(tx, action, &params))
    }

    fn ecs(&mut self, action: &str, params: Json) -> Json {
        self.on(&Ecs, action, params).unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// A call about the service `s`.
    fn call(&mut self, action: &str, more: Json) -> Result<Json, Fault> {
        let mut params =
            json!({"ServiceNamespace": "ecs", "ResourceId": "service/c/s", "ScalableDimension": DIMENSION});
        for (name, value) in more.as_object().expect("an object") {
            params[name] = value.clone();
        }
        self.on(&AutoScaling, action, params)
    }

    fn refused(&mut self, action: &str, more: Json) -> String {
        self.call(action, more).expect_err(action).to_string()
    }

    fn desired(&mut self) -> Json {
        self.ecs("DescribeServices", json!({"cluster": "c", "services": ["s"]}))["services"][0]["desiredCount"].clone()
    }
}

#[test]
fn a_count_is_brought_within_the_bounds_and_left_alone_there() {
    let mut account = Account::new();
    account.call("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4})).expect("registered");
    assert_eq!(account.desired(), 3);
    account.call("RegisterScalableTarget", json!({"MaxCapacity": 2})).expect("changed");
    assert_eq!(account.desired(), 2, "above the maximum");
    account.call("RegisterScalableTarget", json!({"MinCapacity": 5, "MaxCapacity": 9})).expect("changed");
    assert_eq!(account.desired(), 5, "below the minimum");
    let told = account.call("DescribeScalingActivities", json!({})).expect("told");
    assert_eq!(told["ScalingActivities"].as_array().map(Vec::len), Some(2));
}

#[test]
fn targets_that_aws_refuses_are_refused() {
    let mut account = Account::new();
    let bounds = |min: i64, max: i64| json!({"MinCapacity": min, "MaxCapacity": max});
    let told = [
        account.refused("RegisterScalableTarget", json!({"MinCapacity": 1})),
        account.refused("RegisterScalableTarget", bounds(3, 2)),
        account.refused("RegisterScalableTarget", bounds(-1, 2)),
        account.refused(
            "RegisterScalableTarget",
            json!({"ResourceId": "service/c/none", "MinCapacity": 1, "MaxCapacity": 2}),
        ),
        account.refused("RegisterScalableTarget", json!({"ResourceId": "table/t"})),
        account.refused("RegisterScalableTarget", json!({"ServiceNamespace": "rds"})),
        account.refused("DeregisterScalableTarget", json!({})),
        account.refused("PutScalingPolicy", json!({"PolicyName": "p"})),
        account.refused("PutScheduledAction", json!({"ScheduledActionName": "a"})),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    ValidationException: You must specify both the minimum and maximum capacity when registering a scalable target.
    ValidationException: Maximum capacity cannot be less than minimum capacity
    ValidationException: 1 validation error detected: Value '-1' at 'minCapacity' failed to satisfy constraint: Member must have value greater than or equal to 0
    ValidationException: ECS service doesn't exist: service/c/none
    ValidationException: Unsupported service namespace, resource type or scalable dimension
    ValidationException: The embedded AWS scales services of ECS only, not of rds.
    ObjectNotFoundException: No scalable target registered for service namespace: ecs, resource ID: service/c/s, scalable dimension: ecs:service:DesiredCount
    ObjectNotFoundException: No scalable target registered for service namespace: ecs, resource ID: service/c/s, scalable dimension: ecs:service:DesiredCount
    ObjectNotFoundException: No scalable target registered for service namespace: ecs, resource ID: service/c/s, scalable dimension: ecs:service:DesiredCount
    ");
}

#[test]
fn policies_are_checked_kept_and_deleted_with_their_target() {
    let mut account = Account::new();
    account.call("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4})).expect("registered");
    let tracking = |name: &str, metric: &str, value: f64| {
        json!({"PolicyName": name, "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": value, "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        }})
    };
    let stepping = |adjustment: &str, steps: Json| {
        json!({"PolicyName": "steps", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {
            "AdjustmentType": adjustment, "StepAdjustments": steps, "MinAdjustmentMagnitude": 1,
        }})
    };
    let cpu = "ECSServiceAverageCPUUtilization";
    let made = account.call("PutScalingPolicy", tracking("cpu", cpu, 60.0)).expect("made");
    assert_eq!(made["Alarms"].as_array().map(Vec::len), Some(2), "{made}");
    let again = account.call("PutScalingPolicy", tracking("cpu", cpu, 70.0)).expect("changed");
    assert_eq!(made, again, "the same policy and the same alarms");
    let whole = json!([{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 10}]);
    account.call("PutScalingPolicy", stepping("PercentChangeInCapacity", whole.clone())).expect("made");
    let gap = json!([
        {"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}, {"MetricIntervalLowerBound": 1, "ScalingAdjustment": 1},
    ]);
    let told = [
        account.refused("PutScalingPolicy", tracking("again", cpu, 50.0)),
        account.refused("PutScalingPolicy", tracking("zero", cpu, 0.0)),
        account.refused("PutScalingPolicy", tracking("table", "DynamoDBReadCapacityUtilization", 50.0)),
        account.refused("PutScalingPolicy", tracking("requests", "ALBRequestCountPerTarget", 50.0)),
        account.refused("PutScalingPolicy", json!({"PolicyName": "cpu", "PolicyType": "StepScaling"})),
        account.refused("PutScalingPolicy", stepping("ChangeInCapacity", whole)),
        account.refused("PutScalingPolicy", stepping("PercentChangeInCapacity", gap)),
        account.refused("PutScalingPolicy", stepping("PercentChangeInCapacity", json!([]))),
        account.refused("DeleteScalingPolicy", json!({"PolicyName": "none"})),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    ValidationException: Only one TargetTrackingScaling policy for a given metric specification is allowed.
    ValidationException: TargetValue has to be a number greater than 0.
    ValidationException: The metric DynamoDBReadCapacityUtilization is not one of services of ECS.
    ValidationException: ResourceLabel has to be given for the metric ALBRequestCountPerTarget.
    ValidationException: The policy cpu is a TargetTrackingScaling policy already.
    ValidationException: MinAdjustmentMagnitude is only for the adjustment type PercentChangeInCapacity.
    ValidationException: The intervals of step adjustments can neither overlap nor have gaps between them.
    ValidationException: At least one step adjustment has to be given.
    ObjectNotFoundException: No scaling policy found for service namespace: ecs, resource ID: service/c/s, scalable dimension: ecs:service:DesiredCount, policy name: none
    ");
    let described = account.call("DescribeScalingPolicies", json!({"PolicyNames": ["cpu"]})).expect("told");
    let configuration = &described["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!((&configuration["TargetValue"], &configuration["DisableScaleIn"]), (&json!(70.0), &json!(false)));
    account.call("DeregisterScalableTarget", json!({})).expect("gone");
    account.call("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4})).expect("registered");
    assert_eq!(account.call("DescribeScalingPolicies", json!({})).expect("told")["ScalingPolicies"], json!([]));
}

#[test]
fn schedules_are_checked_and_told() {
    let mut account = Account::new();
    account.call("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4})).expect("registered");
    let at = |schedule: &str, bounds: Json| json!({"ScheduledActionName": "night", "Schedule": schedule, "ScalableTargetAction": bounds});
    for good in ["at(2030-01-01T00:00:00)", "rate(1 hour)", "cron(0 20 * * ? *)"] {
        account.call("PutScheduledAction", at(good, json!({"MaxCapacity": 1}))).expect(good);
    }
    for bad in ["at(tomorrow)", "rate(0 hours)", "rate(1 year)", "cron(0 20 * *)", "nightly"] {
        let told = account.refused("PutScheduledAction", at(bad, json!({"MaxCapacity": 1})));
        assert_eq!(told, format!("ValidationException: The schedule {bad} is no at, rate or cron expression."));
    }
    account.refused("PutScheduledAction", at("rate(1 hour)", json!({})));
    account.refused("PutScheduledAction", at("rate(1 hour)", json!({"MinCapacity": 2, "MaxCapacity": 1})));
    let told = account.call("DescribeScheduledActions", json!({})).expect("told");
    assert_eq!(told["ScheduledActions"][0]["Schedule"], "cron(0 20 * * ? *)", "one, as it was last set");
    account.call("DeleteScheduledAction", json!({"ScheduledActionName": "night"})).expect("gone");
    account.refused("DeleteScheduledAction", json!({"ScheduledActionName": "night"}));
}
