/** Alerts: what is wrong, and since when it must have been. */
import { seconds } from "../units.ts";
import { errorPercent, p95, requests } from "./requests.ts";

/** A rule as Prometheus takes it. */
export interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: "critical" | "warning"; service?: string };
  annotations: { summary: string };
}

/** Fewest requests in the window from which a share of errors, or a quantile, means anything. */
const FEW = 10;
export function rule(
  alert: string,
  severity: "critical" | "warning",
  /** Empty: at once. */
  duration: string,
  expr: string,
  summary: string,
): AlertRule {
  const wait = duration === "" ? {} : { for: duration };
  return { alert, expr, ...wait, labels: { severity }, annotations: { summary } };
}

/** When answers are wrong or slow. */
export interface AnswerLimits {
  /** Percent. */
  errorRate: number;
  /** Seconds. */
  p95: number;
  window: string;
  after: string;
}

/** @param scope matchers of whose requests */
export function slowOrWrong(
  { errorRate, p95: slow, window, after }: AnswerLimits,
  ...scope: string[]
): AlertRule[] {
  const enough = `and on (service) ${requests(window, ...scope)} * ${seconds(window)} >= ${FEW}`;
  return [
    rule(
      "HighErrorRate",
      "critical",
      after,
      `${errorPercent(window, ...scope)} > ${errorRate} ${enough}`,
      `{{ $value | printf "%.1f" }} % of the answers of {{ $labels.service }} are 5xx (limit ${errorRate} %).`,
    ),
    rule(
      "SlowResponses",
      "warning",
      after,
      `${p95(window, ...scope)} > ${slow} ${enough}`,
      `95 of 100 answers of {{ $labels.service }} take up to {{ $value | printf "%.2f" }} s (limit ${slow} s).`,
    ),
  ];
}

/** Longest time after which it is an alarm that something is down. */
const SOON_SECONDS = 60;

/** Time after which it is an alarm that something is down. */
export function soonOf({ after }: Pick<AnswerLimits, "after">): string {
  return `${Math.min(seconds(after), SOON_SECONDS)}s`;
}

/**
 * @param carried what the service runs in, such as `pod`
 * @param scope matchers of whose metrics
 */
export function serviceDown(service: string, soon: string, carried: string, ...scope: string[]): AlertRule {
  // One that runs nowhere has no target that could be down.
  const gone = `absent(up{${[...scope, `service="${service}"`].join(", ")}} == 1)`;
  const alert = rule(
    "ServiceDown",
    "critical",
    soon,
    gone,
    `No ${carried} of ${service} answers with its metrics.`,
  );
  return { ...alert, labels: { ...alert.labels, service } };
}

/** @param left expression of the seconds until the certificate ends */
export function certificateEnds(
  left: string,
  { certificate, after }: { certificate: string; after: string },
): AlertRule {
  return rule(
    "CertificateExpiresSoon",
    "warning",
    after,
    `${left} < ${seconds(certificate)}`,
    "The certificate ends in {{ $value | humanizeDuration }}, and should have been renewed.",
  );
}
