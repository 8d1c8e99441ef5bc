/** Diagrams of what stacks consist of, drawn from the graphs that their programs register, as `tristack plan` has them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seenStack } from "../cli/plan/seen-stack.ts";
import { readProject, readStackFile } from "../cli/project.ts";
import { objectOf } from "../cli/stack-settings.ts";
import type { Registered } from "../cli/render/recorder.ts";

const ROOT = join(import.meta.dirname, "..");

/** Stacks that are drawn, by target. */
const STACKS = {
  vps: { folder: ".", stack: "production" },
  kubernetes: { folder: "examples/kubernetes", stack: "production" },
  aws: { folder: "examples/aws", stack: "production" },
} as const;
type Target = keyof typeof STACKS;

/** Pages with a place for diagrams: `<!-- diagram NAME -->` … `<!-- end of diagram -->`. */
const PAGES = ["README.md", "docs/vps.md", "docs/kubernetes.md", "docs/aws.md"];
const PLACE = /(<!-- diagram (\w+) -->\n)[^]*?(<!-- end of diagram -->)/g;

/** Components where requests come in. */
const ENTRANCES = ["tristack:docker:Proxy", "tristack:kubernetes:Routing", "tristack:aws:Cdn"];
/** What a part is wired, permitted or recorded with: it has many of them, and they tell nothing of it. Counted, and not followed. */
const WIRING =
  /^(LogGroup|Role|RolePolicy|Bucket[A-Z]\w*|LogDelivery\w*|SecurityGroup\w*|DefaultSecurityGroup|RouteTable\w*|OriginAccessControl|\w+Policy|ServiceAccount|Random\w+|LimitRange|ParameterGroup|SubnetGroup|WebAclLoggingConfiguration)$/;
/** Kinds of resources that are named in a box; more of them are counted together. */
const SHOWN_KINDS = 4;

/** A component at the top of a stack, with all that is in it. */
export interface Group {
  readonly name: string;
  readonly type: string;
  /** How many there are of each kind of resource. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Names of the groups that have to be there before it. */
  readonly needs: ReadonlySet<string>;
}

/** The top components of what a program has registered, by name, and what each waits for. */
export function groupsOf(resources: readonly Registered[]): Group[] {
  const known = new Map(resources.map((one) => [`${one.type}::${one.name}`, one]));
  const topOf = (one: Registered): Registered => {
    const outer = known.get(`${one.parentType}::${one.parent}`);
    return outer && outer !== one && !/^pulumi:pulumi:/.test(outer.type) ? topOf(outer) : one;
  };
  const groups = new Map<string, { type: string; kinds: Map<string, number>; needs: Set<string> }>();
  for (const one of resources) {
    const top = topOf(one);
    // Providers are how it is reached, and no part of it.
    if (/^pulumi:/.test(top.type)) continue;
    const group = groups.get(top.name) ?? {
      type: top.type,
      kinds: new Map<string, number>(),
      needs: new Set(),
    };
    groups.set(top.name, group);
    if (one.custom) group.kinds.set(kindOf(one.type), (group.kinds.get(kindOf(one.type)) ?? 0) + 1);
    for (const key of WIRING.test(kindOf(one.type)) ? [] : one.waitsFor) {
      const other = known.get(key);
      const name = other && topOf(other).name;
      if (name !== undefined && name !== top.name) group.needs.add(name);
    }
  }
  return [...groups].map(([name, group]) => ({ name, ...group })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `docker:index/container:Container` as `Container`. */
function kindOf(type: string): string {
  return type.split(":").at(-1) ?? type;
}

/**
 * Mermaid: a box a component, an arrow to what has to be there before it, a thick one where requests go. What is needed through
 * another one has no arrow of its own.
 * @param routed names of the services that visitors reach
 */
export function flowchart(groups: readonly Group[], routed: readonly string[] = []): string {
  const boxes = groups.map(({ name, kinds }) => `  ${idOf(name)}["<b>${name}</b><br/>${kindsText(kinds)}"]`);
  const reaches = reachability(groups);
  const [entrance] = groups.filter(({ type }) => ENTRANCES.includes(type)).map(({ name }) => name);
  const asked = entrance === undefined ? [] : routed.filter((name) => !reaches(entrance, name));
  const requests = [
    ...(entrance === undefined ? [] : [`  visitors(("visitors")) ==> ${idOf(entrance)}`]),
    ...asked.map((name) => `  ${idOf(entrance ?? "")} ==> ${idOf(name)}`),
  ];
  const arrows = groups.flatMap(({ name, needs }) =>
    [...needs]
      .filter((to) => ![...needs].some((via) => via !== to && reaches(via, to) && !reaches(via, name)))
      .sort()
      .map((to) => `  ${idOf(name)} --> ${idOf(to)}`),
  );
  return ["flowchart LR", ...boxes, ...requests, ...arrows].join("\n");
}

/** Whether one group leads to another, by whatever way; two may need parts of each other. */
function reachability(groups: readonly Group[]): (from: string, to: string) => boolean {
  const needs = new Map(groups.map((group) => [group.name, group.needs]));
  const found = new Map<string, Set<string>>();
  for (const { name } of groups) {
    const seen = new Set<string>();
    const open = [...(needs.get(name) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(needs.get(next) ?? []));
    }
    found.set(name, seen);
  }
  return (from, to) => found.get(from)?.has(to) ?? false;
}

function kindsText(kinds: ReadonlyMap<string, number>): string {
  const telling = [...kinds].filter(([kind]) => !WIRING.test(kind));
  const sorted = (telling.length > 0 ? telling : [...kinds]).sort(
    ([a, many], [b, more]) => more - many || (a < b ? -1 : 1),
  );
  const shown = sorted
    .slice(0, SHOWN_KINDS)
    .map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
  const total = (all: Iterable<[string, number]>) => [...all].reduce((sum, [, count]) => sum + count, 0);
  const rest = total(kinds) - total(sorted.slice(0, SHOWN_KINDS));
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join("<br/>");
}

/** Words such as `end` mean something to Mermaid. */
function idOf(name: string): string {
  return `c_${name.replace(/\W/g, "_")}`;
}

/** What it is, in one picture: settings go in, one of three targets comes out, and all of them tell the same. */
function overview(groups: Readonly<Record<Target, readonly Group[]>>): string {
  const titles: Record<Target, string> = {
    vps: "a VPS with Docker",
    kubernetes: "a Kubernetes cluster",
    aws: "AWS, without a machine",
  };
  const targets = Object.entries(groups).map(([target, all]) => {
    const resources = all.reduce((sum, { kinds }) => sum + [...kinds.values()].reduce((a, b) => a + b, 0), 0);
    const names = all.map(({ name }) => name);
    const lines = [0, 1, 2, 3].map((line) => names.slice(line * 4, line * 4 + 4).join(", ")).filter(Boolean);
    return `  program -- "target: ${target}" --> ${target}["<b>${titles[target as Target]}</b><br/>${lines.join(",<br/>")}<br/><i>${resources} resources</i>"]`;
  });
  return [
    "flowchart LR",
    '  settings["Pulumi.production.yaml<br/>the application, the environment"] --> program["index.ts<br/>a Pulumi program"]',
    '  commands["tristack deploy, rollback,<br/>restore, plan, …"] --> program',
    ...targets,
    ...Object.keys(groups).map(
      (target) => `  ${target} --> outputs["the same outputs<br/>for CI, backup jobs and people"]`,
    ),
  ].join("\n");
}

function routedIn({ services }: Readonly<Record<string, unknown>>): string[] {
  const all = Object.entries(objectOf(services)).filter(([, one]) => objectOf(one).routes !== undefined);
  return all.map(([name]) => name).sort();
}

async function diagrams(): Promise<Readonly<Record<string, string>>> {
  const project = readProject(ROOT);
  const seen = await Promise.all(
    Object.entries(STACKS).map(async ([target, { folder, stack }]) => {
      const place = { ...project, root: join(ROOT, folder) };
      const file = readStackFile(place, stack);
      if (!file) throw new Error(`there are no settings of ${stack} in ${folder}`);
      const { resources } = await seenStack({ project: project.name, folder: place.root }, stack, file);
      return { target: target as Target, groups: groupsOf(resources), routed: routedIn(file.config) };
    }),
  );
  const groups = Object.fromEntries(seen.map((one) => [one.target, one.groups])) as Record<Target, Group[]>;
  const charts = Object.fromEntries(seen.map((one) => [one.target, flowchart(one.groups, one.routed)]));
  return { overview: overview(groups), ...charts };
}

/** The pages as they should be. */
async function pages(): Promise<ReadonlyMap<string, string>> {
  const drawn = await diagrams();
  return new Map(
    PAGES.map((page) => {
      const text = readFileSync(join(ROOT, page), "utf8");
      return [page, withDiagrams(page, text, drawn)];
    }),
  );
}

/** @throws where the page has no place, or one for a diagram that there is not */
export function withDiagrams(page: string, text: string, drawn: Readonly<Record<string, string>>): string {
  let places = 0;
  const filled = text.replace(PLACE, (_all, begin: string, name: string, end: string) => {
    const chart = drawn[name];
    if (chart === undefined) throw new Error(`${page}: there is no diagram ${name}`);
    places += 1;
    return `${begin}\n\`\`\`mermaid\n${chart}\n\`\`\`\n\n${end}`;
  });
  if (places === 0) throw new Error(`${page} has no place for a diagram`);
  return filled;
}

/** Draws all of them. @returns the pages that have changed */
export async function writeDiagrams(): Promise<string[]> {
  const stale = await stalePages();
  const all = await pages();
  for (const page of stale) writeFileSync(join(ROOT, page), all.get(page) ?? "");
  return stale;
}

/** Pages whose diagrams are not what the code makes. */
export async function stalePages(): Promise<string[]> {
  const all = [...(await pages())];
  return all
    .filter(
      ([page, text]) => !existsSync(join(ROOT, page)) || readFileSync(join(ROOT, page), "utf8") !== text,
    )
    .map(([page]) => page);
}
