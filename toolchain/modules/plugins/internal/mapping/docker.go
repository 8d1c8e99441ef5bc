// Package mapping says how the resources of an upstream provider are called in Pulumi. A plugin built here has to use
// the names of the official plugin, since the npm packages (@pulumi/docker, @pulumi/random) are generated from those.
package mapping

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	docker "github.com/terraform-providers/terraform-provider-docker/shim"
)

// Docker maps the Docker provider. `docker.Image` of @pulumi/docker (building images) is not a resource of the
// upstream provider and so is not here.
func Docker(version string) tfbridge.ProviderInfo {
	// The upstream name, but for its form: not put into the plural, not made up.
	kept := func(name string) *tfbridge.SchemaInfo { return &tfbridge.SchemaInfo{Name: name} }
	info := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(docker.NewProvider(version)),
		Name:         "docker",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config: map[string]*tfbridge.SchemaInfo{
			"registry_auth": kept("registryAuth"),
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_buildx_builder": {Tok: resourceToken("docker", "BuildxBuilder")},
			"docker_config":         {Tok: resourceToken("docker", "ServiceConfig")},
			// A container's ports and name are taken until it is gone, so its successor comes after.
			"docker_container": {
				Tok:                 resourceToken("docker", "Container"),
				DeleteBeforeReplace: true,
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           kept("command"),
					"networks_advanced": kept("networksAdvanced"),
				},
			},
			// An image's name says what to pull: it is never made up.
			"docker_image": {
				Tok:    resourceToken("docker", "RemoteImage"),
				Fields: map[string]*tfbridge.SchemaInfo{"name": kept("name")},
			},
			"docker_network":        {Tok: resourceToken("docker", "Network")},
			"docker_plugin":         {Tok: resourceToken("docker", "Plugin")},
			"docker_registry_image": {Tok: resourceToken("docker", "RegistryImage")},
			"docker_secret":         {Tok: resourceToken("docker", "Secret")},
			"docker_service":        {Tok: resourceToken("docker", "Service")},
			"docker_tag":            {Tok: resourceToken("docker", "Tag")},
			"docker_volume":         {Tok: resourceToken("docker", "Volume")},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image":                    {Tok: functionToken("docker", "getRemoteImage")},
			"docker_logs":                     {Tok: functionToken("docker", "getLogs")},
			"docker_network":                  {Tok: functionToken("docker", "getNetwork")},
			"docker_plugin":                   {Tok: functionToken("docker", "getPlugin")},
			"docker_registry_image":           {Tok: functionToken("docker", "getRegistryImage")},
			"docker_registry_image_manifests": {Tok: functionToken("docker", "getRegistryImageManifests")},
		},
	}
	info.SetAutonaming(255, "-")
	return info
}
