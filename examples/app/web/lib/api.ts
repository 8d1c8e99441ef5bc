/** The API as the server sees it. The browser's part is in app/items-panel.tsx. */
import { readOverview } from "./overview.ts";
import type { Overview } from "./overview.ts";

const TIMEOUT_MS = 5000;

/** Undefined when the API does not answer: the page then says so. */
export async function overviewFor(apiUrl: string, cookie: string): Promise<Overview | undefined> {
  try {
    return await readOverview((path) =>
      fetch(`${apiUrl}${path}`, {
        headers: { cookie },
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }),
    );
  } catch (error) {
    console.error("the API cannot be read:", error instanceof Error ? error.message : error);
    return undefined;
  }
}
