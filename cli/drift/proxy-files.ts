/** The files by which nginx serves a release, compared with what the last switch was told to write. */
import type { DockerContext } from "../deploy-context.ts";
import { resourceName } from "../events.ts";
import { propertyChanges, propertyText } from "../plan/properties.ts";
import { onProxy, proxyContainer } from "../proxy.ts";
import type { Deployment } from "../recovery.ts";
import type { Finding } from "./finding.ts";
import { safeText } from "./values.ts";

/** What nginx follows. */
export interface ProxyFiles {
  /** Id of the release that is served. */
  readonly current: string;
  readonly "nginx.conf": string;
  readonly upstreams: string;
}

/** Between the files, as no file has it. */
const MARK = "==== tristack drift ====";

export async function proxyFindings(context: DockerContext, state: Deployment): Promise<Finding[]> {
  const told = toldTo(state);
  // Where nginx does not run, that is what there is to find.
  if (!told || (await proxyContainer(context)) === undefined) return [];
  const folder = `/conf/releases/${told.files.current}`;
  const files = ["/conf/current", `${folder}/nginx.conf`, `${folder}/upstreams`];
  const script = files.map((file) => `cat '${file}' 2> /dev/null; echo '${MARK}'`).join("\n");
  const [current = "", conf = "", upstreams = ""] = (await onProxy(context, script)).split(`${MARK}\n`);
  const is: ProxyFiles = {
    current: current.trim(),
    "nginx.conf": conf,
    upstreams: upstreams.replace(new RegExp(`${MARK}$`), ""),
  };
  const properties = fileChanges(told.files, is);
  if (properties.length === 0) return [];
  return [
    {
      kind: "changed",
      resource: resourceName(told.volume ?? told.urn),
      urn: told.volume ?? told.urn,
      says: "files in the volume by which nginx serves the release were changed by hand",
      properties,
      mend: `npx pulumi up --replace '${told.urn}' --stack ${context.stack}`,
    },
  ];
}

/** One for each line that differs. */
export function fileChanges(told: ProxyFiles, is: ProxyFiles) {
  const lines = (files: ProxyFiles) => ({
    current: files.current,
    "nginx.conf": files["nginx.conf"].trimEnd().split("\n"),
    upstreams: files.upstreams.trimEnd().split("\n"),
  });
  return propertyChanges(lines(told), lines(is)).map(({ path, before, after }) => ({
    path: propertyText(path).replace(/^\["(.*)"\]$/, "$1"),
    before: trimmed(before),
    after: trimmed(after),
  }));
}

function trimmed(value: unknown): unknown {
  return typeof value === "string" ? safeText(value.trim()) : value;
}

/** What the switch of the last update was told, as the state has it. */
export function toldTo({ resources = [] }: Deployment) {
  const own = (type: string, name: string) =>
    resources.find((one) => one.type === type && one.urn.endsWith(`::${name}`) && !one.delete);
  const switched = own("docker:index/container:Container", "switch");
  const envs = switched?.inputs?.envs;
  if (!switched || !Array.isArray(envs)) return undefined;
  const variable = (name: string) =>
    envs
      .find((one): one is string => typeof one === "string" && one.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const [current, conf, upstreams] = ["RELEASE_ID", "NGINX_CONFIGURATION", "UPSTREAMS"].map(variable);
  if (current === undefined || conf === undefined || upstreams === undefined) return undefined;
  return {
    urn: switched.urn,
    volume: own("docker:index/volume:Volume", "proxy-configuration")?.urn,
    files: { current, "nginx.conf": conf, upstreams } satisfies ProxyFiles,
  };
}
