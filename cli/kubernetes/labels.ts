/** What the parts of a stack are found by in its namespace. */
import { selectorOf } from "../../components/kubernetes/labels.ts";
import type { Owner } from "../../components/shared/labels.ts";

export function labelSelectorOf(owner: Owner, part: string): string {
  return Object.entries(selectorOf(owner, part))
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
}
