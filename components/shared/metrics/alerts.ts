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
