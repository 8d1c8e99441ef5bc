// Package shim hands out the Random provider, which its module keeps internal: only a package whose path lies
// under the module's own may import it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	random "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// NewProvider returns the provider that all random resources are bridged from.
func NewProvider() provider.Provider { return random.New() }
