//! Services whose count is left to autoscaling, and whose tasks run on spare capacity.

use crate::support::stack::summary;
use crate::support::{Stack, World};

/// A service of the forms, with more properties.
fn service(more: &str) -> String {
    format!(
        r#"
        let definition = fargate_task_definition(#{{ name: "web" }});
        definition.add_container("web", #{{ image: "nginx" }});
        fargate_service(#{{
            name: "web", serviceName: "web", taskDefinition: definition,
            cluster: ecs_cluster("web", #{{ clusterName: "web", capacityProviders: ["FARGATE", "FARGATE_SPOT"] }}),
            {more}
        }});
    "#
    )
}

async fn desired(stack: &Stack) -> i32 {
    let asked = stack.engine.cloud().ecs.describe_services().cluster("web").services("web").send().await;
    asked.expect("an answer").services()[0].desired_count()
}

#[tokio::test(start_paused = true)]
async fn the_count_of_a_scaled_service_is_its_targets_until_it_has_none() {
    let stack = Stack::new().await;
    let scaled = |min: i64, more: &str| {
        service(&format!("autoscaling: #{{ min: {min}, max: 6, cpu: 60, memory: 70, scaleInCooldown: 120 }}, {more}"))
    };
    stack.runs(&scaled(2, "")).await;
    assert_eq!(desired(&stack).await, 2, "it begins with the least");
    let listed = stack.exists();
    let of = |type_name: &str| listed.iter().filter(|found| found.ends_with(type_name)).count();
    assert_eq!((of("::ScalableTarget"), of("::ScalingPolicy")), (1, 2));

    // A policy acts: no run changes that back, nor does one that changes something else.
    let call = stack.engine.cloud().ecs.update_service().cluster("web").service("web").desired_count(5);
    call.send().await.expect("an answer");
    assert_eq!(summary(&stack.plan(&scaled(2, "")).await), "");
    stack.runs(&scaled(2, "desiredCount: 3, enableExecuteCommand: true")).await;
    assert_eq!(desired(&stack).await, 5);

    // Other bounds are AWS's to keep.
    stack.runs(&scaled(6, "enableExecuteCommand: true")).await;
    assert_eq!(desired(&stack).await, 6);
    assert_eq!(summary(&stack.plan(&scaled(6, "enableExecuteCommand: true")).await), "");

    // Without a target the count is the script's again.
    stack.runs(&service("desiredCount: 1")).await;
    assert_eq!(desired(&stack).await, 1);
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_target_written_by_hand_keeps_the_count_as_well_whichever_way_it_names_the_service() {
    for id in ["`service/${cluster.clusterName}/${it.name}`", "\"service/web/web\""] {
        let stack = Stack::new().await;
        let script = format!(
            r#"
            let cluster = ecs_cluster("web", #{{ clusterName: "web" }});
            let definition = ecs_task_definition("web", #{{
                networkMode: "bridge", requiresCompatibilities: ["EC2"],
                containerDefinitions: [#{{ name: "web", image: "nginx", memory: 128 }}],
            }});
            let it = ecs_service("web", #{{
                cluster: cluster.clusterName, serviceName: "web", taskDefinition: definition, desiredCount: 0,
            }});
            applicationautoscaling_scalable_target("web", #{{
                resourceId: {id}, serviceNamespace: "ecs", scalableDimension: "ecs:service:DesiredCount",
                minCapacity: 0, maxCapacity: 4,
            }});
        "#
        );
        stack.runs(&script).await;
        let call = stack.engine.cloud().ecs.update_service().cluster("web").service("web").desired_count(3);
        call.send().await.expect("an answer");
        assert_eq!(summary(&stack.plan(&script).await), "", "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_are_spread_over_capacity_as_the_service_says() {
    for (spot, expected) in [("true", (0, 5)), ("#{ base: 2 }", (2, 3)), ("#{ base: 1, weight: 3 }", (2, 3))] {
        let stack = Stack::new().await;
        let script = service(&format!("desiredCount: 5, spot: {spot}"));
        stack.runs(&script).await;
        assert_eq!(summary(&stack.plan(&script).await), "", "{spot}");
        let ecs = &stack.engine.cloud().ecs;
        let arns = ecs.list_tasks().cluster("web").send().await.expect("an answer").task_arns;
        let tasks = ecs.describe_tasks().cluster("web").set_tasks(arns).send().await.expect("an answer");
        let on = |name: &str| tasks.tasks().iter().filter(|task| task.capacity_provider_name() == Some(name)).count();
        assert_eq!((on("FARGATE"), on("FARGATE_SPOT")), expected, "{spot}");
    }
}

#[tokio::test(start_paused = true)]
async fn capacity_providers_that_are_associated_are_there_before_the_services_and_go_after_them() {
    let stack = Stack::new().await;
    let script = r#"
        let cluster = ecs_cluster("web", #{ clusterName: "web" });
        let definition = fargate_task_definition(#{ name: "web" });
        definition.add_container("web", #{ image: "nginx" });
        fargate_service(#{ name: "web", cluster: cluster, taskDefinition: definition, spot: true });
        ecs_cluster_capacity_provider_associations("web", #{
            cluster: cluster.clusterName, capacityProviders: ["FARGATE_SPOT"], defaultCapacityProviderStrategy: [],
        });
    "#;
    stack.runs(script).await;
    assert_eq!(summary(&stack.plan(script).await), "");
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_scaled_or_placed_is_told_with_its_place() {
    let world = World::new();
    let script = r#"let cluster = ecs_cluster("c", #{});
let task = fargate_task_definition(#{});
task.add_container("a", #{ image: "a" });
let net = network(#{});
fargate_service(#{ name: "a", cluster: cluster, taskDefinition: task, network: net, autoscaling: #{ min: 3, max: 2, cpu: 60 } });
fargate_service(#{ name: "b", cluster: cluster, taskDefinition: task, network: net, autoscaling: #{ max: 2 } });
fargate_service(#{ name: "d", cluster: cluster, taskDefinition: task, network: net, autoscaling: #{ max: 2, cpu: 101 } });
fargate_service(#{ name: "e", cluster: cluster, taskDefinition: task, network: net, spot: true });
fargate_service(#{ name: "f", cluster: cluster, taskDefinition: task, network: net, spot: #{ base: -1 } });
"#;
    let script = world.script("wrong.rhai", script);
    let told = world.hz(&["check", &script]).exits_with(1);
    let told = told.told("wrong.rhai:5:").told("at least 3 tasks and at most 2 cannot be");
    let told = told.told("wrong.rhai:6:").told("autoscaling needs a rule");
    let told = told.told("wrong.rhai:7:").told("`cpu` is a percentage, above 0 and up to 100");
    let told = told.told("wrong.rhai:8:").told("ecs_cluster.c has no capacity provider `FARGATE_SPOT`");
    told.told("wrong.rhai:9:").told("`base` of spot is a number of tasks, from 0");
}

#[test]
fn two_owners_of_one_property_are_refused() {
    let world = World::new();
    let script = r#"let cluster = ecs_cluster("c", #{ capacityProviders: ["FARGATE"] });
ecs_cluster_capacity_provider_associations("c", #{
    cluster: cluster.clusterName, capacityProviders: ["FARGATE"], defaultCapacityProviderStrategy: [],
});
ecs_service("s", #{
    cluster: cluster, taskDefinition: "t", desiredCount: 1, launchType: "EC2",
    capacityProviderStrategy: [#{ capacityProvider: "FARGATE", weight: 1 }],
});
applicationautoscaling_scalable_target("t", #{
    serviceNamespace: "ecs", scalableDimension: "ecs:service:DesiredCount", minCapacity: 1, maxCapacity: 2,
    resourceId: `service/${cluster.arn}/s`,
});
applicationautoscaling_scalable_target("u", #{
    serviceNamespace: "ecs", scalableDimension: "ecs:service:DesiredCount", minCapacity: 1, maxCapacity: 2,
    resourceId: "service/arn:aws:ecs:eu-west-1:000000000000:cluster/c/s",
});
"#;
    let script = world.script("wrong.rhai", script);
    let told = world.hz(&["check", &script]).exits_with(1).told("error: 4 mistakes in the script");
    let told = told.told("`resourceId` has an ARN in it");
    let told = told.told("the capacity providers of ecs_cluster.c are declared by ecs_cluster.c already");
    let told = told.told("a service takes `launchType` or `capacityProviderStrategy`, not both");
    told.told("`resourceId` has `arn` of ecs_cluster.c in it, not its name");
}
