/** What a type of machine of EC2 says by its name. */

/** Graviton's types have a g behind the generation, as t4g and c7gn; a1 was the first. g4dn is none. */
export function architectureOf(instanceType: string): "amd64" | "arm64" {
  return /^(a1|[a-z]+\d+g[a-z]*)\./.test(instanceType) ? "arm64" : "amd64";
}
