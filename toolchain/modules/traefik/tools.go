//go:build tools

// Package tools pins the module whose command is built as the test cluster's router.
package tools

import _ "github.com/traefik/traefik/v3/cmd/traefik"
