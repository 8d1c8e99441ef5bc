// Command pulumi-resource-aws is the AWS plugin, bridged from the Terraform provider that the official one is made of.
package main

import (
	"context"
	"fmt"
	"os"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"

	"tristack.local/toolchain/aws/mapping"
	"tristack.local/toolchain/names"
)

// version is set by the linker, from the one place of all pins (toolchain/pins.ts).
var version = "0.0.0"

func main() {
	ctx := context.Background()
	info, err := mapping.AWS(ctx, version)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	names.PrintIfAsked(info)
	pf.MainWithMuxer(ctx, "aws", info, []byte(`{"name":"aws"}`))
}
