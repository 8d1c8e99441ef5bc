/** What `tristack drift --json` prints, as far as the tests read it. */
export interface DriftOutput {
  readonly stacks: readonly {
    readonly stack: string;
    readonly drifted: boolean;
    readonly held?: string;
    readonly error?: string;
    readonly findings: readonly {
      readonly kind: string;
      readonly resource: string;
      readonly mend: string;
      readonly properties: readonly { path: string; before?: unknown; after?: unknown }[];
    }[];
  }[];
}
