"""CloudFront as far as Pulumi and `tristack deploy` speak to it: what is told is kept and told again, as it was told.

moto 5.2.5 forgets most of a distribution (whose access its origins are read with, policies, origin groups), and knows no
policies. Nothing here serves a page: that is CloudFront's alone.
"""

import re
from itertools import count

import xmltodict

API = "/2020-05-31"
# Kind in the path -> name of what is answered, name of its configuration.
KINDS = {
    "distribution": ("Distribution", "DistributionConfig"),
    "cache-policy": ("CachePolicy", "CachePolicyConfig"),
    "response-headers-policy": ("ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
    "origin-access-control": ("OriginAccessControl", "OriginAccessControlConfig"),
}
ACCOUNT = "123456789012"
NOW = "2026-11-24T00:00:00Z"

numbers = count(1)
kept: dict[str, dict] = {}  # by id
tags: dict[str, dict[str, str]] = {}  # by ARN


def answer(request, full_url, headers):
    """One request. Returns status, headers and body, as moto wants them."""
    path = request.path.removeprefix(API).strip("/").split("/")
    body = request.get_data().decode()
    if path[0] == "tagging":
        return tagging(request, body)
    if path[-1] == "invalidation":
        return xml(201, "Invalidation", {"Id": "I1", "Status": "Completed", "CreateTime": NOW, **parsed(body)})
    if len(path) == 1 and request.method == "POST":
        return create(path[0], body)
    thing = kept.get(path[1]) if len(path) > 1 else None
    if thing is None:
        return xml(404, "ErrorResponse", {"Error": {"Type": "Sender", "Code": f"NoSuch{KINDS[path[0]][0]}"}})
    if request.method == "PUT":
        thing["config"] = parsed(body)[KINDS[path[0]][1]]
        thing["etag"] = f"E{next(numbers)}"
    elif request.method == "DELETE":
        del kept[path[1]]
        return 204, {}, ""
    return told(path[0], thing)


def create(kind: str, body: str):
    given = parsed(body)
    labels = {}
    if (with_tags := given.get("DistributionConfigWithTags")) is not None:
        given = with_tags
        labels = pairs(with_tags.get("Tags"))
    number = next(numbers)
    thing = {"id": f"E{number:013}", "config": given[KINDS[kind][1]], "etag": f"E{number}"}
    kept[thing["id"]] = thing
    tags[arn_of(kind, thing)] = labels
    return told(kind, thing, 201)


def told(kind: str, thing: dict, status: int = 200):
    name, config = KINDS[kind]
    about = {"Id": thing["id"], "LastModifiedTime": NOW}
    if kind == "distribution":
        about |= {
            "ARN": arn_of(kind, thing),
            "Status": "Deployed",
            "DomainName": f"{thing['id'].lower()}.cloudfront.net",
            "InProgressInvalidationBatches": "0",
            "ActiveTrustedSigners": {"Enabled": "false", "Quantity": "0"},
            "ActiveTrustedKeyGroups": {"Enabled": "false", "Quantity": "0"},
        }
    return xml(status, name, {**about, config: thing["config"]}, {"ETag": thing["etag"]})


def tagging(request, body: str):
    known = tags.setdefault(request.args["Resource"], {})
    if request.args.get("Operation") == "Tag":
        known |= pairs(parsed(body)["Tags"])
        return 204, {}, ""
    if request.args.get("Operation") == "Untag":
        keys = parsed(body)["TagKeys"]["Items"]["Key"]
        for key in keys if isinstance(keys, list) else [keys]:
            known.pop(key, None)
        return 204, {}, ""
    return xml(200, "Tags", {"Items": {"Tag": [{"Key": key, "Value": value} for key, value in known.items()]}})


def parsed(body: str) -> dict:
    return xmltodict.parse(re.sub(r' xmlns="[^"]*"', "", body), force_list=("Tag",))


def pairs(labels: dict | None) -> dict[str, str]:
    items = ((labels or {}).get("Items") or {}).get("Tag") or []
    return {tag["Key"]: tag.get("Value") or "" for tag in items}


def xml(status: int, root: str, content: dict, headers: dict | None = None):
    namespace = {"@xmlns": "http://cloudfront.amazonaws.com/doc/2020-05-31/"}
    return status, {"Content-Type": "text/xml", **(headers or {})}, xmltodict.unparse({root: {**namespace, **content}})


def arn_of(kind: str, thing: dict) -> str:
    return f"arn:aws:cloudfront::{ACCOUNT}:{kind}/{thing['id']}"
