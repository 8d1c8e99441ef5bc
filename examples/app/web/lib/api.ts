/** The API as the server sees it. The browser's part is in app/items-panel.tsx. */
import { settings } from "./settings.ts";

const TIMEOUT_MS = 5000;

export interface Item {
  readonly id: number;
  readonly title: string;
  readonly createdAt: string;
}

export interface Overview {
  readonly items: readonly Item[];
  readonly counter: number;
  /** Of the API, which may be another one than the web's while a release is rolled out. */
  readonly release: string;
}

async function get<Answer>(path: string, cookie: string): Promise<Answer> {
  const response = await fetch(`${settings().apiInternalUrl}${path}`, {
    headers: { cookie },
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
  return (await response.json()) as Answer;
}

/** What the home page shows, or undefined when the API does not answer: the page then says so. */
export async function readOverview(cookie: string): Promise<Overview | undefined> {
  try {
    const [items, counter, info] = await Promise.all([
      get<Item[]>("/api/items", cookie),
      get<{ value: number }>("/api/counter", cookie),
      get<{ release: string }>("/api/info", cookie),
    ]);
    return { items, counter: counter.value, release: info.release };
  } catch (error) {
    console.error("the API cannot be read:", error instanceof Error ? error.message : error);
    return undefined;
  }
}
