package mapping

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// resourceToken returns, for "docker" and "RemoteImage", docker:index/remoteImage:RemoteImage.
func resourceToken(pkg, name string) tokens.Type {
	return tokens.Type(pkg + ":index/" + strings.ToLower(name[:1]) + name[1:] + ":" + name)
}

// functionToken returns, for "docker" and "getNetwork", docker:index/getNetwork:getNetwork.
func functionToken(pkg, name string) tokens.ModuleMember {
	return tokens.ModuleMember(pkg + ":index/" + name + ":" + name)
}
