"use client";

import { useState } from "react";
import type { FormEvent } from "react";
import type { Item } from "../lib/api.ts";

interface Props {
  /** Of the API as the browser reaches it; comes from the server at run time. */
  readonly apiUrl: string;
  readonly items: readonly Item[];
  readonly counter: number;
}

async function post<Answer>(url: string, body?: object): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    credentials: "include",
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
  return (await response.json()) as Answer;
}

export function ItemsPanel({ apiUrl, items: firstItems, counter: firstCounter }: Props) {
  const [items, setItems] = useState(firstItems);
  const [counter, setCounter] = useState(firstCounter);
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

  function addItem(event: FormEvent) {
    event.preventDefault();
    void run(async () => {
      const added = await post<Item>(`${apiUrl}/api/items`, { title });
      setItems((shown) => [added, ...shown].slice(0, 20));
      setTitle("");
    });
  }

  function count() {
    void run(async () => setCounter((await post<{ value: number }>(`${apiUrl}/api/counter`)).value));
  }

  return (
    <>
      <section>
        <h2>Counter</h2>
        <p className="facts">
          <output id="counter">{counter}</output>
          <button type="button" onClick={count} disabled={busy}>
            Add one
          </button>
        </p>
      </section>
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
          {items.map((item) => (
            <li key={item.id}>{item.title}</li>
          ))}
        </ul>
        {items.length === 0 && <p className="empty">Nothing here yet.</p>}
      </section>
    </>
  );
}
