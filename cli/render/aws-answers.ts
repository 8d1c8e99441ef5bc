/** What AWS would answer, where a program runs without it. */

type Answers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** To questions, by token. */
export const CALLS: Answers = {
  "aws:ec2/getAmi:getAmi": { id: "ami-debian" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { names: ["zone-a", "zone-b", "zone-c"] },
  "aws:index/getRegion:getRegion": { region: "eu-central-1" },
  "aws:route53/getZone:getZone": { zoneId: "zone" },
};

/** What it adds to a resource, by type. */
export const MADE: Answers = {
  "aws:eks/cluster:Cluster": {
    endpoint: "https://cluster.example.com",
    certificateAuthority: { data: "Y2VydGlmaWNhdGU=" },
  },
};
