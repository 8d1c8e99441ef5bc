/** The rules as a policy pack of Pulumi: `pulumi preview --policy-pack policy`. */
import {
  PolicyPack,
  type PolicyResource,
  type ResourceValidationArgs,
  type StackValidationArgs,
} from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { type Kind, type Props, type Resource, type Rule, breachesOf, isResourceRule } from "./rule.ts";
import { rules } from "./rules.ts";

const kind = kindOfStack();

new PolicyPack("tristack", {
  enforcementLevel: "mandatory",
  policies: rules.map((rule) => {
    const common = {
      name: rule.name,
      description: descriptionOf(rule),
      enforcementLevel: rule.advisory ? ("advisory" as const) : ("mandatory" as const),
    };
    if (!isResourceRule(rule))
      return {
        ...common,
        validateStack: (args: StackValidationArgs, report: (message: string, urn?: string) => void) => {
          const { resources, urnOf } = view(args.resources);
          for (const one of breachesOf(rule, resources, kind)) report(messageOf(rule, one), urnOf(one));
        },
      };
    return {
      ...common,
      validateResource: (
        { type, name, props, opts }: ResourceValidationArgs,
        report: (message: string) => void,
      ) => {
        const { protect, ignoreChanges } = opts;
        const resource = { type, name, props, protect, ignoreChanges, refersTo: () => [] };
        for (const one of breachesOf(rule, [resource], kind)) report(messageOf(rule, one));
      },
    };
  }),
});

function descriptionOf({ meaning, ids }: Rule): string {
  return `${meaning} [${ids.join(", ")}]`;
}

function messageOf({ meaning }: Rule, { name }: Resource): string {
  return `${name} breaks it: ${meaning}`;
}

/** Resources as rules see them. */
function view(all: readonly PolicyResource[]) {
  const known = new Map<string, Resource>();
  const urns = new Map<Resource, string>();
  for (const one of all) {
    const resource = {
      type: one.type,
      name: one.name,
      props: one.props as Props,
      protect: one.opts.protect,
      ignoreChanges: one.opts.ignoreChanges,
      refersTo: (property: string) =>
        (one.propertyDependencies[property] ?? []).flatMap(({ urn }) => known.get(urn) ?? []),
    };
    known.set(one.urn, resource);
    urns.set(resource, one.urn);
  }
  return { resources: [...known.values()], urnOf: (one: Resource) => urns.get(one) };
}

/** What the settings say that the stack is for. */
function kindOfStack(): Kind {
  const settings = new pulumi.Config(pulumi.getProject()).getObject<{ kind?: Kind }>("environment");
  return settings?.kind;
}
