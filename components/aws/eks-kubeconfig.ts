/** How kubectl, Pulumi and tristack reach a cluster of EKS: by the credentials of AWS that whoever asks has. */
import * as pulumi from "@pulumi/pulumi";
import type { EksCluster } from "./eks-cluster.ts";

export function eksKubeconfig(
  { name, endpoint, certificateAuthority }: Pick<EksCluster, "name" | "endpoint" | "certificateAuthority">,
  region: string,
): pulumi.Output<string> {
  return pulumi.jsonStringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": certificateAuthority } }],
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"],
            interactiveMode: "Never",
          },
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
