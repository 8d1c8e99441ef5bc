//go:build tools

// Package tools pins the module whose command is built as the test cluster's metrics server.
package tools

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
