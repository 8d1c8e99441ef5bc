/** Schedules as EventBridge has them, against croner, which knows both forms' meaning of a number. */
import assert from "node:assert/strict";
import { Cron } from "croner";
import fc from "fast-check";
import { isExpressible, scheduleExpression } from "../../components/shared/eventbridge-schedule.ts";
import { isSchedule } from "../../components/shared/schedule.ts";

/** A field of one range, or a list, or a step; numbers that croner takes. */
const field = (low: number, high: number) => {
  const number = fc.integer({ min: low, max: high });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc
    .tuple(fc.oneof(fc.constant("*"), range), fc.integer({ min: 1, max: high }))
    .map(([of, by]) => `${of}/${by}`);
  const part = fc.oneof(number.map(String), range, step);
  return fc.oneof(
    fc.constant("*"),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(",")),
  );
};

describe("a schedule as EventBridge has it", () => {
  const known: [schedule: string, expression: string][] = [
    ["0 3 * * *", "cron(0 3 * * ? *)"],
    ["0 5 * * 0", "cron(0 5 ? * 1 *)"],
    ["0 5 * * 7", "cron(0 5 ? * 1 *)"],
    ["30 2 * * 1-5", "cron(30 2 ? * 2-6 *)"],
    ["*/15 * * * *", "cron(0,15,30,45 * * * ? *)"],
    ["0 4 1,15 */3 *", "cron(0 4 1,15 1,4,7,10 ? *)"],
    ["0 4 * * 5-7", "cron(0 4 ? * 1,6-7 *)"],
    ["5/20 1-3 * * 0-6", "cron(5,25,45 1-3 * * ? *)"],
  ];
  for (const [schedule, expression] of known)
    it(`of ${schedule} is ${expression}`, () => assert.equal(scheduleExpression(schedule), expression));

  it("comes at the same times", () => {
    const schedules = fc
      .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
      .chain(([minute, hour, dayOfMonth, month, dayOfWeek]) =>
        fc
          .boolean()
          .map((monthly) =>
            [minute, hour, monthly ? dayOfMonth : "*", month, monthly ? "*" : dayOfWeek].join(" "),
          ),
      )
      .filter(isSchedule);
    const begin = new Date("2026-11-25T10:00:00Z");
    fc.assert(
      fc.property(schedules, (schedule) => {
        assert.ok(isExpressible(schedule));
        const expression = scheduleExpression(schedule);
        assert.ok(expression.length <= 256, expression);
        const times = (text: string) =>
          new Cron(text, { timezone: "UTC", mode: "5-part", paused: true })
            .nextRuns(5, begin)
            .map((at) => at.toISOString());
        assert.deepEqual(times(asFiveFields(expression)), times(schedule), expression);
      }),
      { numRuns: 200 },
    );
  });

  it("is none where both kinds of day are asked for", () => {
    assert.deepEqual(["0 3 1 * 1", "0 3 */2 * 1", "0 3 1-31 * 0-6"].map(isExpressible), [
      false,
      false,
      false,
    ]);
  });
});

/** Back to cron, by EventBridge's own words: `?` asks about no day, and Sunday is 1. */
function asFiveFields(expression: string): string {
  const [, minute, hour, dayOfMonth, month, dayOfWeek] =
    /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)$/.exec(expression) ?? [];
  assert.ok([dayOfMonth, dayOfWeek].includes("?"));
  const days = dayOfWeek?.replaceAll(/\d/g, (day) => String(Number(day) - 1));
  return [minute, hour, dayOfMonth, month, days].join(" ").replaceAll("?", "*");
}
