/** The sample application on this machine's Docker. */
import type { SelfHostedSettings } from "../../components/settings.ts";
import { paced } from "../../toolchain/command.ts";
import type { ImageReport } from "../../toolchain/images.ts";
import { badInput } from "../errors.ts";
import { portsInUse } from "../ports.ts";
import type { Progress } from "../progress.ts";
import type { Project, StackFile } from "../project.ts";
import { dockerOf } from "../stack-docker.ts";
import { objectOf } from "../stack-settings.ts";
import type { Place } from "./place.ts";

const STACK = "local";

export const dockerPlace: Place = {
  stack: STACK,
  title: "this machine's Docker",
  secrets: [],
  changes: ({ httpPort, httpsPort }) => ({ httpPort, httpsPort }),
  check: checkPorts,
  docker: dockerOf,
  prepare,
  deliver: () => Promise.resolve(),
  makeSecrets: () => Promise.resolve({}),
};

async function checkPorts(project: Project, file: StackFile): Promise<void> {
  const docker = dockerOf(project, file);
  const proxy = objectOf(file.config.proxy);
  const ports = {
    "--http-port": Number(proxy.httpPort ?? 80),
    "--https-port": Number(proxy.httpsPort ?? 443),
  };
  // Without Docker nothing of ours runs yet.
  const own = await docker.containers({ project: project.name, stack: STACK }).catch(() => []);
  const used = await portsInUse(Object.values(ports), own, docker);
  const flagOf = (port: number) => Object.entries(ports).find(([, one]) => one === port)?.[0] ?? "";
  const problems = used.map(
    ({ port, by }) => `port ${port} is in use by ${by}; needs a free one: npm start -- ${flagOf(port)} N`,
  );
  if (problems.length > 0) throw badInput(...problems);
}

async function prepare(settings: SelfHostedSettings, progress: Progress): Promise<ImageReport> {
  // Loaded here, so that `--help` need not wait for them.
  const { ensureDocker } = await import("../../toolchain/docker.ts");
  const { ensurePulumi } = await import("../../toolchain/pulumi.ts");
  const { ensureBaseImages } = await import("../../toolchain/images.ts");
  await progress.step("Docker", (say) => ensureDocker({ log: paced(say) }));
  await progress.step("Pulumi's CLI and plugins", (say) => ensurePulumi({ target: "vps", log: paced(say) }));
  const { imagesOf } = await import("../../toolchain/pins.ts");
  const monitoring = settings.target === "vps" ? settings.monitoring : undefined;
  const names = imagesOf({ monitoring: monitoring !== undefined, grafana: monitoring?.grafana.enabled });
  return progress.step("Base images", (say) => ensureBaseImages({ names, log: paced(say) }));
}
