/** Linters of manifests: https://github.com/yannh/kubeconform, https://github.com/zegl/kube-score, https://www.checkov.io */
import { KUBERNETES_VERSION } from "../../../toolchain/pins.ts";
import { REPOSITORY, run } from "../e2e-command.ts";
import { goTool } from "../e2e-go-tool.ts";
import { pythonTool } from "../e2e-python.ts";
import { type Lint, type Linted, nameOf } from "./finding.ts";
import { schemasOf } from "./schemas.ts";

/** Every object against the schemas of the API server itself; one of a kind that it does not know is found, too. */
export const kubeconform: Lint = async (file, objects) => {
  const program = await goTool("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0");
  const location = await schemasOf(objects, `${file}-schemas`);
  const report = await json<Conformity>(program, [
    ...["-strict", "-summary", "-verbose", "-output", "json"],
    ...["-schema-location", location, file],
  ]);
  const bad = report.resources.filter(({ status }) => status !== "statusValid");
  return {
    passed: report.summary.valid,
    findings: bad.map(({ kind, name, status, msg }) => ({
      tool: "kubeconform",
      rule: status,
      object: `${kind}/${name}`,
      text: msg,
    })),
  };
};

interface Conformity {
  resources: { kind: string; name: string; status: string; msg: string }[];
  summary: { valid: number };
}

/** What it calls critical. */
const CRITICAL = 1;
const PASSED = 10;

export const kubeScore: Lint = async (file) => {
  const program = await goTool("github.com/zegl/kube-score/cmd/kube-score", "v1.20.0");
  const [major, minor] = KUBERNETES_VERSION.split(".");
  const version = ["--kubernetes-version", `v${major}.${minor}`];
  const scored = await json<Scored[]>(program, ["score", ...version, "--output-format", "json", file]);
  const checks = scored.flatMap(({ type_meta, object_meta, checks: all }) =>
    all.map((one) => ({ object: nameOf({ kind: type_meta.kind, metadata: object_meta }), ...one })),
  );
  return {
    passed: checks.filter(({ grade, skipped }) => !skipped && grade === PASSED).length,
    findings: checks
      .filter(({ grade, skipped }) => !skipped && grade === CRITICAL)
      .map(({ object, check, comments }) => ({
        tool: "kube-score",
        rule: check.id,
        object,
        text: comments?.map(({ path, summary }) => `${path} ${summary}`).join("; ") ?? check.name,
      })),
  };
};

interface Scored {
  type_meta: { kind: string };
  object_meta: { name: string };
  checks: {
    check: { id: string; name: string };
    grade: number;
    skipped: boolean;
    comments: { path: string; summary: string }[] | null;
  }[];
}

export const checkov: Lint = async (file) => {
  const { findings, passed } = await checkovOf("kubernetes", file);
  return { passed, findings: findings.map((one) => ({ ...one, object: withoutNamespace(one.object) })) };
};

/** @param file what is to be looked at, of the given framework of checkov's */
export async function checkovOf(framework: "kubernetes" | "terraform_json", file: string): Promise<Linted> {
  const program = await pythonTool("checkov");
  const report = await json<Checked>(program, [
    ...["--framework", framework, "--file", file],
    ...["--skip-download", "--compact", "--quiet", "--output", "json"],
  ]);
  if (report.summary.parsing_errors > 0) throw new Error(`checkov could not read ${file}`);
  return {
    passed: report.summary.passed,
    findings: report.results.failed_checks.map(({ check_id, check_name, resource }) => ({
      tool: "checkov",
      rule: check_id,
      object: resource,
      text: check_name,
    })),
  };
}

interface Checked {
  results: { failed_checks: { check_id: string; check_name: string; resource: string }[] };
  summary: { passed: number; parsing_errors: number };
}

/** `Deployment.production.web`, or `Namespace.default.production`. */
function withoutNamespace(resource: string): string {
  const [kind, , ...name] = resource.split(".");
  return [kind, name.join(".")].join("/");
}

/** What a tool prints, whether it has found anything or not. */
async function json<T>(program: string, args: readonly string[]): Promise<T> {
  const { stdout, all } = await run(program, args, { cwd: REPOSITORY });
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`${program} ${args.join(" ")} says no JSON:\n${all}`);
  }
}
