/** The site's certificate: one that the stack is given, or cert-manager's. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { CERTIFICATE } from "./certificate-secret.ts";
import { podsIn } from "./flow.ts";
import { labelsOf } from "./labels.ts";
import { GATEWAY } from "./routing.ts";

export interface CertificateArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  certificates: KubernetesSettings["certificates"];
  /** Host names that it is for. */
  names: string[];
  router: Pick<KubernetesSettings["proxy"], "mode" | "namespace">;
  /** Whether somebody else applies what is no Secret: Argo CD. */
  appliedByOthers: boolean;
  /** A secret of the settings. */
  secret: (name: string) => pulumi.Input<string>;
}

export class Certificate extends pulumi.ComponentResource {
  /** Name of the Secret with certificate and key. */
  readonly secretName: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Certificate", name, {}, opts);
    const { certificates } = args;
    if (certificates.issuer === "given") this.secretName = this.#given(certificates, args);
    else {
      this.secretName = args.appliedByOthers
        ? pulumi.output(CERTIFICATE)
        : this.#issued(certificates.clusterIssuer, args);
    }
    this.registerOutputs({ secretName: this.secretName });
  }

  #given(
    { certificate, key }: { certificate: string; key: string },
    { owner, namespace, secret }: CertificateArgs,
  ): pulumi.Output<string> {
    const made = new kubernetes.core.v1.Secret(
      "certificate",
      {
        type: "kubernetes.io/tls",
        metadata: metadataOf(owner, namespace, CERTIFICATE),
        stringData: { "tls.crt": secret(certificate), "tls.key": secret(key) },
      },
      { parent: this },
    );
    return made.metadata.name;
  }

  #issued(
    clusterIssuer: string,
    { owner, namespace, names, router }: CertificateArgs,
  ): pulumi.Output<string> {
    const annotations = {
      // Until the issuer has answered there is one that nobody trusts: without any, Traefik takes no request of the whole
      // Gateway, and the issuer's question would never be answered.
      "cert-manager.io/issue-temporary-certificate": "true",
      ...(router.mode === "gateway"
        ? {
            "acme.cert-manager.io/http01-parentrefkind": "Gateway",
            "acme.cert-manager.io/http01-parentrefname": GATEWAY,
          }
        : {}),
      // The domain may lead here only once the router's address is known, which is after this.
      "pulumi.com/skipAwait": "true",
    };
    new kubernetes.networking.v1.NetworkPolicy(
      "certificate-solver",
      { metadata: metadataOf(owner, namespace, "certificate-solver"), spec: solverFlow(router.namespace) },
      { parent: this },
    );
    const made = new kubernetes.apiextensions.CustomResource(
      "certificate",
      {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { ...metadataOf(owner, namespace, CERTIFICATE), annotations },
        spec: {
          secretName: CERTIFICATE,
          dnsNames: names,
          issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: clusterIssuer },
        },
      },
      { parent: this },
    );
    return made.metadata.name;
  }
}

/**
 * The router may ask the pods that cert-manager starts here for a moment, to answer an issuer's question over HTTP.
 * Label and port are cert-manager's: https://cert-manager.io/docs/configuration/acme/http01/
 */
function solverFlow(router: string): kubernetes.types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: {
      // No matchLabels: in what is rendered, Kustomize adds the stack's label to those, which these pods do not have.
      matchExpressions: [{ key: "acme.cert-manager.io/http01-solver", operator: "In", values: ["true"] }],
    },
    policyTypes: ["Ingress"],
    ingress: [{ from: [podsIn(router)], ports: [{ protocol: "TCP", port: 8089 }] }],
  };
}

function metadataOf(owner: Owner, namespace: pulumi.Input<string>, name: string) {
  return { name, namespace, labels: labelsOf(owner, "certificate") };
}
