/** The switch: moves nginx to a release once every container of it is healthy, and stops the update otherwise. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { LABEL, type Owner } from "../shared/labels.ts";
import { containerArgs, scriptEntrypoint } from "./container.ts";
import { ONE_SHOT, gate } from "./gate.ts";
import { type Upstream, upstreamLines } from "./nginx/upstreams.ts";

export interface SwitchArgs {
  owner: Owner;
  /** The proxy's image: curl and a shell. */
  image: string;
  /** What nginx must answer afterwards. */
  releaseId: string;
  /** Containers of the release. */
  upstreams: Upstream[];
  /** nginx.conf of the release. */
  nginxConfiguration: string;
  /** Docker network of proxy and services. */
  network: pulumi.Input<string>;
  /** Docker name of the volume that nginx follows. */
  configuration: pulumi.Input<string>;
  /** What has to have succeeded before; the switch is not made until all of it is known. */
  after: pulumi.Input<string>[];
}

export class Switch extends pulumi.ComponentResource {
  /** The release that nginx has confirmed; fails when it did not. */
  readonly releaseId: pulumi.Output<string>;

  constructor(name: string, args: SwitchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Switch", name, {}, opts);

    const container = new docker.Container(
      name,
      {
        ...containerArgs(args.owner, name, {
          cpu: 0.5,
          memory: "64MiB",
          user: "0:0",
          stopSeconds: 5,
          labels: { [LABEL.release]: args.releaseId },
        }),
        ...ONE_SHOT,
        image: args.image,
        entrypoints: scriptEntrypoint("nginx/switch.sh"),
        envs: [
          `RELEASE_ID=${args.releaseId}`,
          `NGINX_CONFIGURATION=${args.nginxConfiguration}`,
          `UPSTREAMS=${upstreamLines(args.upstreams)}`,
          // What makes the container wait: without it, an update goes on to it although something failed.
          pulumi.all(args.after).apply((done) => `AFTER=${done.join(" ")}`),
        ],
        volumes: [{ volumeName: args.configuration, containerPath: "/conf" }],
        networksAdvanced: [{ name: args.network }],
      },
      { parent: this, deleteBeforeReplace: true },
    );

    this.releaseId = gate(container, args.releaseId, `the switch to release ${args.releaseId}`);
    this.registerOutputs({ releaseId: this.releaseId });
  }
}
