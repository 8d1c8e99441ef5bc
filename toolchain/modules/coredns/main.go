// CoreDNS with the plugins that it comes with: its own command's module cannot be built from outside.
package main

import (
	_ "github.com/coredns/coredns/core/plugin"
	"github.com/coredns/coredns/coremain"
)

func main() { coremain.Run() }
