/** What an account of AWS has once. Wiring only. */
import { assembleAccountOutputs } from "../account-outputs.ts";
import { boundary } from "../aws/boundary.ts";
import { budget } from "../aws/budget.ts";
import { GithubOidc } from "../aws/github-oidc.ts";
import { awsProvider } from "../aws/provider.ts";
import { Repositories } from "../aws/repositories.ts";
import { RecordedCost } from "../recorded-cost.ts";
import { type AccountSettings, isProtected } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";

export function account(settings: AccountSettings, owner: Owner) {
  const { environment, region, github } = settings;
  const provider = awsProvider(region, owner, environment);
  const cost = new RecordedCost();
  const opts = { providers: [provider], transformations: [cost.record] };

  const { urls } = new Repositories(
    "repositories",
    { names: settings.repositories, keep: settings.keepImages, protect: isProtected(environment.kind) },
    opts,
  );
  const boundaryArn = boundary("boundary", { provider, transformations: [cost.record] });
  const roles = github ? new GithubOidc("github", { ...github, boundaryArn }, opts).roles : {};
  if (settings.budget) budget("budget", settings.budget, { provider, transformations: [cost.record] });

  return assembleAccountOutputs(settings, owner, { urls, roles, boundaryArn, cost: cost.estimate() });
}
