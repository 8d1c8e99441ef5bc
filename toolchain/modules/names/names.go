// Package names says what a plugin built here calls everything: compared with the npm package by toolchain/check-plugins.ts.
package names

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// Property is one property as a Pulumi program sees it.
type Property struct {
	// Type is string, number, boolean, object, array of X, or map of X.
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
	// Input: a program may set it.
	Input bool `json:"input,omitempty"`
	// Autonamed: made up from the resource's name where a program does not set it.
	Autonamed bool `json:"autonamed,omitempty"`
	Secret    bool `json:"secret,omitempty"`
	// Properties of an object, or of the objects in an array.
	Properties map[string]Property `json:"properties,omitempty"`
}

// Resource is one resource type as a Pulumi program sees it.
type Resource struct {
	DeleteBeforeReplace bool                `json:"deleteBeforeReplace"`
	Properties          map[string]Property `json:"properties"`
}

// PrintIfAsked answers `-names` with the names of everything in the plugin and ends the process. They are compared
// with those of the npm package (toolchain/check-plugins.ts), which this plugin has to agree with.
func PrintIfAsked(info tfbridge.ProviderInfo) {
	if len(os.Args) != 2 || os.Args[1] != "-names" {
		return
	}
	resources := map[string]Resource{}
	for name, resource := range info.Resources {
		schema := info.P.ResourcesMap().Get(name).Schema()
		resources[string(resource.Tok)] = Resource{
			DeleteBeforeReplace: resource.DeleteBeforeReplace,
			Properties:          properties(schema, resource.Fields),
		}
	}
	config := properties(info.P.Schema(), info.Config)
	err := json.NewEncoder(os.Stdout).Encode(map[string]any{"resources": resources, "config": config})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func properties(schemas shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]Property {
	result := map[string]Property{}
	schemas.Range(func(key string, schema shim.Schema) bool {
		info := infos[key]
		property := property(schema, info)
		property.Required = schema.Required() && !property.Autonamed
		property.Input = schema.Required() || schema.Optional()
		result[tfbridge.TerraformToPulumiNameV2(key, schemas, infos)] = property
		return true
	})
	return result
}

func property(schema shim.Schema, info *tfbridge.SchemaInfo) Property {
	property := Property{Secret: schema.Sensitive()}
	if info != nil {
		property.Autonamed = info.Default != nil && info.Default.AutoNamed
		property.Secret = property.Secret || (info.Secret != nil && *info.Secret)
	}
	// A map that does not say of what holds strings.
	element := Property{Type: "string"}
	switch elem := schema.Elem().(type) {
	case shim.Resource:
		var fields map[string]*tfbridge.SchemaInfo
		if info != nil && info.Elem != nil {
			fields = info.Elem.Fields
		}
		element = Property{Type: "object", Properties: properties(elem.Schema(), fields)}
	case shim.Schema:
		element = Property{Type: scalar(elem.Type())}
	}
	property.Properties = element.Properties
	switch {
	case schema.Type() == shim.TypeMap && element.Properties != nil, tfbridge.IsMaxItemsOne(schema, info):
		property.Type = element.Type
	case schema.Type() == shim.TypeMap:
		property.Type = "map of " + element.Type
	case schema.Type() == shim.TypeList || schema.Type() == shim.TypeSet:
		property.Type = "array of " + element.Type
	default:
		property.Type = scalar(schema.Type())
	}
	return property
}

func scalar(valueType shim.ValueType) string {
	switch valueType {
	case shim.TypeBool:
		return "boolean"
	case shim.TypeInt, shim.TypeFloat:
		return "number"
	default:
		return "string"
	}
}
