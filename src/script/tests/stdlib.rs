//! The standard library.

use super::script;

#[test]
fn a_network_has_these_parts() {
    let evaluated = script("let net = network(#{ cidr: \"10.2.0.0/16\", azs: 3, natGateways: 2 });").program();
    let line = |resource: &crate::model::Resource| {
        format!("{} {}", resource.address, serde_json::to_string(&resource.properties).expect("JSON"))
    };
    let lines: Vec<String> = evaluated.program.resources.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ec2_vpc.network {"cidrBlock":"10.2.0.0/16","enableDnsHostnames":true,"enableDnsSupport":true,"tags":[{"key":"Name","value":"network"}]}
    ec2_internet_gateway.network {"tags":[{"key":"Name","value":"network"}]}
    ec2_vpc_gateway_attachment.network {"internetGatewayId":{"$ref":"ec2_internet_gateway.network#internetGatewayId"},"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-public-1 {"availabilityZone":"eu-west-1a","cidrBlock":"10.2.0.0/20","mapPublicIpOnLaunch":true,"tags":[{"key":"Name","value":"network-public-1"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-private-1 {"availabilityZone":"eu-west-1a","cidrBlock":"10.2.48.0/20","tags":[{"key":"Name","value":"network-private-1"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-public-2 {"availabilityZone":"eu-west-1b","cidrBlock":"10.2.16.0/20","mapPublicIpOnLaunch":true,"tags":[{"key":"Name","value":"network-public-2"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-private-2 {"availabilityZone":"eu-west-1b","cidrBlock":"10.2.64.0/20","tags":[{"key":"Name","value":"network-private-2"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-public-3 {"availabilityZone":"eu-west-1c","cidrBlock":"10.2.32.0/20","mapPublicIpOnLaunch":true,"tags":[{"key":"Name","value":"network-public-3"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet.network-private-3 {"availabilityZone":"eu-west-1c","cidrBlock":"10.2.80.0/20","tags":[{"key":"Name","value":"network-private-3"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_route_table.network-public {"tags":[{"key":"Name","value":"network-public"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_route.network-public {"destinationCidrBlock":"0.0.0.0/0","gatewayId":{"$ref":"ec2_internet_gateway.network#internetGatewayId"},"routeTableId":{"$ref":"ec2_route_table.network-public#routeTableId"}}
    ec2_subnet_route_table_association.network-public-1 {"routeTableId":{"$ref":"ec2_route_table.network-public#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-public-1#subnetId"}}
    ec2_subnet_route_table_association.network-public-2 {"routeTableId":{"$ref":"ec2_route_table.network-public#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-public-2#subnetId"}}
    ec2_subnet_route_table_association.network-public-3 {"routeTableId":{"$ref":"ec2_route_table.network-public#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-public-3#subnetId"}}
    ec2_eip.network-nat-1 {"domain":"vpc","tags":[{"key":"Name","value":"network-nat-1"}]}
    ec2_nat_gateway.network-1 {"allocationId":{"$ref":"ec2_eip.network-nat-1#allocationId"},"subnetId":{"$ref":"ec2_subnet.network-public-1#subnetId"},"tags":[{"key":"Name","value":"network-1"}]}
    ec2_eip.network-nat-2 {"domain":"vpc","tags":[{"key":"Name","value":"network-nat-2"}]}
    ec2_nat_gateway.network-2 {"allocationId":{"$ref":"ec2_eip.network-nat-2#allocationId"},"subnetId":{"$ref":"ec2_subnet.network-public-2#subnetId"},"tags":[{"key":"Name","value":"network-2"}]}
    ec2_route_table.network-private-1 {"tags":[{"key":"Name","value":"network-private-1"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet_route_table_association.network-private-1 {"routeTableId":{"$ref":"ec2_route_table.network-private-1#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-private-1#subnetId"}}
    ec2_route.network-private-1 {"destinationCidrBlock":"0.0.0.0/0","natGatewayId":{"$ref":"ec2_nat_gateway.network-1#natGatewayId"},"routeTableId":{"$ref":"ec2_route_table.network-private-1#routeTableId"}}
    ec2_route_table.network-private-2 {"tags":[{"key":"Name","value":"network-private-2"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet_route_table_association.network-private-2 {"routeTableId":{"$ref":"ec2_route_table.network-private-2#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-private-2#subnetId"}}
    ec2_route.network-private-2 {"destinationCidrBlock":"0.0.0.0/0","natGatewayId":{"$ref":"ec2_nat_gateway.network-2#natGatewayId"},"routeTableId":{"$ref":"ec2_route_table.network-private-2#routeTableId"}}
    ec2_route_table.network-private-3 {"tags":[{"key":"Name","value":"network-private-3"}],"vpcId":{"$ref":"ec2_vpc.network#vpcId"}}
    ec2_subnet_route_table_association.network-private-3 {"routeTableId":{"$ref":"ec2_route_table.network-private-3#routeTableId"},"subnetId":{"$ref":"ec2_subnet.network-private-3#subnetId"}}
    ec2_route.network-private-3 {"destinationCidrBlock":"0.0.0.0/0","natGatewayId":{"$ref":"ec2_nat_gateway.network-1#natGatewayId"},"routeTableId":{"$ref":"ec2_route_table.network-private-3#routeTableId"}}
    "#);
}

#[test]
fn wrong_properties_are_told_where_the_caller_wrote_them() {
    let source = r#"let props = #{ cidr: "10.2.0.0/16", natGateway: 1 };
network(props);
network(#{ name: "b", azs: 9, natGateways: 5 });
network(#{ name: "d", cidr: 5, azs: [], natGateways: 1 });
network(#{
    name: "c",
    cidr: "10.0.0.0/28",
});
hazelcast_cluster(#{ desiredCont: 3, memory: 512, image: [] });
hazelcast_cluster(#{ name: "e", network: "x", environment: ["A"], containerName: 5, clusterName: () });
hazelcast_config(#{ cidr: 5, port: "x", clusterName: [] });
hazelcast_config(#{ cidr: "10.0.0.0/16", port: 65536 });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:37+10 network has no property `natGateway` | not a property ? did you mean `natGateways`?
    main.rhai:3:28+1 azs is a number of zones or a list of their names; this region has 3
    main.rhai:3:44+1 natGateways is a number from 0 to 3, one a zone
    main.rhai:4:29+1 `cidr` is a whole number, not a string | not a string
    main.rhai:4:37+1 a network is in 1 to 8 availability zones
    main.rhai:7:11+13 a subnet is /28 at the least, not /32: give the VPC more addresses, or each subnet a larger share by `subnetPrefix`
    main.rhai:9:22+11 hazelcast_cluster has no property `desiredCont` | not a property ? did you mean `desiredCount`?
    main.rhai:9:46+3 Fargate has no 512 MiB for tasks of 1024 CPU units | not offered with this cpu ? it offers 2048 to 8192 in steps of 1024 MiB
    main.rhai:9:58+1 `containerDefinitions[0].image` is a list, not a string | not a string
    main.rhai:10:42+3 `network` is a string, not a map | not a map
    main.rhai:10:60+1 `environment` is a list, not a map | not a map
    main.rhai:10:82+1 `containerName` is a whole number, not a string | not a string
    main.rhai:11:27+1 `cidr` is a whole number, not a string | not a string
    main.rhai:11:36+3 a port is a number from 1 to 65535
    main.rhai:11:54+1 `clusterName` is a list, not a string | not a string
    main.rhai:12:48+5 a port is a number from 1 to 65535
    ");
}

#[test]
fn what_goes_wrong_in_a_function_is_told_with_its_caller() {
    insta::assert_snapshot!(script("let a = hazelcast_cluster(#{});\nlet b = hazelcast_cluster(#{});").mistakes(), @"main.rhai:2:9+17 ec2_vpc.hazelcast is declared twice, first at main.rhai:1:9 | again ? give one of them another name");
    insta::assert_snapshot!(script("\nhazelcast_cluster(#{ network: #{} });").mistakes(), @r#"stdlib/hazelcast.rhai:115:20+3 the map has no `vpc` | not there ? ask for it with a default: `.get("vpc") ?? …` < main.rhai:2:1+17"#);
    insta::assert_snapshot!(script("network();").mistakes(), @"main.rhai:1:1+7 `network ()` cannot be called ? write network(#{ … })");
}

#[test]
fn the_configuration_is_the_guides_made_right() {
    let source =
        "output(\"yaml\", hazelcast_config(#{ cidr: \"10.0.16.0/20\", clusterName: \"c\", serviceName: \"s\" }));";
    let yaml = script(source).output("yaml");
    insta::assert_snapshot!(yaml.as_str().expect("a text"), @r#"
    hazelcast:
      cluster-name: "c"
      network:
        port:
          port: 5701
          auto-increment: false
        join:
          multicast:
            enabled: false
          aws:
            enabled: true
            hz-port: 5701
            service-name: "s"
        interfaces:
          enabled: true
          interfaces:
            - 10.0.16-31.*
    "#);
    insta::assert_snapshot!(script("hazelcast_config(#{ cidr: \"10.0.0.1/20\" });").mistakes(), @"main.rhai:1:27+13 `10.0.0.1/20` has bits beyond its prefix | not a network ? write `10.0.0.0/20`");
}

#[test]
fn a_cluster_is_made_of_these() {
    let script =
        script("let c = hazelcast_cluster(#{ name: \"hz\", environment: #{ A: 1 } });\noutput(\"s\", c.service.name);");
    let addresses: Vec<String> = script.program().program.resources.iter().map(|r| r.address.to_string()).collect();
    insta::assert_snapshot!(addresses.join("\n"), @r"
    ec2_vpc.hz
    ec2_internet_gateway.hz
    ec2_vpc_gateway_attachment.hz
    ec2_subnet.hz-public-1
    ec2_subnet.hz-private-1
    ec2_subnet.hz-public-2
    ec2_subnet.hz-private-2
    ec2_route_table.hz-public
    ec2_route.hz-public
    ec2_subnet_route_table_association.hz-public-1
    ec2_subnet_route_table_association.hz-public-2
    ec2_eip.hz-nat-1
    ec2_nat_gateway.hz-1
    ec2_route_table.hz-private-1
    ec2_subnet_route_table_association.hz-private-1
    ec2_route.hz-private-1
    ec2_route_table.hz-private-2
    ec2_subnet_route_table_association.hz-private-2
    ec2_route.hz-private-2
    ecs_cluster.hz
    logs_log_group.hz
    ec2_security_group.hz
    iam_role.hz-task
    iam_role.hz-execution
    ecs_task_definition.hz
    ecs_service.hz
    ");
    insta::assert_snapshot!(script.properties("ecs_task_definition.hz"), @r#"
    {
      "containerDefinitions": [
        {
          "environment": [
            {
              "name": "A",
              "value": "1"
            },
            {
              "name": "HZ_CLUSTERNAME",
              "value": "hz"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_ENABLED",
              "value": "true"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_HZPORT",
              "value": "5701"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_SERVICENAME",
              "value": "hz-service"
            },
            {
              "name": "JAVA_OPTS",
              "value": "-Dhazelcast.shutdownhook.policy=GRACEFUL -Dhazelcast.graceful.shutdown.max.wait=110 -Dhazelcast.merge.first.run.delay.seconds=30 -Dhazelcast.merge.next.run.delay.seconds=15"
            }
          ],
          "essential": true,
          "healthCheck": {
            "command": [
              "CMD-SHELL",
              "curl -fs http://127.0.0.1:5701/hazelcast/health/ready || exit 1"
            ],
            "interval": 30,
            "retries": 3,
            "startPeriod": 60,
            "timeout": 5
          },
          "image": "hazelcast/hazelcast:5.5.10",
          "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
              "awslogs-group": {
                "$ref": "logs_log_group.hz#logGroupName"
              },
              "awslogs-region": "eu-west-1",
              "awslogs-stream-prefix": "hz"
            }
          },
          "name": "hazelcast",
          "portMappings": [
            {
              "containerPort": 5701,
              "protocol": "tcp"
            }
          ],
          "stopTimeout": 120
        }
      ],
      "cpu": "1024",
      "executionRoleArn": {
        "$ref": "iam_role.hz-execution#arn"
      },
      "memory": "2048",
      "networkMode": "awsvpc",
      "requiresCompatibilities": [
        "FARGATE"
      ],
      "taskRoleArn": {
        "$ref": "iam_role.hz-task#arn"
      }
    }
    "#);
    insta::assert_snapshot!(script.properties("iam_role.hz-task"), @r#"
    {
      "assumeRolePolicyDocument": {
        "Statement": [
          {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {
              "Service": "ecs-tasks.amazonaws.com"
            }
          }
        ],
        "Version": "2012-10-17"
      },
      "description": "Members of hz find each other",
      "policies": [
        {
          "policyDocument": {
            "Statement": [
              {
                "Action": [
                  "ecs:ListTasks",
                  "ecs:DescribeTasks"
                ],
                "Condition": {
                  "ArnEquals": {
                    "ecs:cluster": {
                      "$ref": "ecs_cluster.hz#arn"
                    }
                  }
                },
                "Effect": "Allow",
                "Resource": [
                  "*"
                ]
              },
              {
                "Action": [
                  "ec2:DescribeNetworkInterfaces"
                ],
                "Effect": "Allow",
                "Resource": [
                  "*"
                ]
              }
            ],
            "Version": "2012-10-17"
          },
          "policyName": "default"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(script.properties("ecs_service.hz"), @r#"
    {
      "cluster": {
        "$ref": "ecs_cluster.hz#clusterName"
      },
      "deploymentConfiguration": {
        "deploymentCircuitBreaker": {
          "enable": true,
          "rollback": true
        }
      },
      "desiredCount": 3,
      "launchType": "FARGATE",
      "networkConfiguration": {
        "awsvpcConfiguration": {
          "assignPublicIp": "DISABLED",
          "securityGroups": [
            {
              "$ref": "ec2_security_group.hz#groupId"
            }
          ],
          "subnets": [
            {
              "$ref": "ec2_subnet.hz-private-1#id"
            },
            {
              "$ref": "ec2_subnet.hz-private-2#id"
            }
          ]
        }
      },
      "serviceName": "hz-service",
      "taskDefinition": {
        "$ref": "ecs_task_definition.hz#taskDefinitionArn"
      }
    }
    "#);
}

#[test]
fn names_cannot_break_out_of_the_configuration() {
    let source =
        r#"output("yaml", hazelcast_config(#{ cidr: "10.0.0.0/16", clusterName: "a\"b\nc: d", serviceName: "s\\" }));"#;
    let yaml = script(source).output("yaml");
    let yaml = yaml.as_str().expect("a text");
    assert!(yaml.contains("  cluster-name: \"a\\\"b\\nc: d\"\n"), "{yaml}");
    assert!(yaml.contains("        service-name: \"s\\\\\"\n"), "{yaml}");
}
