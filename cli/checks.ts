/** One thing that `tristack doctor` looked at. */
export interface Check {
  readonly name: string;
  /** `ok`: as it should be. `note`: works, but worth knowing. `missing`: something will not work. */
  readonly state: "ok" | "note" | "missing";
  readonly found: string;
  /** What mends it; always there when something is missing. */
  readonly mend?: string;
}

export function ok(name: string, found: string): Check {
  return { name, state: "ok", found };
}

export function note(name: string, found: string, mend?: string): Check {
  return { name, state: "note", found, mend };
}

export function missing(name: string, found: string, mend: string): Check {
  return { name, state: "missing", found, mend };
}
