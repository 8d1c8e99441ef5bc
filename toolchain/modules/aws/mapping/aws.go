// Package mapping says how the resources of the AWS provider are called in Pulumi: as in the npm package @pulumi/aws.
package mapping

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/x/muxer"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/metadata"
)

// AWS maps the AWS provider, whose resources are made with two generations of Terraform's SDK: one plugin for both.
func AWS(ctx context.Context, version string) (tfbridge.ProviderInfo, error) {
	framework, sdk, err := xpprovider.GetProvider(ctx)
	if err != nil {
		return tfbridge.ProviderInfo{}, err
	}
	info := tfbridge.ProviderInfo{
		P:            pf.MuxShimWithPF(ctx, shimv2.NewProvider(sdk), framework),
		Name:         "aws",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config:       config,
		Resources:    map[string]*tfbridge.ResourceInfo{},
		DataSources:  map[string]*tfbridge.DataSourceInfo{},
	}
	for module, names := range resources {
		for upstream, name := range names {
			info.Resources[upstream] = &tfbridge.ResourceInfo{Tok: resourceToken(module, name), Fields: fields[upstream]}
		}
	}
	for module, names := range functions {
		for upstream, name := range names {
			info.DataSources[upstream] = &tfbridge.DataSourceInfo{Tok: functionToken(module, name)}
		}
	}
	info.SetAutonaming(255, "-")
	return info, addDispatch(&info)
}

// addDispatch adds what says which half has which resource. The official plugin's build computes it; here the start does.
func addDispatch(info *tfbridge.ProviderInfo) error {
	halves, ok := info.P.(interface {
		ResolveDispatch(*tfbridge.ProviderInfo) (muxer.DispatchTable, error)
	})
	if !ok {
		return fmt.Errorf("the bridge no longer says which half of the provider has which resource")
	}
	table, err := halves.ResolveDispatch(info)
	if err != nil {
		return err
	}
	return metadata.Set(info.GetMetadata(), "mux", table)
}
