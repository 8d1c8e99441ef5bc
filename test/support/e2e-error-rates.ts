/**
 * Error rates that are exactly what they are said to be: a pod that counts as a router would, and the stack's own
 * AnalysisTemplate asked about it, by the real Prometheus and the real Argo Rollouts.
 */
import assert from "node:assert/strict";
import { kubectl } from "../../toolchain/cluster/kubectl.ts";

/** Errors per thousand requests, by the service that is said to have them; undefined: it has no request at all. */
export type Rates = Readonly<Record<string, number | undefined>>;

const PORT = 9000;
/** Both counters are made from one reading of the clock: their ratio is exact whenever they are read. */
const PROGRAM = `
import http.server, json, os, time
RATES = json.loads(os.environ["RATES"])
BEGAN = time.time() - 3600
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        passed = time.time() - BEGAN
        lines = ["# TYPE traefik_service_requests_total counter"]
        for service, errors in RATES.items():
            for code, rate in (("200", 1000 - errors), ("500", errors)) if errors is not None else (("200", 0),):
                lines.append('traefik_service_requests_total{service="%s",code="%s"} %f' % (service, code, rate * passed))
        body = ("\\n".join(lines) + "\\n").encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("", ${PORT}), Metrics).serve_forever()
`;

export class ErrorRates {
  readonly #namespace: string;

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** @param image with Python, which the cluster has already */
  static async create(namespace: string, image: string, rates: Rates): Promise<ErrorRates> {
    const of = new ErrorRates(namespace);
    await of.remove();
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "rates",
        namespace,
        annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(PORT) },
      },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "rates",
            image,
            imagePullPolicy: "Never",
            command: ["python", "-c", PROGRAM],
            // JSON has no undefined.
            env: [{ name: "RATES", value: JSON.stringify(rates, (_, value: unknown) => value ?? null) }],
            ports: [{ containerPort: PORT }],
          },
        ],
      },
    };
    await must(["create", "namespace", namespace]);
    await must(["apply", "--filename", "-"], JSON.stringify(pod));
    await must(["wait", "pod/rates", "--for=condition=Ready", "--timeout=60s", "--namespace", namespace]);
    return of;
  }

  /** Asks the template about services that are there and others that are not. */
  async analyse(template: { spec: object }, services: readonly string[]): Promise<void> {
    for (const [index, service] of services.entries()) {
      const run = {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: { name: `run-${index}`, namespace: this.#namespace },
        spec: { ...template.spec, args: [{ name: "service", value: service }] },
      };
      await must(["apply", "--filename", "-"], JSON.stringify(run));
    }
  }

  /** What has been found about each, in the order of the services. */
  async found(): Promise<Found[]> {
    const out = await must(["get", "analysisruns", "--namespace", this.#namespace, "--output", "json"]);
    const { items } = JSON.parse(out) as {
      items: { status?: { phase?: string; metricResults?: { measurements?: Measurement[] }[] } }[];
    };
    return items.map(({ status }) => ({
      phase: status?.phase ?? "",
      measurements: status?.metricResults?.flatMap(({ measurements = [] }) => measurements) ?? [],
    }));
  }

  async remove(): Promise<void> {
    await must(["delete", "namespace", this.#namespace, "--ignore-not-found", "--timeout=60s"]);
  }
}

export interface Measurement {
  phase?: string;
  value?: string;
}

export interface Found {
  readonly phase: string;
  readonly measurements: readonly Measurement[];
}

async function must(args: readonly string[], input?: string): Promise<string> {
  const { failed, stdout, stderr } = await kubectl(args, input);
  assert.ok(!failed, `kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}
