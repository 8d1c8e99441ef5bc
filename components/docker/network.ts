/** The two networks of a stack. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Owner, labels } from "../shared/labels.ts";

export interface NetworksArgs {
  owner: Owner;
}

/**
 * `frontend` connects the proxy with the services; `backend` connects database and cache with the services that use
 * them, and has no way out to the internet.
 */
export class Networks extends pulumi.ComponentResource {
  /** Docker name of the network that the proxy is on. */
  readonly frontend: pulumi.Output<string>;
  /** Docker name of the network of database and cache. */
  readonly backend: pulumi.Output<string>;

  constructor(name: string, args: NetworksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Networks", name, {}, opts);
    const network = (role: string, internal: boolean) =>
      new docker.Network(
        `${name}-${role}`,
        { driver: "bridge", internal, labels: labels(args.owner, `${name}-${role}`) },
        { parent: this },
      );

    this.frontend = network("frontend", false).name;
    this.backend = network("backend", true).name;
    this.registerOutputs({ frontend: this.frontend, backend: this.backend });
  }
}
