/** The API server's own word: everything as it would be applied, and each pod template as the pod that it becomes. */
import type { Manifest } from "../../../cli/render/manifests.ts";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { type Finding, type Linted, nameOf } from "./finding.ts";

/** @param objects of a namespace that is there, with its service accounts: no pod is let in without. */
export async function server(objects: readonly Manifest[]): Promise<Linted> {
  const findings: Finding[] = [];
  const all = [...objects, ...objects.flatMap(podsOf)];
  for (const object of all) {
    const args = ["apply", "--server-side", "--dry-run=server", "--filename", "-"];
    const { failed, stderr } = await kubectl(args, JSON.stringify(object));
    if (!failed && stderr === "") continue;
    const rule = failed ? "error" : "warning";
    findings.push({ tool: "server", rule, object: nameOf(object), text: stderr });
  }
  return { findings, passed: all.length - findings.length };
}

/** Of a Deployment that breaks Pod Security the server only warns: it is the pod that is refused. */
function podsOf(object: Manifest): Manifest[] {
  const { template, jobTemplate, volumeClaimTemplates = [] } = (object.spec ?? {}) as PodOwner;
  if (jobTemplate) return podsOf({ ...object, spec: jobTemplate.spec });
  if (!template) return [];
  const { name, namespace } = object.metadata;
  const claims = volumeClaimTemplates.map(({ metadata: claim }) => ({
    name: claim.name,
    persistentVolumeClaim: { claimName: `${claim.name}-${name}-0` },
  }));
  const spec = { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] };
  const metadata = { ...template.metadata, name: `lint-${name}`, namespace };
  return [{ apiVersion: "v1", kind: "Pod", metadata, spec }];
}

interface PodOwner {
  template?: { metadata?: object; spec: { volumes?: object[] } };
  /** Of a CronJob. */
  jobTemplate?: { spec: object };
  /** Of a StatefulSet. */
  volumeClaimTemplates?: { metadata: { name: string } }[];
}
