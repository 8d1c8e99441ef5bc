/**
 * What we use of Vercel's SDK for Pulumi. It is no dependency of this project: whatever lies in node_modules has its plugin
 * downloaded for every stack, and most have no web on Vercel. So the package is looked for where a stack asks for it.
 */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

export const PACKAGE = "@pulumiverse/vercel";
/** The version that this was built against, the only one that is taken; test/support/vercel-sdk.json is its form. */
export const VERSION = "5.4.1";
export const INSTALL = `npm install --save-exact ${PACKAGE}@${VERSION}`;

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };
type Resource<Args> = new (
  name: string,
  args: Inputs<Args>,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

interface Project {
  name: string;
  framework: string;
  rootDirectory?: string;
  gitRepository: { type: string; repo: string; productionBranch: string };
  gitForkProtection: boolean;
  previewDeploymentsDisabled: boolean;
  vercelAuthentication: { deploymentType: "standardProtectionNew" | "none" };
  resourceConfig?: { functionDefaultRegions: string[] };
}

interface ProjectDomain {
  projectId: string;
  domain: string;
}

interface ProjectEnvironmentVariable {
  projectId: string;
  key: string;
  value: string;
  targets: string[];
  sensitive: boolean;
  comment: string;
}

interface ProjectRoute {
  projectId: string;
  name: string;
  srcSyntax: "regex";
  route: { src: string; dest: string; respectOriginCacheControl: boolean };
}

export interface VercelSdk {
  readonly Provider: new (name: string, args: Inputs<{ team?: string }>) => pulumi.ProviderResource;
  readonly Project: Resource<Project>;
  readonly ProjectDomain: Resource<ProjectDomain>;
  readonly ProjectEnvironmentVariable: Resource<ProjectEnvironmentVariable>;
  readonly ProjectRoute: Resource<ProjectRoute>;
  /** The DNS records that Vercel wants for a domain of a project. */
  getDomainConfigOutput(
    args: Inputs<{ domain: string; projectIdOrName: string }>,
    opts?: pulumi.InvokeOutputOptions,
  ): pulumi.Output<{ readonly recommendedCname: string; readonly recommendedIpv4s: string[] }>;
}

/**
 * @param require what looks for it. @default from here
 * @throws RunError where it is not installed, or in another version.
 */
export function vercelSdk(require: NodeJS.Require = createRequire(import.meta.url)): VercelSdk {
  const { version } = manifest(require);
  if (version !== VERSION)
    throw new pulumi.RunError(
      `web.on is vercel, and ${PACKAGE} is ${version ?? "not installed"}; needs ${VERSION}:\n  ${INSTALL}`,
    );
  return require(PACKAGE) as VercelSdk;
}

function manifest(require: NodeJS.Require): { readonly version?: string } {
  const file = `${PACKAGE}/package.json`;
  try {
    require.resolve(file);
  } catch {
    return {};
  }
  return require(file) as { version?: string };
}
