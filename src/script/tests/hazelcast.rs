//! `scripts/hazelcast.rhai`: the guide.

use super::script;

const SCRIPT: &str = include_str!("../../../scripts/hazelcast.rhai");

#[test]
fn the_guide_declares_these_resources() {
    let evaluated = script(SCRIPT).program();
    assert_eq!(evaluated.warnings, []);
    let addresses: Vec<String> = evaluated.program.resources.iter().map(|r| r.address.to_string()).collect();
    insta::assert_snapshot!(addresses.join("\n"), @r"
    ec2_vpc.my-vpc
    ec2_internet_gateway.my-vpc
    ec2_vpc_gateway_attachment.my-vpc
    ec2_subnet.my-vpc-public-1
    ec2_subnet.my-vpc-private-1
    ec2_subnet.my-vpc-public-2
    ec2_subnet.my-vpc-private-2
    ec2_route_table.my-vpc-public
    ec2_route.my-vpc-public
    ec2_subnet_route_table_association.my-vpc-public-1
    ec2_subnet_route_table_association.my-vpc-public-2
    ec2_eip.my-vpc-nat-1
    ec2_nat_gateway.my-vpc-1
    ec2_route_table.my-vpc-private-1
    ec2_subnet_route_table_association.my-vpc-private-1
    ec2_route.my-vpc-private-1
    ec2_route_table.my-vpc-private-2
    ec2_subnet_route_table_association.my-vpc-private-2
    ec2_route.my-vpc-private-2
    ecs_cluster.fargate-cluster
    logs_log_group.hazelcast-logs
    iam_role.hazelcast-ecs-role
    iam_role.ecsTaskExecutionRole
    ecs_task_definition.hazelcast-definition
    ec2_security_group.hazelcast-sg
    ecs_service.hazelcast-service
    ");
    insta::assert_snapshot!(serde_json::to_string(&evaluated.program.outputs).expect("JSON"), @r#"{"cluster":{"$ref":"ecs_cluster.fargate-cluster#clusterName"},"logGroup":{"$ref":"logs_log_group.hazelcast-logs#logGroupName"},"service":{"$ref":"ecs_service.hazelcast-service#serviceName"},"vpc":{"$ref":"ec2_vpc.my-vpc#vpcId"}}"#);
    insta::assert_snapshot!(serde_json::to_string(&evaluated.program.inputs).expect("JSON"), @r#"{"cidr":"10.0.0.0/16","cpu":1024,"desiredCount":3,"image":"hazelcast/hazelcast:5.5.10","memory":2048}"#);
}

#[test]
fn the_guides_properties() {
    let script = script(SCRIPT).set("desiredCount", "5").set("cidr", "10.1.0.0/16");
    insta::assert_snapshot!(script.properties("ecs_service.hazelcast-service"), @r#"
    {
      "cluster": {
        "$ref": "ecs_cluster.fargate-cluster#clusterName"
      },
      "deploymentConfiguration": {
        "deploymentCircuitBreaker": {
          "enable": true,
          "rollback": true
        }
      },
      "desiredCount": 5,
      "launchType": "FARGATE",
      "networkConfiguration": {
        "awsvpcConfiguration": {
          "assignPublicIp": "DISABLED",
          "securityGroups": [
            {
              "$ref": "ec2_security_group.hazelcast-sg#groupId"
            }
          ],
          "subnets": [
            {
              "$ref": "ec2_subnet.my-vpc-private-1#id"
            },
            {
              "$ref": "ec2_subnet.my-vpc-private-2#id"
            }
          ]
        }
      },
      "serviceName": "hazelcast-service",
      "taskDefinition": {
        "$ref": "ecs_task_definition.hazelcast-definition#taskDefinitionArn"
      }
    }
    "#);
    insta::assert_snapshot!(script.properties("ecs_task_definition.hazelcast-definition"), @r#"
    {
      "containerDefinitions": [
        {
          "environment": [
            {
              "name": "HZ_CLUSTERNAME",
              "value": "hazelcast"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_ENABLED",
              "value": "true"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_SERVICENAME",
              "value": "hazelcast-service"
            },
            {
              "name": "HZ_NETWORK_JOIN_AWS_HZPORT",
              "value": "5701"
            },
            {
              "name": "JAVA_OPTS",
              "value": "-Dhazelcast.shutdownhook.policy=GRACEFUL -Dhazelcast.graceful.shutdown.max.wait=110 -Dhazelcast.merge.first.run.delay.seconds=30 -Dhazelcast.merge.next.run.delay.seconds=15"
            }
          ],
          "essential": true,
          "image": "hazelcast/hazelcast:5.5.10",
          "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
              "awslogs-group": {
                "$ref": "logs_log_group.hazelcast-logs#logGroupName"
              },
              "awslogs-region": "eu-west-1",
              "awslogs-stream-prefix": "hazelcast"
            }
          },
          "name": "ecs-fargate-container",
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
        "$ref": "iam_role.ecsTaskExecutionRole#arn"
      },
      "family": "hazelcast-definition",
      "memory": "2048",
      "networkMode": "awsvpc",
      "requiresCompatibilities": [
        "FARGATE"
      ],
      "taskRoleArn": {
        "$ref": "iam_role.hazelcast-ecs-role#arn"
      }
    }
    "#);
    insta::assert_snapshot!(script.properties("iam_role.hazelcast-ecs-role"), @r#"
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
      "description": "Hazelcast ECS role",
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
                      "$ref": "ecs_cluster.fargate-cluster#arn"
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
          "policyName": "hazelcast-policy"
        }
      ],
      "roleName": "hazelcast-ecs-role"
    }
    "#);
    insta::assert_snapshot!(script.properties("iam_role.ecsTaskExecutionRole"), @r#"
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
      "managedPolicyArns": [
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
      ],
      "roleName": "ecsTaskExecutionRole"
    }
    "#);
    insta::assert_snapshot!(script.properties("ec2_security_group.hazelcast-sg"), @r#"
    {
      "groupDescription": "Hazelcast members and their clients",
      "groupName": "hazelcast-sg",
      "securityGroupIngress": [
        {
          "fromPort": 5701,
          "ipProtocol": "tcp",
          "sourceSecurityGroupId": "self",
          "toPort": 5701
        },
        {
          "cidrIp": "10.1.0.0/16",
          "fromPort": 8080,
          "ipProtocol": "tcp",
          "toPort": 8080
        }
      ],
      "vpcId": {
        "$ref": "ec2_vpc.my-vpc#vpcId"
      }
    }
    "#);
    insta::assert_snapshot!(script.properties("ec2_subnet.my-vpc-private-2"), @r#"
    {
      "availabilityZone": "eu-west-1b",
      "cidrBlock": "10.1.48.0/20",
      "tags": [
        {
          "key": "Name",
          "value": "my-vpc-private-2"
        }
      ],
      "vpcId": {
        "$ref": "ec2_vpc.my-vpc#vpcId"
      }
    }
    "#);
}

#[test]
fn a_bad_size_is_told_where_the_property_is() {
    insta::assert_snapshot!(script(SCRIPT).set("memory", "512").mistakes(), @"main.rhai:41:13+6 Fargate has no 512 MiB for tasks of 1024 CPU units | not offered with this cpu ? it offers 2048 to 8192 in steps of 1024 MiB");
    insta::assert_snapshot!(script(SCRIPT).set("desiredCount", "many").set("imag", "x").mistakes(), @r"
    main.rhai:6:15+5 the input `desiredCount` is `many`, not a whole number | takes a whole number
    - the script has no input `imag` ? did you mean `image`?
    ");
    insta::assert_snapshot!(script(SCRIPT).set("cidr", "10.0.0.0/33").mistakes(), @r"
    main.rhai:12:44+4 `10.0.0.0/33` is not an IPv4 network | not a network ? such as `10.0.0.0/16`
    main.rhai:77:18+4 `securityGroupIngress[1].cidrIp`: `10.0.0.0/33` is not an IPv4 network | not a network ? such as `10.0.0.0/16`
    ");
}
