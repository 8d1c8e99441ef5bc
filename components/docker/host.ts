/** The provider of the Docker Engine that runs the stack. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { VpsSettings } from "../settings.ts";
import { dockerHost } from "./engine-address.ts";
import { pinHost, sshOptions } from "./ssh.ts";

/**
 * Credentials of private registries are named by address only and read from Docker's own
 * configuration when an image is pulled: the provider would store a password in plain text.
 */
export function dockerProvider(settings: Pick<VpsSettings, "host" | "registries">): docker.Provider {
  const host = dockerHost(settings.host.docker);
  const overSsh = host.startsWith("ssh://");
  // Under mocks there is nothing to reach, and nothing of it is left in anybody's home.
  if (overSsh && pulumi.runtime.hasEngine()) pinHost(host, settings.host);
  return new docker.Provider("docker", {
    host,
    sshOpts: overSsh ? sshOptions(host, settings.host) : undefined,
    registryAuth:
      settings.registries.length > 0 ? settings.registries.map((address) => ({ address })) : undefined,
  });
}
