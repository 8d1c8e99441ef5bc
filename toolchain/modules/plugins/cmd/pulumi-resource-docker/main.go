// Command pulumi-resource-docker is the Docker plugin, bridged from the same upstream provider as the official one.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"tristack.local/toolchain/names"
	"tristack.local/toolchain/plugins/internal/mapping"
)

// version is set by the linker, from the one place of all pins (toolchain/pins.ts).
var version = "0.0.0"

func main() {
	info := mapping.Docker(version)
	names.PrintIfAsked(info)
	tfbridge.Main("docker", version, info, []byte(`{"name":"docker"}`))
}
