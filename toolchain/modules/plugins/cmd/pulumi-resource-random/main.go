// Command pulumi-resource-random is the Random plugin, bridged from the same upstream provider as the official one.
package main

import (
	"context"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"

	"tristack.local/toolchain/names"
	"tristack.local/toolchain/plugins/internal/mapping"
)

// version is set by the linker, from the one place of all pins (toolchain/pins.ts).
var version = "0.0.0"

func main() {
	info := mapping.Random(version)
	names.PrintIfAsked(info)
	pf.Main(context.Background(), "random", info, pf.ProviderMetadata{
		PackageSchema:  []byte(`{"name":"random"}`),
		BridgeMetadata: []byte("{}"),
	})
}
