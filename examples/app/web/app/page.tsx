import { cookies } from "next/headers";
import { ItemsPanel } from "./items-panel.tsx";
import { overviewFor } from "../lib/api.ts";
import { isFeatureEnabled } from "../lib/feature-flags.ts";
import { settings } from "../lib/settings.ts";

export const dynamic = "force-dynamic";

/** The cookie that the API gives a user: `<id>.<signature>`. */
const USER_COOKIE = "sample_user";

export default async function HomePage() {
  const user = (await cookies()).get(USER_COOKIE)?.value ?? "";
  const { release, environment, apiUrl, apiInternalUrl } = settings();
  const [overview, beta] = await Promise.all([
    apiInternalUrl === undefined
      ? undefined
      : overviewFor(apiInternalUrl, user === "" ? "" : `${USER_COOKIE}=${user}`),
    isFeatureEnabled("beta", user.split(".")[0] || "anonymous"),
  ]);
  const asked = apiInternalUrl !== undefined;
  return (
    <main>
      <header>
        <h1>Tristack sample</h1>
        <p className="facts">
          <span>
            environment <b id="environment">{environment}</b>
          </span>
          <span>
            web <b id="web-release">{release}</b>
          </span>
          <span>
            api{" "}
            <b id="api-release">{overview?.release ?? (asked ? "not reachable" : "asked by your browser")}</b>
          </span>
          {beta && <span className="beta">beta</span>}
        </p>
      </header>
      {asked && overview === undefined ? (
        <p role="alert">The API does not answer. Reload the page in a moment.</p>
      ) : (
        <ItemsPanel apiUrl={apiUrl} first={overview} />
      )}
    </main>
  );
}
