/** What the settings of a stack on a cluster must be together. */
import type { KubernetesSettings } from "../settings.ts";
import { seconds } from "../shared/units.ts";
import { ANY, type Rule, missingSecret, rising } from "./rules.ts";

/** After which Argo Rollouts asks a Prometheus again that did not answer. */
const RETRY_SECONDS = 10;

export const kubernetesRules: readonly Rule<KubernetesSettings>[] = [
  {
    meaning: "`cluster.kubeconfig` is left out where `cluster.stack` says whose cluster it is.",
    reliesOn: [["cluster"]],
    *check({ cluster: { kubeconfig, stack } }) {
      if (kubeconfig === undefined || stack === undefined) return;
      yield { path: ["cluster", "kubeconfig"], need: "to be left out, since cluster.stack is set" };
    },
  },
  {
    meaning: "A certificate that is given is under `secrets`, with its key.",
    reliesOn: [["certificates"], ["secrets"]],
    *check(settings) {
      const { certificates } = settings;
      if (certificates.issuer !== "given") return;
      yield* missingSecret(settings, ["certificates", "certificate"], certificates.certificate);
      yield* missingSecret(settings, ["certificates", "key"], certificates.key);
    },
  },
  {
    meaning: "`pullSecrets` are under `secrets`.",
    reliesOn: [["pullSecrets"], ["secrets"]],
    *check(settings) {
      for (const [index, name] of settings.pullSecrets.entries())
        yield* missingSecret(settings, ["pullSecrets", index], name);
    },
  },
  {
    meaning: "`release` is there where `gitops` is: what runs is what Git says.",
    reliesOn: [["gitops"], ["release"]],
    *check({ gitops, release }) {
      if (gitops && !release) yield { path: ["release"], need: "a version, since gitops is set" };
    },
  },
  {
    meaning: "`services.*.autoscale.maxReplicas` is at least `replicas`.",
    reliesOn: [
      ["services", ANY, "replicas"],
      ["services", ANY, "autoscale"],
    ],
    *check({ services }) {
      for (const [name, { autoscale, replicas }] of Object.entries(services)) {
        if (!autoscale || autoscale.maxReplicas >= replicas) continue;
        yield {
          path: ["services", name, "autoscale", "maxReplicas"],
          need: `at least ${replicas}, which services.${name}.replicas is`,
        };
      }
    },
  },
  {
    meaning: "`services.*.assets` is for the target vps: a rolling update has no place that keeps files.",
    reliesOn: [["services", ANY, "assets"]],
    *check({ services }) {
      for (const [name, { assets }] of Object.entries(services))
        if (assets)
          yield {
            path: ["services", name, "assets"],
            need: "to be left out, since the target is kubernetes",
          };
    },
  },
  {
    meaning:
      "On the target kubernetes backups are in S3, since a pod keeps nothing, and `backup.recoveryKey` is left out.",
    reliesOn: [["backup"]],
    *check({ backup }) {
      if (!backup) return;
      if (!backup.s3)
        yield {
          path: ["backup", "s3"],
          need: "an object whose bucket and keys say where backups go: a pod keeps nothing",
        };
      if (backup.recoveryKey !== undefined)
        yield {
          path: ["backup", "recoveryKey"],
          need: "to be left out, since the target is kubernetes: nothing here copies the stack's state",
        };
    },
  },
  {
    meaning:
      "On the target kubernetes Sunday is 0 in `backup.schedule` and `backup.drill`: its cron knows no 7.",
    reliesOn: [["backup"]],
    *check({ backup }) {
      for (const key of ["schedule", "drill"] as const) {
        const weekdays = backup?.[key].split(" ")[4] ?? "";
        if (/(^|[,-])7/.test(weekdays))
          yield { path: ["backup", key], need: "0 for Sunday, since Kubernetes knows no day 7" };
      }
    },
  },
  {
    meaning: "`delivery.steps` rise.",
    reliesOn: [["delivery"]],
    *check({ delivery }) {
      if (delivery.strategy === "canary") yield* rising(delivery);
    },
  },
  {
    meaning:
      "All pauses of a canary together are longer than `delivery.analysis` needs to abort: (`failureLimit` + 2) times its `interval`, or 10 s where that is longer.",
    reliesOn: [["delivery"]],
    *check({ delivery }) {
      if (delivery.strategy !== "canary") return;
      const { steps, pause, analysis } = delivery;
      const needed = (analysis.failureLimit + 2) * Math.max(seconds(analysis.interval), RETRY_SECONDS);
      const least = Math.ceil(needed / steps.length);
      if (seconds(pause) >= least) return;
      yield {
        path: ["delivery", "pause"],
        need: `at least ${least}s: with ${steps.length} steps nothing less leaves time to abort`,
      };
    },
  },
];
