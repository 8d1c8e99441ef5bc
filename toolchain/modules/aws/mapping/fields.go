package mapping

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// fields that the official plugin calls otherwise than by the bridge's rule, by resource: found by check-plugins.ts.
var fields = map[string]map[string]*tfbridge.SchemaInfo{
	"aws_cloudwatch_metric_alarm": {"alarm_name": made("name")},
	"aws_default_security_group":  {"egress": called("egress"), "ingress": called("ingress")},
	"aws_lambda_function": {
		"architectures": {MaxItemsOne: tfbridge.False()},
		"filename":      archive("code"),
		"function_name": made("name"),
	},
	"aws_lambda_permission": {"function_name": called("function")},
	"aws_route53_record": {
		"alias":                      several("aliases"),
		"failover_routing_policy":    several("failoverRoutingPolicies"),
		"geolocation_routing_policy": several("geolocationRoutingPolicies"),
		"latency_routing_policy":     several("latencyRoutingPolicies"),
		"weighted_routing_policy":    several("weightedRoutingPolicies"),
	},
	"aws_security_group":         {"egress": called("egress"), "ingress": called("ingress")},
	"aws_sns_topic_subscription": {"topic_arn": called("topic")},
}

// config is the same of the provider's own settings.
var config = map[string]*tfbridge.SchemaInfo{
	"skip_metadata_api_check": {Type: "boolean"},
}

// made is of a name that the plugin makes up where a program gives none.
func made(name string) *tfbridge.SchemaInfo { return tfbridge.AutoName(name, 255, "-") }

// archive is of a file's name, which the official plugin takes an archive for.
func archive(name string) *tfbridge.SchemaInfo {
	translation := &tfbridge.AssetTranslation{Kind: tfbridge.FileArchive, Format: resource.ZIPArchive}
	return &tfbridge.SchemaInfo{Name: name, Asset: translation}
}

func called(name string) *tfbridge.SchemaInfo { return &tfbridge.SchemaInfo{Name: name} }

// several is of a block that there may be one of, which the official plugin takes a list of.
func several(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name, MaxItemsOne: tfbridge.False()}
}
