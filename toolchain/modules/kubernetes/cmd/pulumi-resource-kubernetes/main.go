// Pulumi's Kubernetes plugin. Its schema and its mapping lie in its module's folder; the build lays them beside this file.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

// Set by the linker.
var version string

func main() {
	// As every plugin answers; this one's own flags know nothing of it.
	if len(os.Args) == 2 && os.Args[1] == "-version" {
		fmt.Println(version)
		return
	}
	provider.Serve("kubernetes", version, schema, mapping)
}
