/** A security group whose members go out as far as their subnet leads, and are reached by nobody. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export function goingOut(
  name: string,
  vpcId: pulumi.Input<string>,
  description: string,
  parent: pulumi.Resource,
): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(name, { description, vpcId, tags: { Name: name } }, { parent });
  new aws.vpc.SecurityGroupEgressRule(
    name,
    {
      securityGroupId: group.id,
      ipProtocol: "-1",
      cidrIpv4: "0.0.0.0/0",
      description: "as far as the subnet leads",
    },
    { parent },
  );
  return group;
}
