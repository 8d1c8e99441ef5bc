/** The web of an application on Vercel: its project, variables, domain, and the way from there to the services. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "../aws/sdk.ts";
import type { WebSettings } from "../settings.ts";
import { handedOn } from "./handed-on.ts";
import { vercelRegion } from "./regions.ts";
import type { VercelSdk } from "./sdk.ts";

export interface WebArgs {
  sdk: VercelSdk;
  settings: WebSettings;
  /** Name of the project at Vercel. Changing it is possible in place. */
  project: string;
  /** Name of the stack, which the web is told. */
  stack: string;
  /** Public name of the web. */
  domain: string;
  /** Hosted zone that it is in. */
  zone: { name: string; id: pulumi.Input<string> };
  /** Public name of the services. */
  apiDomain: string;
  /** Path prefixes that are theirs. */
  apiRoutes: readonly string[];
  /** Region of AWS that they are in. */
  region: string;
  /** Values of `settings.secrets`. */
  secrets: Readonly<Record<string, pulumi.Output<string>>>;
  protect: boolean;
}

const COMMENT = "by Tristack: what is changed here is changed back";

export class Web extends pulumi.ComponentResource {
  readonly projectId: pulumi.Output<string>;

  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:vercel:Web", name, {}, opts);
    const { sdk, settings, domain } = args;
    const region = vercelRegion(args.region);
    const project = new sdk.Project(
      name,
      {
        name: args.project,
        framework: settings.framework,
        rootDirectory: settings.root,
        gitRepository: {
          type: settings.git,
          repo: settings.repository,
          productionBranch: settings.productionBranch,
        },
        // Somebody of the team looks at a stranger's pull request before it is built, with our variables.
        gitForkProtection: true,
        previewDeploymentsDisabled: settings.previews === "none",
        // All but the domain, the addresses of deployments included, which Vercel gives to production's, too.
        vercelAuthentication: {
          deploymentType: settings.previews === "public" ? "none" : "standardProtectionNew",
        },
        ...(region === undefined ? {} : { resourceConfig: { functionDefaultRegions: [region] } }),
      },
      { parent: this, protect: args.protect },
    );
    this.#variables(name, args, project.id);
    this.#route(name, args, project.id);
    // A domain belongs to one project: the next one gets it when this one has let it go.
    const attached = new sdk.ProjectDomain(
      name,
      { projectId: project.id, domain },
      { parent: this, deleteBeforeReplace: true },
    );
    // Vercel has addresses of its own for each project: it is asked, once it knows the domain.
    const wanted = sdk.getDomainConfigOutput(
      { domain, projectIdOrName: project.id },
      { parent: this, dependsOn: [attached] },
    );
    new aws.route53.Record(
      name,
      {
        zoneId: args.zone.id,
        name: domain,
        ttl: 300,
        // The zone's own name cannot be another name of something.
        ...(domain === args.zone.name
          ? { type: "A", records: wanted.recommendedIpv4s }
          : { type: "CNAME", records: [wanted.recommendedCname] }),
      },
      { parent: this },
    );
    this.projectId = project.id;
    this.registerOutputs({ projectId: this.projectId });
  }

  #variables(name: string, { sdk, settings, ...args }: WebArgs, projectId: pulumi.Input<string>): void {
    const values: Readonly<Record<string, pulumi.Input<string>>> = {
      ENVIRONMENT: args.stack,
      API_INTERNAL_URL: `https://${args.apiDomain}`,
      ...settings.environment,
      ...args.secrets,
    };
    for (const [key, value] of Object.entries(values))
      new sdk.ProjectEnvironmentVariable(
        `${name}-${key.toLowerCase().replaceAll("_", "-")}`,
        {
          projectId,
          key,
          value,
          sensitive: key in args.secrets,
          targets: settings.previews === "none" ? ["production"] : ["production", "preview"],
          comment: COMMENT,
        },
        // Vercel refuses a second one of the name (ENV_ALREADY_EXISTS): terraform-provider-vercel#192.
        { parent: this, deleteBeforeReplace: true },
      );
  }

  /** Browsers see one origin, as on every target: no CORS, and a cookie of the services is one of the pages, too. */
  #route(name: string, { sdk, settings, ...args }: WebArgs, projectId: pulumi.Input<string>): void {
    new sdk.ProjectRoute(
      `${name}-services`,
      {
        projectId,
        name: "services",
        srcSyntax: "regex",
        route: {
          src: handedOn(args.apiRoutes, settings.routes),
          dest: `https://${args.apiDomain}$1`,
          // As CloudFront does: nothing of an API is kept.
          respectOriginCacheControl: false,
        },
      },
      { parent: this },
    );
  }
}
