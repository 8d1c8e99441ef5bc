/**
 * `node toolchain/check-plugins.ts`: compares the plugins that are installed with the npm packages that talk to them.
 * A plugin built here repeats the official plugin's names by hand, and a name that differs is ignored without a word:
 * a setting that has no effect. Compared are all resources of the packages, with every property, nested ones too: its
 * name, its type, whether it is required and whether its value is secret.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { TARGETS, toolPath, toolsFor } from "./pins.ts";
import { type Shape, type Shapes, packageShapes } from "./package-shapes.ts";

/** What `pulumi-resource-… -names` prints. */
interface Names {
  readonly resources: Record<string, { deleteBeforeReplace: boolean; properties: Shapes }>;
  readonly config: Shapes;
}

/** Of the packages, but of no upstream provider: the official plugins add them. */
const NOT_BRIDGED = new Set(["docker:index/image:Image"]);

/** Whose source is older than the package: what only the package has came later. */
const OLDER = new Set(["aws"]);

/** Required in the upstream provider but with a value of its own, or no longer required: optional in the package. */
const DEFAULTED = new Set([
  "provider docker.host",
  "aws:cloudwatch/metricAlarm:MetricAlarm (inputs).comparisonOperator",
  "aws:cloudwatch/metricAlarm:MetricAlarm (inputs).evaluationPeriods",
  "aws:eks/cluster:Cluster (inputs).outpostConfig.controlPlanePlacement.groupName",
  "aws:eks/cluster:Cluster (inputs).remoteNetworkConfig.remoteNodeNetworks",
  "aws:route53/record:Record (inputs).name",
  "aws:s3/bucket:Bucket (inputs).objectLockConfiguration.rule.defaultRetention.mode",
  "aws:s3/bucket:Bucket (inputs).serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault",
  "aws:secretsmanager/secretRotation:SecretRotation (inputs).rotationRules",
]);

/** A text to the upstream provider, which the mapping makes something else of. */
const MAPPED_TYPE = new Set([
  "provider aws.skipMetadataApiCheck",
  "aws:lambda/function:Function (inputs).code",
  "aws:lambda/function:Function (outputs).code",
]);

/** Of the upstream provider alone: the official plugin hands them out in another form, or not. */
const UPSTREAM_ONLY = new Set(["aws:eks/cluster:Cluster (outputs).certificateAuthorities"]);

/** Set by Docker alone, though the package lets a program name it. */
const READ_ONLY = new Set(["docker:index/volume:Volume (inputs).cluster.id"]);

const problems: string[] = [];
let compared = 0;
let later = 0;

/** Of the packages' resources these plugins have only those that a program here may use. */
const PARTIAL = new Set(["aws"]);

const { values: options } = parseArgs({ options: { target: { type: "string", default: "vps" } } });
const target = TARGETS.find((one) => one === options.target);
if (target === undefined) {
  console.error(`--target is ${options.target}; needs one of: ${TARGETS.join(", ")}`);
  process.exit(2);
}

for (const tool of toolsFor(target).filter((one) => one.kind === "plugin")) {
  const name = tool.name.replace("pulumi-resource-", "");
  const asked = execFileSync(toolPath(tool), ["-names"], { encoding: "utf8", maxBuffer: 256 * 2 ** 20 });
  const names = JSON.parse(asked) as Names;
  const shapes = packageShapes(name, (token) => !PARTIAL.has(name) || token in names.resources);
  for (const token of Object.keys(names.resources))
    if (!shapes.resources.has(token)) problems.push(`${token}: in the plugin, not in the package`);
  for (const [token, { inputs, outputs }] of shapes.resources) {
    if (NOT_BRIDGED.has(token)) continue;
    const resource = names.resources[token];
    if (!resource) {
      problems.push(`${token}: not in the plugin`);
      continue;
    }
    compare(
      `${token} (inputs)`,
      inputs,
      only(resource.properties, (property) => property.input === true),
    );
    compare(`${token} (outputs)`, outputs, resource.properties, { outputs: true });
  }
  compare(`provider ${name}`, shapes.provider, names.config, {});
}

interface Way {
  /** What is required or secret says nothing about outputs. */
  readonly outputs?: boolean;
}

function compare(where: string, expected: Shapes, actual: Shapes, way: Way = {}): void {
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [want, have] = [expected[key], actual[key]];
    const path = `${where}.${key}`;
    // Pulumi has an id of its own.
    if ((key === "id" && !want) || READ_ONLY.has(path)) continue;
    // The official plugin alone sets these.
    if (!want && (/\(inputs\)\.tagsAll$/.test(path) || UPSTREAM_ONLY.has(path))) continue;
    if (!have && OLDER.has(packageOf(where))) {
      later++;
      continue;
    }
    if (!want || !have) {
      problems.push(
        `${path}: ${want ? "in the package, not in the plugin" : "in the plugin, not in the package"}`,
      );
      continue;
    }
    compared++;
    if (want.type !== have.type && !MAPPED_TYPE.has(path))
      problems.push(`${path}: ${want.type} in the package, ${have.type} in the plugin`);
    if (!way.outputs && !DEFAULTED.has(path) && (want.required ?? false) !== (have.required ?? false)) {
      problems.push(`${path}: ${describe(want)} in the package, ${describe(have)} in the plugin`);
    }
    if (way.outputs && (want.secret ?? false) && !have.secret)
      problems.push(`${path}: not secret in the plugin`);
    if (want.properties || have.properties) {
      const inner = way.outputs
        ? (have.properties ?? {})
        : only(have.properties ?? {}, (one) => one.input === true);
      compare(path, want.properties ?? {}, inner, way);
    }
  }
}

/** `aws` of `aws:ec2/vpc:Vpc (inputs)` and of `provider aws`. */
function packageOf(where: string): string {
  return /^(?:provider )?(\w+)/.exec(where)?.[1] ?? "";
}

function only(shapes: Shapes, wanted: (shape: Shape) => boolean): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([, shape]) => wanted(shape)));
}

function describe(shape: Shape): string {
  return shape.required ? "required" : "optional";
}

for (const problem of problems) console.log(problem);
const newer = later > 0 ? `; ${later} of the package are newer than the plugin's source` : "";
console.log(`${compared} properties compared, ${problems.length} differ${newer}`);
process.exitCode = problems.length > 0 || compared === 0 ? 1 : 0;
