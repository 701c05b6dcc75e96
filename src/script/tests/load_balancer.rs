//! Load balancers of the standard library: what is made, and where what is wrong is told.

use super::script;

/// What every script here begins with.
const BEFORE: &str = r#"
let net = network(#{ name: "net" });
let task = fargate_task_definition(#{ name: "web" });
task.add_container("web", #{ image: "web:1", portMappings: [8080, 9090] });
"#;

/// What is declared of Elastic Load Balancing, of security groups and of services, one a line.
fn declared(source: &str) -> String {
    let evaluated = script(&format!("{BEFORE}{source}")).program();
    let kinds =
        ["elasticloadbalancingv2_", "ec2_security_group", "ecs_service", "applicationautoscaling_scaling_policy"];
    let told = evaluated
        .program
        .resources
        .iter()
        .filter(|resource| kinds.iter().any(|kind| resource.address.kind().as_str().starts_with(kind)));
    let line = |resource: &crate::model::Resource| {
        let mut properties = serde_json::to_value(&resource.properties).expect("JSON");
        if resource.address.kind().as_str() == "ecs_service" {
            let kept = ["loadBalancers", "healthCheckGracePeriodSeconds"];
            properties.as_object_mut().expect("a map").retain(|key, _| kept.contains(&key.as_str()));
        }
        let after: Vec<_> = resource.options.depends_on.iter().map(ToString::to_string).collect();
        let after = after.into_iter().filter(|after| after.starts_with("elastic")).collect::<Vec<_>>().join(" ");
        format!("{} {properties}{}", resource.address, if after.is_empty() { after } else { format!(" after {after}") })
    };
    told.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn true_makes_a_load_balancer_of_the_services_own() {
    let source = r#"fargate_service(#{ cluster: "c", taskDefinition: task, network: net, loadBalancer: true });"#;
    insta::assert_snapshot!(declared(source), @r#"
    elasticloadbalancingv2_target_group.service-internal {"healthCheckPath":"/","port":8080,"protocol":"HTTP","targetGroupAttributes":[{"key":"deregistration_delay.timeout_seconds","value":"30"}],"targetType":"ip","vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    ec2_security_group.service-balancer {"groupDescription":"Load balancer service","securityGroupEgress":[{"cidrIp":"10.0.0.0/16","description":"Targets","fromPort":1,"ipProtocol":"tcp","toPort":65535}],"securityGroupIngress":[{"cidrIp":"10.0.0.0/16","description":"Clients","fromPort":80,"ipProtocol":"tcp","toPort":80}],"vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    elasticloadbalancingv2_load_balancer.service {"scheme":"internal","securityGroups":[{"$ref":"ec2_security_group.service-balancer#id"}],"subnets":[{"$ref":"ec2_subnet.net-private-1#id"},{"$ref":"ec2_subnet.net-private-2#id"}],"type":"application"}
    elasticloadbalancingv2_listener.service {"defaultActions":[{"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.service-internal#targetGroupArn"},"type":"forward"}],"loadBalancerArn":{"$ref":"elasticloadbalancingv2_load_balancer.service#loadBalancerArn"},"port":80,"protocol":"HTTP"}
    ec2_security_group.service {"groupDescription":"Tasks of service service","securityGroupIngress":[{"description":"Load balancer","fromPort":8080,"ipProtocol":"tcp","sourceSecurityGroupId":{"$ref":"ec2_security_group.service-balancer#groupId"},"toPort":8080}],"vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    ecs_service.service {"healthCheckGracePeriodSeconds":60,"loadBalancers":[{"containerName":"web","containerPort":8080,"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.service-internal#targetGroupArn"}}]} after elasticloadbalancingv2_listener.service
    "#);
}

#[test]
fn a_load_balancer_speaks_https_with_a_certificate() {
    let source = r#"
let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef";
let made = application_load_balancer(#{ name: "tls", network: net, public: true, certificateArn: arn, idleTimeoutSeconds: 120 });
"#;
    insta::assert_snapshot!(declared(source), @r#"
    ec2_security_group.tls-balancer {"groupDescription":"Load balancer tls","securityGroupEgress":[{"cidrIp":"10.0.0.0/16","description":"Targets","fromPort":1,"ipProtocol":"tcp","toPort":65535}],"securityGroupIngress":[{"cidrIp":"0.0.0.0/0","description":"Clients","fromPort":443,"ipProtocol":"tcp","toPort":443}],"vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    elasticloadbalancingv2_load_balancer.tls {"loadBalancerAttributes":[{"key":"idle_timeout.timeout_seconds","value":"120"}],"scheme":"internet-facing","securityGroups":[{"$ref":"ec2_security_group.tls-balancer#id"}],"subnets":[{"$ref":"ec2_subnet.net-public-1#id"},{"$ref":"ec2_subnet.net-public-2#id"}],"type":"application"}
    elasticloadbalancingv2_listener.tls {"certificates":[{"certificateArn":"arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"}],"defaultActions":[{"fixedResponseConfig":{"contentType":"text/plain","messageBody":"Not found","statusCode":"404"},"type":"fixed-response"}],"loadBalancerArn":{"$ref":"elasticloadbalancingv2_load_balancer.tls#loadBalancerArn"},"port":443,"protocol":"HTTPS","sslPolicy":"ELBSecurityPolicy-TLS13-1-2-2021-06"}
    "#);
}

#[test]
fn services_share_a_load_balancer_by_rules() {
    let source = r#"
let shared = application_load_balancer(#{ name: "shared", network: net, clientCidr: ["10.1.0.0/16", "10.2.0.0/16"] });
fargate_service(#{ name: "one", cluster: "c", taskDefinition: task, loadBalancer: #{
    attachTo: shared, priority: 10, pathPatterns: ["/a", "/a/*"], hostHeaders: "example.com", containerPort: 9090,
    healthCheckPath: "/health", healthyHttpCodes: "200-299", healthCheckIntervalSeconds: 10,
    deregistrationDelaySeconds: 5,
}, healthCheckGracePeriodSeconds: 5, autoscaling: #{ max: 2, requestsPerTarget: 100 } });
fargate_service(#{ name: "two", cluster: "c", taskDefinition: "web:1", securityGroups: ["sg-12345678"], loadBalancer: #{
    attachTo: shared, priority: 20, pathPatterns: ["/b"], containerName: "web", containerPort: 80,
} });
"#;
    insta::assert_snapshot!(declared(source), @r#"
    ec2_security_group.shared-balancer {"groupDescription":"Load balancer shared","securityGroupEgress":[{"cidrIp":"10.0.0.0/16","description":"Targets","fromPort":1,"ipProtocol":"tcp","toPort":65535}],"securityGroupIngress":[{"cidrIp":"10.1.0.0/16","description":"Clients","fromPort":80,"ipProtocol":"tcp","toPort":80},{"cidrIp":"10.2.0.0/16","description":"Clients","fromPort":80,"ipProtocol":"tcp","toPort":80}],"vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    elasticloadbalancingv2_load_balancer.shared {"scheme":"internal","securityGroups":[{"$ref":"ec2_security_group.shared-balancer#id"}],"subnets":[{"$ref":"ec2_subnet.net-private-1#id"},{"$ref":"ec2_subnet.net-private-2#id"}],"type":"application"}
    elasticloadbalancingv2_listener.shared {"defaultActions":[{"fixedResponseConfig":{"contentType":"text/plain","messageBody":"Not found","statusCode":"404"},"type":"fixed-response"}],"loadBalancerArn":{"$ref":"elasticloadbalancingv2_load_balancer.shared#loadBalancerArn"},"port":80,"protocol":"HTTP"}
    elasticloadbalancingv2_target_group.one {"healthCheckIntervalSeconds":10,"healthCheckPath":"/health","matcher":{"httpCode":"200-299"},"port":9090,"protocol":"HTTP","targetGroupAttributes":[{"key":"deregistration_delay.timeout_seconds","value":"5"}],"targetType":"ip","vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    elasticloadbalancingv2_listener_rule.one {"actions":[{"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.one#targetGroupArn"},"type":"forward"}],"conditions":[{"field":"path-pattern","pathPatternConfig":{"values":["/a","/a/*"]}},{"field":"host-header","hostHeaderConfig":{"values":["example.com"]}}],"listenerArn":{"$ref":"elasticloadbalancingv2_listener.shared#listenerArn"},"priority":10}
    ec2_security_group.one {"groupDescription":"Tasks of service one","securityGroupIngress":[{"description":"Load balancer","fromPort":9090,"ipProtocol":"tcp","sourceSecurityGroupId":{"$ref":"ec2_security_group.shared-balancer#groupId"},"toPort":9090}],"vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    ecs_service.one {"healthCheckGracePeriodSeconds":5,"loadBalancers":[{"containerName":"web","containerPort":9090,"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.one#targetGroupArn"}}]} after elasticloadbalancingv2_listener_rule.one
    applicationautoscaling_scaling_policy.one-requestsPerTarget {"policyName":"one-requestsPerTarget","policyType":"TargetTrackingScaling","scalingTargetId":{"$ref":"applicationautoscaling_scalable_target.one#id"},"targetTrackingScalingPolicyConfiguration":{"predefinedMetricSpecification":{"predefinedMetricType":"ALBRequestCountPerTarget","resourceLabel":{"$template":[{"$ref":"elasticloadbalancingv2_load_balancer.shared#loadBalancerFullName"},"/",{"$ref":"elasticloadbalancingv2_target_group.one#targetGroupFullName"}]}},"targetValue":100}}
    elasticloadbalancingv2_target_group.two {"healthCheckPath":"/","port":80,"protocol":"HTTP","targetGroupAttributes":[{"key":"deregistration_delay.timeout_seconds","value":"30"}],"targetType":"ip","vpcId":{"$ref":"ec2_vpc.net#vpcId"}}
    elasticloadbalancingv2_listener_rule.two {"actions":[{"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.two#targetGroupArn"},"type":"forward"}],"conditions":[{"field":"path-pattern","pathPatternConfig":{"values":["/b"]}}],"listenerArn":{"$ref":"elasticloadbalancingv2_listener.shared#listenerArn"},"priority":20}
    ecs_service.two {"healthCheckGracePeriodSeconds":60,"loadBalancers":[{"containerName":"web","containerPort":80,"targetGroupArn":{"$ref":"elasticloadbalancingv2_target_group.two#targetGroupArn"}}]} after elasticloadbalancingv2_listener_rule.two
    "#);
}

#[test]
fn no_load_balancer_is_none() {
    let none = |with: &str| {
        declared(&format!("fargate_service(#{{ cluster: \"c\", taskDefinition: task, network: net{with} }});"))
    };
    assert_eq!(none(", loadBalancer: false"), none(""));
    assert!(!none("").contains("elasticloadbalancing"));
}

#[test]
fn what_is_wrong_in_a_load_balancer_is_told_where_it_is_written() {
    let source = r#"let net = network(#{ name: "net" });
application_load_balancer(#{ name: "a", network: net, publik: true, port: 0, vpcSubnets: net.publicSubnets[0] });
application_load_balancer(#{ name: "b", network: net, public: 1, sslPolicy: "x", vpcSubnets: [net.publicSubnets[0]] });
application_load_balancer(#{ name: "c", network: network(#{ name: "small", azs: 1 }), port: "80" });
application_load_balancer(#{ name: "d", network: net, securityGroups: ["sg-12345678"], clientCidr: "10.0.0.0/8" });
application_load_balancer(#{ name: "e", network: net, clientCidr: "10.0.0.0/33", certificateArn: 5, idleTimeoutSeconds: 0 });
application_load_balancer(#{ name: "f", network: existing_vpc(#{ name: "public" }) });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:2:55+6 application_load_balancer has no property `publik` | not a property ? did you mean `public`?
    main.rhai:2:75+1 a port is a number from 1 to 65535
    main.rhai:2:90+3 vpcSubnets of a load balancer is a list of subnets, in two zones at least
    main.rhai:3:63+1 public is true or false: whether it is reached from the internet
    main.rhai:3:77+3 `sslPolicy` goes with `certificateArn`: without one, HTTP is spoken
    main.rhai:3:94+1 a load balancer is in subnets of two zones at least
    main.rhai:4:50+7 a load balancer is in two zones at least, and the network has one private subnet
    main.rhai:4:93+4 a port is a number from 1 to 65535
    main.rhai:5:100+12 `clientCidr` is of the security group made here; let clients in where yours are made
    main.rhai:6:1+25 `securityGroupIngress[0].cidrIp`: `10.0.0.0/33` is not an IPv4 network | not a network ? such as `10.0.0.0/16`
    main.rhai:6:98+1 `certificateArn` is a whole number, not a string | not a string
    main.rhai:6:121+1 idleTimeoutSeconds is a number from 1 to 4000
    main.rhai:7:50+12 a load balancer is in two zones at least, and the network has no private subnets
    ");
}

#[test]
fn what_is_wrong_in_a_services_load_balancer_is_told_where_it_is_written() {
    let source = r#"let net = network(#{ name: "net" });
let task = fargate_task_definition(#{ name: "web" });
task.add_container("web", #{ image: "web:1", portMappings: [8080] });
let shared = application_load_balancer(#{ name: "shared", network: net });
fargate_service(#{ name: "a", cluster: "c", taskDefinition: task, network: net, loadBalancer: 80 });
fargate_service(#{ name: "b", cluster: "c", taskDefinition: task, network: net, loadBalancer: #{ publc: true } });
fargate_service(#{ name: "c", cluster: "c", taskDefinition: task, network: net, loadBalancer: #{
    priority: 1, pathPatterns: ["/c"], port: 70000, public: "yes" } });
fargate_service(#{ name: "d", cluster: "c", taskDefinition: task, network: net, loadBalancer: #{ attachTo: net } });
fargate_service(#{ name: "e", cluster: "c", taskDefinition: task, loadBalancer: #{ attachTo: shared, hostHeaders: "e" } });
fargate_service(#{ name: "f", cluster: "c", taskDefinition: task, loadBalancer: #{ attachTo: shared, priority: "1" } });
fargate_service(#{ name: "g", cluster: "c", taskDefinition: task, loadBalancer: #{ attachTo: shared, priority: 1, port: 81 } });
fargate_service(#{ name: "h", cluster: "c", taskDefinition: task, loadBalancer: #{ attachTo: shared, priority: 2, pathPatterns: 3 } });
fargate_service(#{ name: "i", cluster: "c", taskDefinition: task, network: net, loadBalancer: #{ containerPort: 80 } });
fargate_service(#{ name: "j", cluster: "c", taskDefinition: "web:1", network: net, loadBalancer: true });
fargate_service(#{ name: "k", cluster: "c", taskDefinition: task, vpcSubnets: ["subnet-12345678"], securityGroups: ["sg-12345678"],
    loadBalancer: true });
fargate_service(#{ name: "l", cluster: "c", taskDefinition: task, network: net, autoscaling: #{ max: 2, requestsPerTarget: 5 } });
fargate_service(#{ name: "m", cluster: "c", taskDefinition: task, network: net, loadBalancer: true,
    autoscaling: #{ max: 2, cpu: 50, resourceLabel: "x" } });
fargate_service(#{ name: "n", cluster: "c", taskDefinition: task, network: net, loadBalancer: #{
    certificateArn: 5, clientCidr: "10.0.0.0/8", healthCheckPath: 7, healthCheckIntervalSeconds: 1 } });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:5:95+2 loadBalancer is true, #{ public, port, … } for one of the service's own, or #{ attachTo, priority, pathPatterns, … } for a shared one
    main.rhai:6:98+5 `loadBalancer` of fargate_service has no property `publc` | not a property ? did you mean `public`?
    main.rhai:8:15+1 `priority` is of a rule: say of which load balancer's, by `attachTo`
    main.rhai:8:32+1 `pathPatterns` is of a rule: say of which load balancer's, by `attachTo`
    main.rhai:8:46+5 `port` is a number from 1 to 65535
    main.rhai:8:61+5 public is true or false: whether it is reached from the internet
    main.rhai:9:108+3 attachTo is what application_load_balancer returns
    main.rhai:10:81+2 a rule needs its `priority`, a number from 1 to 50000 that no other rule of the load balancer has
    main.rhai:11:112+3 a rule needs its `priority`, a number from 1 to 50000 that no other rule of the load balancer has
    main.rhai:12:81+2 a rule has 1 to 5 paths and hosts in `pathPatterns` and `hostHeaders`, and this one has 0
    main.rhai:12:121+2 `port` is the shared load balancer's: say it where this one is made
    main.rhai:13:129+1 `pathPatterns` is a list of texts
    main.rhai:14:95+2 a load balancer needs a port: no container of the task definition has it mapped
    main.rhai:15:98+4 say `containerName` and `containerPort`: the task definition is not made in this script
    main.rhai:17:19+4 a load balancer needs `network`: in which VPC are the tasks?
    main.rhai:18:94+2 `requestsPerTarget` needs `loadBalancer`, or `resourceLabel`: requests of which target group?
    main.rhai:20:18+2 `resourceLabel` goes with `requestsPerTarget`: how many requests to a target?
    main.rhai:22:21+1 `certificateArn` is a whole number, not a string | not a string
    main.rhai:22:67+1 `healthCheckPath` is a whole number, not a string | not a string
    main.rhai:22:98+1 `healthCheckIntervalSeconds` is a number from 6 to 300
    ");
}
