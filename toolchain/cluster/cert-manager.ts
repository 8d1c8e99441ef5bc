/** What certificates from an ACME server need in the cluster: cert-manager. Whom it asks is for each test to say. */
import { dirname, join } from "node:path";
import type { Log } from "../command.ts";
import { CERTIFICATE_TOOLS, toolPath } from "../pins.ts";
import { ensureTools } from "../pulumi.ts";
import { ensurePartsImage, loadImages } from "./images.ts";
import { apply, applyObjects, established, rolledOut } from "./kubectl.ts";
import { program } from "./objects.ts";

const CONTROLLER = { name: "cert-manager", namespace: "cert-manager" };

/** Adds it to a cluster that is up; what is there already stays as it is. */
export async function addCertificates(log: Log): Promise<void> {
  await ensureTools(Object.values(CERTIFICATE_TOOLS), log);
  const image = await ensurePartsImage("certificates", log);
  await loadImages([image], log);
  log("adding cert-manager");
  const crds = join(dirname(toolPath(CERTIFICATE_TOOLS["cert-manager"])), "crds");
  await apply(["--filename", crds]);
  await established();
  await applyObjects([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: CONTROLLER.namespace } },
    ...program({
      ...CONTROLLER,
      image,
      command: ["/cert-manager", "controller", `--solver-image=${image}`],
      ports: [{ containerPort: 9403 }],
      ready: { path: "/", port: 9403 },
      dnsPolicy: "ClusterFirst",
    }),
  ]);
  await rolledOut(CONTROLLER);
}
