/** What `tristack status` says of parts of a stack, from what their carriers answer. */
import assert from "node:assert/strict";
import type { DBInstance } from "@aws-sdk/client-rds";
import { statusOf } from "../../cli/aws/database-status.ts";
import { looksBad } from "../../cli/commands/status.ts";

describe("status of a database of RDS", () => {
  const INSTANCE: DBInstance = {
    DBInstanceStatus: "available",
    EngineVersion: "16.9",
    DBInstanceClass: "db.t4g.small",
    AllocatedStorage: 20,
  };

  it("names version, size and disk, and a standby where there is one", () => {
    assert.equal(statusOf(INSTANCE), "available, PostgreSQL 16.9, db.t4g.small, 20 GiB");
    assert.match(statusOf({ ...INSTANCE, MultiAZ: true }), /, with a standby$/);
  });

  it("names what waits for the maintenance window, and no value of it", () => {
    const PendingModifiedValues = { DBInstanceClass: "db.t4g.large", MasterUserPassword: "****" };
    assert.match(
      statusOf({ ...INSTANCE, PendingModifiedValues }),
      /, waits for its maintenance window: DBInstanceClass, MasterUserPassword$/,
    );
    assert.doesNotMatch(statusOf({ ...INSTANCE, PendingModifiedValues: {} }), /waits/);
  });
});

describe("status of a part", () => {
  const WELL = [
    "Up 2 hours (healthy)",
    "Running",
    "Running, restarted 1 time",
    "Active, 100 % of the requests",
    "available, PostgreSQL 16.9, db.t4g.small, 20 GiB, with a standby",
  ];
  const BAD = [
    "Up 2 hours (unhealthy)",
    "Restarting (1) 5 seconds ago",
    "Exited (137) 2 minutes ago",
    "CrashLoopBackOff, not ready, restarted 4 times (exit code 1)",
    "ImagePullBackOff, not ready",
    "ErrImagePull, not ready",
    "CreateContainerConfigError, not ready",
    "Pending: Unschedulable: 0/1 nodes are available",
    "Failed, 100 % of the requests",
    "Active, 100 % of the requests, the last change failed",
    "storage-full, PostgreSQL 16.9",
    "incompatible-parameters, PostgreSQL 16.9",
    "inaccessible-encryption-credentials, PostgreSQL 16.9",
    "stopped, PostgreSQL 16.9",
    "not there",
  ];

  it("is marked where somebody should look, and nowhere else", () => {
    assert.deepEqual([...WELL, ...BAD].filter(looksBad), BAD);
  });
});
