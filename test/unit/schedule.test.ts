import assert from "node:assert/strict";
import { longestGap } from "../../components/shared/schedule.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

describe("the longest time between two runs of a schedule", () => {
  const gaps: readonly (readonly [string, number])[] = [
    ["* * * * *", 60],
    ["*/15 * * * *", 15 * 60],
    ["0 8-18 * * *", 14 * HOUR],
    ["0 3 * * *", DAY],
    ["0 3 * * 1-5", 3 * DAY],
    ["15 2,14 * * 6", 6.5 * DAY],
    ["30 3 * * 0", 7 * DAY],
    ["0 3 1 * *", 31 * DAY],
    ["0 3 1-7 * 1", 7 * DAY],
    ["0 3 * 1-6 *", 185 * DAY],
    ["0 0 29 2 *", 2921 * DAY],
  ];
  for (const [schedule, seconds] of gaps)
    it(`is ${seconds / HOUR} h of ${schedule}`, () => {
      assert.equal(longestGap(schedule), seconds);
    });
});
