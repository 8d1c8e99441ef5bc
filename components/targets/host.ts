/** A machine of AWS that stacks of the target `vps` run on. Wiring only. */
import { awsProvider } from "../aws/provider.ts";
import * as aws from "../aws/sdk.ts";
import { VirtualMachine } from "../aws/virtual-machine.ts";
import { PUBLIC_PORTS } from "../docker/host/script.ts";
import { assembleHostOutputs } from "../host-outputs.ts";
import { RecordedCost } from "../recorded-cost.ts";
import { type HostSettings, isProtected } from "../settings.ts";
import { architectureOf } from "../shared/instance-types.ts";
import type { Owner } from "../shared/labels.ts";

export function host(settings: HostSettings, owner: Owner) {
  const { environment, machine, dns } = settings;
  const protect = isProtected(environment.kind);
  const provider = awsProvider(machine.region, owner, environment);
  const cost = new RecordedCost();
  const opts = { providers: [provider], transformations: [cost.record] };

  const made = new VirtualMachine(
    "machine",
    {
      settings: machine,
      ports: PUBLIC_PORTS,
      protect,
      ...(environment.kind === "production" ? { flowLogDays: 365 } : {}),
    },
    opts,
  );
  if (dns) {
    const zone = aws.route53.getZoneOutput({ name: dns.zone }, { provider });
    for (const name of new Set(dns.names)) {
      new aws.route53.Record(
        `record-${name.replace("*", "any")}`,
        { zoneId: zone.zoneId, name, type: "A", ttl: 300, records: [made.address] },
        { provider, parent: made },
      );
    }
  }
  return assembleHostOutputs(settings, owner, {
    address: made.address,
    instanceId: made.instanceId,
    architecture: architectureOf(machine.instanceType),
    cost: cost.estimate(),
  });
}
