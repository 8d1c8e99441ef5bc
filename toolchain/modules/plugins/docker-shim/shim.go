// Package shim hands out the Docker provider, which its module keeps internal: only a package whose path lies
// under the module's own may import it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the provider that all Docker resources are bridged from.
func NewProvider(version string) *schema.Provider { return provider.New(version)() }
