/** What carries a stack: a Docker Engine, a cluster or AWS; and whether it answers. */
import type { Docker } from "./docker.ts";
import type { Engine } from "./engine.ts";
import type { StackFile } from "./project.ts";
import { dockerOf } from "./stack-docker.ts";
import { clusterAccessOf, isBare, isElsewhere, isKubernetes } from "./stack-settings.ts";

export interface Carried {
  readonly name: "Docker" | "Cluster" | "AWS";
  /** Which one, in a few words. */
  readonly where: string;
  /** How to see what is wrong, in the terms of its own tools. */
  readonly mend: string;
  /** @returns what it says of itself. @throws CliError where it does not answer */
  readonly ask: () => Promise<string>;
  /** Of a stack that Docker carries. */
  readonly docker?: Docker;
}

/** Undefined of a machine, a cluster or an account alone: what they are is made by their first update. */
export function whatCarries(engine: Engine, file: StackFile | undefined): Carried | undefined {
  if (file && isBare(file)) return undefined;
  if (file && isKubernetes(file)) return byCluster(engine, file);
  if (file && isElsewhere(file)) return byAws(file);
  return byDocker(dockerOf(engine.project, file));
}

function byDocker(docker: Docker): Carried {
  return {
    name: "Docker",
    where: docker.host ?? "as the docker command finds it",
    mend: "docker version",
    ask: async () =>
      `Docker Engine ${(await docker.run(["version", "--format", "{{.Server.Version}}"], 30)).trim()}`,
    docker,
  };
}

function byCluster(engine: Engine, file: StackFile): Carried {
  const cluster = clusterAccessOf(file);
  return {
    name: "Cluster",
    where: cluster.stack ? `of the stack ${cluster.stack}` : (cluster.context ?? "kubectl's own context"),
    mend: "kubectl version",
    ask: async () => {
      // Loaded here: the library is large, and most stacks need another one.
      const { asked, clusterOf } = await import("./kubernetes/client.ts");
      const { VersionApi } = await import("@kubernetes/client-node");
      const { config } = await clusterOf(engine, { cluster });
      const { gitVersion } = await asked(config.makeApiClient(VersionApi).getCode());
      return `Kubernetes ${gitVersion}`;
    },
  };
}

function byAws({ config }: StackFile): Carried {
  const region = String(config.region);
  return {
    name: "AWS",
    where: region,
    mend: "aws sts get-caller-identity",
    ask: async () => {
      const { LambdaClient, ListFunctionsCommand } = await import("@aws-sdk/client-lambda");
      const { asked, isNamed } = await import("./aws/asked.ts");
      const answer = new LambdaClient({ region }).send(new ListFunctionsCommand({ MaxItems: 1 }));
      // Whoever may not ask this is known, and that is all that is asked.
      const known = answer.catch((error: unknown) => {
        if (!isNamed(error, "AccessDeniedException")) throw error;
      });
      await asked(known);
      return `answers in ${region}`;
    },
  };
}
