package mapping

import (
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	random "github.com/terraform-providers/terraform-provider-random/shim"
)

// Random maps the Random provider.
func Random(version string) tfbridge.ProviderInfo {
	secret := func(names ...string) map[string]*tfbridge.SchemaInfo {
		fields := map[string]*tfbridge.SchemaInfo{}
		for _, name := range names {
			fields[name] = &tfbridge.SchemaInfo{Secret: tfbridge.True()}
		}
		return fields
	}
	return tfbridge.ProviderInfo{
		P:            pf.ShimProvider(random.NewProvider()),
		Name:         "random",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_bytes": {
				Tok:    resourceToken("random", "RandomBytes"),
				Fields: secret("base64", "hex"),
			},
			"random_id":      {Tok: resourceToken("random", "RandomId")},
			"random_integer": {Tok: resourceToken("random", "RandomInteger")},
			"random_password": {
				Tok:    resourceToken("random", "RandomPassword"),
				Fields: secret("result", "bcrypt_hash"),
			},
			"random_pet":     {Tok: resourceToken("random", "RandomPet")},
			"random_shuffle": {Tok: resourceToken("random", "RandomShuffle")},
			"random_string":  {Tok: resourceToken("random", "RandomString")},
			"random_uuid":    {Tok: resourceToken("random", "RandomUuid")},
			"random_uuid4":   {Tok: resourceToken("random", "RandomUuid4")},
			"random_uuid7":   {Tok: resourceToken("random", "RandomUuid7")},
		},
	}
}
