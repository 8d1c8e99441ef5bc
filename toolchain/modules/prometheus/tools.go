//go:build tools

// Package tools pins the module whose command is built as the test cluster's Prometheus.
package tools

import _ "github.com/prometheus/prometheus/cmd/prometheus"
