/** A release at Sentry, and that it was deployed, by Sentry's API: so that errors there have the version that made them. */
import { failed } from "../errors.ts";
import { type Posted, post } from "./post.ts";

export interface SentryPlace {
  /** Without a slash at its end. */
  readonly url: string;
  readonly organization: string;
  readonly projects: readonly string[];
  readonly token: string;
}

export interface SentryDeploy {
  readonly version: string;
  readonly environment: string;
  readonly commit?: string;
  /** owner/name of the repository that the commit is in. */
  readonly repository?: string;
  /** Where more of the deploy is to be read. */
  readonly link?: string;
}

/** Whether Sentry could relate the commit to a repository that it is connected with. */
export interface SentryReport {
  readonly commitKnown: boolean;
}

/** @throws CliError, exit code 1, with what is missing. @param second length of a second while waiting, in milliseconds */
export async function tellSentry(
  place: SentryPlace,
  deploy: SentryDeploy,
  second?: number,
): Promise<SentryReport> {
  const { version, environment, commit, repository, link } = deploy;
  const send = (path: string, body: object) =>
    post({ service: "Sentry", url: `${releases(place)}${path}`, token: place.token, body }, second);
  const fields = {
    version,
    projects: place.projects,
    dateReleased: new Date().toISOString(),
    ...(commit === undefined ? {} : { ref: commit }),
    ...(link === undefined ? {} : { url: link }),
  };
  const refs = commit !== undefined && repository !== undefined ? [{ repository, commit }] : undefined;
  let answer = await send("", refs ? { ...fields, refs } : fields);
  const commitKnown = refs !== undefined && !refusesRepository(answer);
  // An organization that has not connected its repository still gets the release.
  if (refs && !commitKnown) answer = await send("", fields);
  require(answer, place);
  const name = encodeURIComponent(version);
  const made = {
    environment,
    dateFinished: fields.dateReleased,
    ...(link === undefined ? {} : { url: link }),
  };
  require(await send(`${name}/deploys/`, made), place);
  return { commitKnown };
}

function releases({ url, organization }: SentryPlace): string {
  return `${url}/api/0/organizations/${encodeURIComponent(organization)}/releases/`;
}

function refusesRepository({ status, text }: Posted): boolean {
  return status === 400 && /"refs"/.test(text);
}

function require({ status, text }: Posted, { organization, projects }: SentryPlace): void {
  if (status >= 200 && status < 300) return;
  const said = `${status} ${text.slice(0, 200).trim()}`;
  if (status === 401)
    throw failed(`Sentry does not accept SENTRY_AUTH_TOKEN (${said}); needs one that is valid`);
  if (status === 403)
    throw failed(`Sentry refuses (${said}); SENTRY_AUTH_TOKEN needs the scope org:ci, or project:releases`);
  if (status === 404)
    throw failed(
      `Sentry knows no organization ${organization}, or not for this token (${said}): see SENTRY_ORG, SENTRY_URL`,
    );
  throw failed(`Sentry refuses the release (${said}): see SENTRY_PROJECT (${projects.join(", ")})`);
}
