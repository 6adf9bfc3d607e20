"""Imports the routes and CORS of an HTTP API from its OpenAPI body, which is how SAM writes them.

The emulator makes the API and leaves its body out. As on AWS, an API without CORS passes preflights to its
routes, and one with CORS answers that of an origin that is not allowed with 204 and no header that allows
anything.
"""

import re

from ministack import app
from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

_CORS = {
    "allowOrigins": "allowOrigins",
    "allowMethods": "allowMethods",
    "allowHeaders": "allowHeaders",
    "exposeHeaders": "exposeHeaders",
    "allowCredentials": "allowCredentials",
    "maxAge": "maxAge",
}


class _Routed(str):
    """A method that the emulator does not take for a preflight, which it would answer itself."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return False

    def __ne__(self, other):
        return True


def _import(api_id, body):
    routes, integrations = {}, {}
    for path, item in (body.get("paths") or {}).items():
        for method, operation in item.items():
            described = operation["x-amazon-apigateway-integration"]
            key = len(routes)
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            integrations[f"i{key}"] = {
                "integrationId": f"i{key}",
                "integrationType": described["type"].upper(),
                "integrationUri": described["uri"],
                "integrationMethod": described.get("httpMethod", "POST"),
                "payloadFormatVersion": described["payloadFormatVersion"],
                "timeoutInMillis": 30000,
                "connectionType": "INTERNET",
                "description": "",
            }
            routes[f"r{key}"] = {
                "routeId": f"r{key}",
                "routeKey": path if path == "$default" else f"{verb} {path}",
                "target": f"integrations/i{key}",
                "authorizationType": "NONE",
                "apiKeyRequired": False,
                "operationName": "",
            }
    apigateway._routes[api_id] = routes
    apigateway._integrations[api_id] = integrations
    cors = body.get("x-amazon-apigateway-cors") or {}
    unknown = set(cors) - set(_CORS)
    if unknown:
        raise ValueError(f"unknown members of x-amazon-apigateway-cors: {sorted(unknown)}")
    apigateway._apis[api_id]["corsConfiguration"] = cors


def install():
    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handler["create"], handler["update"]

    def created(logical_id, props, stack_name):
        made = create(logical_id, props, stack_name)
        _import(made[0], props["Body"])
        return made

    def updated(physical_id, old_props, new_props, stack_name, logical_id=None):
        made = update(physical_id, old_props, new_props, stack_name, logical_id)
        _import(made[0], new_props["Body"])
        return made

    handler["create"], handler["update"] = created, updated

    preflight = apigateway._cors_preflight_response

    def answered(cors, origin):
        status, headers, body = preflight(cors, origin)
        return (204, {"Content-Length": "0"}, b"") if cors and status == 403 else (status, headers, body)

    apigateway._cors_preflight_response = answered
    execute = apigateway._handle_execute_in_scope

    async def executed(api_id, stage, path, method, *rest, **named):
        configured = (apigateway._apis.get(api_id) or {}).get("corsConfiguration")
        routed = method if configured or method != "OPTIONS" else _Routed(method)
        return await execute(api_id, stage, path, routed, *rest, **named)

    apigateway._handle_execute_in_scope = executed
    # The address that the stack's output names, when it is sent here as the Host.
    app._EXECUTE_API_RE = re.compile(
        r"^([a-f0-9]{8})\.execute-api\.(?:localhost|[a-z0-9-]+\.amazonaws\.com)(?::\d+)?$")
