"use client";

import { useEffect, useState } from "react";
import type { FormEvent } from "react";
import { answerOf, readOverview } from "../lib/overview.ts";
import type { Item, Overview } from "../lib/overview.ts";

interface Props {
  /** Of the API as the browser reaches it; comes from the server at run time. */
  readonly apiUrl: string;
  /** What there is at first; undefined where the server cannot ask, and the browser does. */
  readonly first: Overview | undefined;
}

const ask = (url: string, init?: RequestInit) => fetch(url, { credentials: "include", ...init });

function post(url: string, body?: object): Promise<Response> {
  const json = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return ask(url, { method: "POST", ...json });
}

export function ItemsPanel({ apiUrl, first }: Props) {
  const [items, setItems] = useState(first?.items);
  const [counter, setCounter] = useState(first?.counter);
  const [title, setTitle] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  async function run(work: () => Promise<void>) {
    setBusy(true);
    setProblem("");
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The API cannot be reached.");
    }
    setBusy(false);
  }

  useEffect(() => {
    if (first !== undefined) return;
    void run(async () => {
      const overview = await readOverview((path) => ask(`${apiUrl}${path}`));
      setItems(overview.items);
      setCounter(overview.counter);
    });
  }, [apiUrl, first]);

  function addItem(event: FormEvent) {
    event.preventDefault();
    void run(async () => {
      const added = await answerOf<Item>(await post(`${apiUrl}/api/items`, { title }));
      setItems((shown = []) => [added, ...shown].slice(0, 20));
      setTitle("");
    });
  }

  function count() {
    void run(async () => {
      const { value } = await answerOf<{ value: number }>(await post(`${apiUrl}/api/counter`));
      setCounter(value);
    });
  }

  return (
    <>
      {counter !== undefined && (
        <section>
          <h2>Counter</h2>
          <p className="facts">
            <output id="counter">{counter}</output>
            <button type="button" onClick={count} disabled={busy}>
              Add one
            </button>
          </p>
        </section>
      )}
      <section>
        <h2>Items</h2>
        <form onSubmit={addItem}>
          <input
            aria-label="Title of the new item"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
            maxLength={200}
            placeholder="A new item"
            required
          />
          <button type="submit" disabled={busy}>
            Add
          </button>
        </form>
        {problem !== "" && <p role="alert">{problem}</p>}
        <ul id="items">
          {items?.map((item) => (
            <li key={item.id}>{item.title}</li>
          ))}
        </ul>
        {items?.length === 0 && <p className="empty">Nothing here yet.</p>}
      </section>
    </>
  );
}
