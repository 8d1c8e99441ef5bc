//go:build tools

// Package tools pins the module whose command is built as the Pulumi CLI.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
