/** Policy documents of IAM, as rules ask about them. */

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Names of who is meant; `*` is everybody. */
  readonly principals: readonly string[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Statements of a document, given as text or as an object; none where it is neither. */
export function statementsOf(document: unknown): Statement[] {
  const parsed = typeof document === "string" ? parsedJson(document) : document;
  const { Statement: statements } = (parsed ?? {}) as { Statement?: unknown };
  return [statements].flat().flatMap((one) => {
    if (typeof one !== "object" || one === null) return [];
    const { Effect, Action, Resource, Principal, Condition } = one as Record<string, unknown>;
    return [
      {
        effect: String(Effect),
        actions: texts(Action),
        resources: texts(Resource),
        principals:
          typeof Principal === "object" && Principal !== null
            ? Object.values(Principal).flatMap(texts)
            : texts(Principal),
        condition: (Condition ?? {}) as Statement["condition"],
      },
    ];
  });
}

function texts(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === "string");
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
