/** `npm run cluster -- up|down|status|load|fake-nodes|kubectl`: the test cluster on this machine. */
import { Command, InvalidArgumentError, Option } from "commander";
import { print, printJson } from "../../cli/output.ts";
import { createProgress } from "../../cli/progress.ts";
import { endWith } from "../command-end.ts";
import { type Log, paced } from "../command.ts";
import { EXTRAS, type Extra, clusterDown, clusterUp, isUp } from "./cluster.ts";
import { setFakeNodes } from "./fake-nodes.ts";
import { loadImages } from "./images.ts";
import { kubectl } from "./kubectl.ts";
import { KUBECONFIG, PORTS } from "./layout.ts";

const EXAMPLES = `
Examples:
  npm run cluster -- up                              a cluster of one node, with real pods; builds what it lacks (half an hour, once)
  npm run cluster -- up --with delivery              the same with Argo Rollouts and Prometheus, for blue-green and canary
  npm run cluster -- up --with certificates          the same with cert-manager
  npm run cluster -- load tristack.local/web:v1      copies images of this machine's Docker into it
  npm run --silent cluster -- kubectl get pods -A
  npm run cluster -- fake-nodes 10                   pods that come now only seem to run: for tests of scale; 0 takes them away
  npm run cluster -- down                            leaves nothing behind but the built tools
`;

const command = new Command("npm run cluster --")
  .description(
    "a Kubernetes cluster on this machine, for tests and for those who have none yet (root on Debian)",
  )
  .addHelpText("after", EXAMPLES)
  .exitOverride()
  .showHelpAfterError("(--help says what there is)");

command
  .command("up")
  .description("bring it up, or find it up")
  .addOption(
    new Option("--with <extra...>", "add Argo Rollouts and Prometheus, or cert-manager, to it").choices(
      Object.keys(EXTRAS),
    ),
  )
  .action(async ({ with: extras }: { with?: Extra[] }) => {
    const step = (log: Log) => clusterUp(paced(log, process.stderr.isTTY ? 150 : 0), extras);
    await createProgress().step("Cluster", step);
    print(`The cluster is up. For kubectl: export KUBECONFIG=${KUBECONFIG}`);
  });
command
  .command("down")
  .description("remove it, with everything in it")
  .action(() => createProgress().step("Removing the cluster", clusterDown));
command
  .command("status")
  .description("whether it is up; exit code 1 where it is not")
  .option("--json", "as JSON", false)
  .action(({ json }: { json: boolean }) => {
    const up = isUp();
    if (json) printJson({ up, kubeconfig: KUBECONFIG, httpPort: PORTS.http, httpsPort: PORTS.https });
    else print(up ? `up; export KUBECONFIG=${KUBECONFIG}` : "down");
    process.exitCode = up ? 0 : 1;
  });
command
  .command("load")
  .description("copy images of this machine's Docker into it")
  .argument("<image...>", "images with their tags")
  .action((images: string[]) => createProgress().step("Copying images", (log) => loadImages(images, log)));
command
  .command("fake-nodes")
  .description(
    "nodes whose pods only seem to run, by kwok; pods that come while there are any go there alone",
  )
  .argument("<count>", "how many; 0: none, as before", wholeNumber)
  .action((count: number) => createProgress().step("Fake nodes", (log) => setFakeNodes(count, log)));
command
  .command("kubectl")
  .description("kubectl of the cluster's version, as its administrator")
  .argument("[args...]")
  .helpOption(false)
  .allowUnknownOption()
  .action(async (args: string[]) => {
    const { stdout, stderr, exitCode } = await kubectl(args);
    if (stdout) print(stdout);
    if (stderr) process.stderr.write(`${stderr}\n`);
    process.exitCode = exitCode ?? 1;
  });

function wholeNumber(value: string): number {
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("needs a whole number, at most 9999");
}

try {
  await command.parseAsync();
} catch (error) {
  endWith(error, process.env["TRISTACK_DEBUG"] !== undefined);
}
