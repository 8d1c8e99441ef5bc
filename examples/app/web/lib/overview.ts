/** What the home page shows, and how it is read from the API: by the server, or by the browser. */
export interface Item {
  readonly id: number;
  readonly title: string;
  readonly createdAt: string;
}

export interface Overview {
  readonly items: readonly Item[];
  /** Undefined where the API has no Redis to count in. */
  readonly counter: number | undefined;
  /** Of the API, which may be another one than the web's while a release is rolled out. */
  readonly release: string;
}

export async function answerOf<Answer>(response: Response): Promise<Answer> {
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
  return (await response.json()) as Answer;
}

async function counterOf(response: Response): Promise<number | undefined> {
  return response.status === 404 ? undefined : (await answerOf<{ value: number }>(response)).value;
}

/** @param get asks the API for a path */
export async function readOverview(get: (path: string) => Promise<Response>): Promise<Overview> {
  const [items, counter, info] = await Promise.all([
    get("/api/items").then(answerOf<Item[]>),
    get("/api/counter").then(counterOf),
    get("/api/info").then(answerOf<{ release: string }>),
  ]);
  return { items, counter, release: info.release };
}
