package mapping

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// resourceToken returns, for "ec2" and "Vpc", aws:ec2/vpc:Vpc.
func resourceToken(module, name string) tokens.Type {
	return tokens.Type("aws:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name)
}

// functionToken returns, for "ec2" and "getAmi", aws:ec2/getAmi:getAmi.
func functionToken(module, name string) tokens.ModuleMember {
	return tokens.ModuleMember("aws:" + module + "/" + name + ":" + name)
}

// resources by module of @pulumi/aws: those that the components use, or may come to use without another build, which
// takes half an hour.
var resources = map[string]map[string]string{
	"acm": {
		"aws_acm_certificate":            "Certificate",
		"aws_acm_certificate_validation": "CertificateValidation",
	},
	"apigatewayv2": {
		"aws_apigatewayv2_api":         "Api",
		"aws_apigatewayv2_api_mapping": "ApiMapping",
		"aws_apigatewayv2_authorizer":  "Authorizer",
		"aws_apigatewayv2_domain_name": "DomainName",
		"aws_apigatewayv2_integration": "Integration",
		"aws_apigatewayv2_route":       "Route",
		"aws_apigatewayv2_stage":       "Stage",
		"aws_apigatewayv2_vpc_link":    "VpcLink",
	},
	"backup": {
		"aws_backup_plan":      "Plan",
		"aws_backup_selection": "Selection",
		"aws_backup_vault":     "Vault",
	},
	"budgets": {"aws_budgets_budget": "Budget"},
	"cloudfront": {
		"aws_cloudfront_cache_policy":            "CachePolicy",
		"aws_cloudfront_distribution":            "Distribution",
		"aws_cloudfront_function":                "Function",
		"aws_cloudfront_origin_access_control":   "OriginAccessControl",
		"aws_cloudfront_origin_request_policy":   "OriginRequestPolicy",
		"aws_cloudfront_response_headers_policy": "ResponseHeadersPolicy",
	},
	"cloudwatch": {
		"aws_cloudwatch_composite_alarm":          "CompositeAlarm",
		"aws_cloudwatch_dashboard":                "Dashboard",
		"aws_cloudwatch_event_rule":               "EventRule",
		"aws_cloudwatch_event_target":             "EventTarget",
		"aws_cloudwatch_log_delivery":             "LogDelivery",
		"aws_cloudwatch_log_delivery_destination": "LogDeliveryDestination",
		"aws_cloudwatch_log_delivery_source":      "LogDeliverySource",
		"aws_cloudwatch_log_group":                "LogGroup",
		"aws_cloudwatch_metric_alarm":             "MetricAlarm",
	},
	"codebuild": {"aws_codebuild_project": "Project"},
	"ebs": {
		"aws_ebs_volume": "Volume",
	},
	"ec2": {
		"aws_default_security_group":  "DefaultSecurityGroup",
		"aws_eip":                     "Eip",
		"aws_eip_association":         "EipAssociation",
		"aws_flow_log":                "FlowLog",
		"aws_instance":                "Instance",
		"aws_internet_gateway":        "InternetGateway",
		"aws_key_pair":                "KeyPair",
		"aws_launch_template":         "LaunchTemplate",
		"aws_nat_gateway":             "NatGateway",
		"aws_route":                   "Route",
		"aws_route_table":             "RouteTable",
		"aws_route_table_association": "RouteTableAssociation",
		"aws_security_group":          "SecurityGroup",
		"aws_security_group_rule":     "SecurityGroupRule",
		"aws_subnet":                  "Subnet",
		"aws_volume_attachment":       "VolumeAttachment",
		"aws_vpc":                     "Vpc",
		"aws_vpc_endpoint":            "VpcEndpoint",
	},
	"ecr": {
		"aws_ecr_lifecycle_policy":  "LifecyclePolicy",
		"aws_ecr_repository":        "Repository",
		"aws_ecr_repository_policy": "RepositoryPolicy",
	},
	"ecs": {
		"aws_ecs_cluster":         "Cluster",
		"aws_ecs_task_definition": "TaskDefinition",
	},
	"eks": {
		"aws_eks_access_entry":              "AccessEntry",
		"aws_eks_access_policy_association": "AccessPolicyAssociation",
		"aws_eks_addon":                     "Addon",
		"aws_eks_cluster":                   "Cluster",
		"aws_eks_node_group":                "NodeGroup",
		"aws_eks_pod_identity_association":  "PodIdentityAssociation",
	},
	"iam": {
		"aws_iam_instance_profile":        "InstanceProfile",
		"aws_iam_openid_connect_provider": "OpenIdConnectProvider",
		"aws_iam_policy":                  "Policy",
		"aws_iam_role":                    "Role",
		"aws_iam_role_policy":             "RolePolicy",
		"aws_iam_role_policy_attachment":  "RolePolicyAttachment",
	},
	"kms": {
		"aws_kms_alias": "Alias",
		"aws_kms_key":   "Key",
	},
	"lambda": {
		"aws_lambda_alias":                          "Alias",
		"aws_lambda_event_source_mapping":           "EventSourceMapping",
		"aws_lambda_function":                       "Function",
		"aws_lambda_function_url":                   "FunctionUrl",
		"aws_lambda_invocation":                     "Invocation",
		"aws_lambda_permission":                     "Permission",
		"aws_lambda_provisioned_concurrency_config": "ProvisionedConcurrencyConfig",
	},
	"rds": {
		"aws_db_event_subscription": "EventSubscription",
		"aws_db_instance":           "Instance",
		"aws_db_option_group":       "OptionGroup",
		"aws_db_parameter_group":    "ParameterGroup",
		"aws_db_proxy":              "Proxy",
		"aws_db_subnet_group":       "SubnetGroup",
	},
	"route53": {
		"aws_route53_health_check": "HealthCheck",
		"aws_route53_record":       "Record",
		"aws_route53_zone":         "Zone",
	},
	"s3": {
		"aws_s3_bucket":                                      "Bucket",
		"aws_s3_bucket_cors_configuration":                   "BucketCorsConfiguration",
		"aws_s3_bucket_lifecycle_configuration":              "BucketLifecycleConfiguration",
		"aws_s3_bucket_logging":                              "BucketLogging",
		"aws_s3_bucket_notification":                         "BucketNotification",
		"aws_s3_bucket_ownership_controls":                   "BucketOwnershipControls",
		"aws_s3_bucket_policy":                               "BucketPolicy",
		"aws_s3_bucket_public_access_block":                  "BucketPublicAccessBlock",
		"aws_s3_bucket_server_side_encryption_configuration": "BucketServerSideEncryptionConfiguration",
		"aws_s3_bucket_versioning":                           "BucketVersioning",
	},
	"scheduler": {"aws_scheduler_schedule": "Schedule"},
	"secretsmanager": {
		"aws_secretsmanager_secret":          "Secret",
		"aws_secretsmanager_secret_rotation": "SecretRotation",
		"aws_secretsmanager_secret_version":  "SecretVersion",
	},
	"sns": {
		"aws_sns_topic":              "Topic",
		"aws_sns_topic_policy":       "TopicPolicy",
		"aws_sns_topic_subscription": "TopicSubscription",
	},
	"ssm": {"aws_ssm_parameter": "Parameter"},
	"vpc": {
		"aws_vpc_security_group_egress_rule":  "SecurityGroupEgressRule",
		"aws_vpc_security_group_ingress_rule": "SecurityGroupIngressRule",
	},
	"wafv2": {
		"aws_wafv2_web_acl":                       "WebAcl",
		"aws_wafv2_web_acl_logging_configuration": "WebAclLoggingConfiguration",
	},
}

// functions by module of @pulumi/aws.
var functions = map[string]map[string]string{
	"acm":        {"aws_acm_certificate": "getCertificate"},
	"cloudfront": {"aws_cloudfront_cache_policy": "getCachePolicy", "aws_cloudfront_origin_request_policy": "getOriginRequestPolicy"},
	"ec2":        {"aws_ami": "getAmi", "aws_ec2_managed_prefix_list": "getManagedPrefixList"},
	"eks":        {"aws_eks_cluster": "getCluster", "aws_eks_cluster_auth": "getClusterAuth"},
	"iam":        {"aws_iam_policy_document": "getPolicyDocument"},
	"index": {
		"aws_availability_zones": "getAvailabilityZones",
		"aws_caller_identity":    "getCallerIdentity",
		"aws_partition":          "getPartition",
		"aws_region":             "getRegion",
	},
	"route53":        {"aws_route53_zone": "getZone"},
	"secretsmanager": {"aws_secretsmanager_secret_version": "getSecretVersion"},
	"ssm":            {"aws_ssm_parameter": "getParameter"},
}
