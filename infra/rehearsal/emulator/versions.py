"""Publishes a version only where something differs from the last one, as Lambda does.

The emulator compares a revision that every update changes. Lambda compares code and configuration: what a
rolled-back rollout has published stays, and stands in the way of the same rollout.
"""

from ministack.services.cloudformation import provisioners

# A difference in one of these makes another version.
_CONTENT = (
    "Architectures", "CodeSha256", "Environment", "Handler", "LoggingConfig", "MemorySize", "Role", "Runtime",
    "Timeout", "TracingConfig",
)


def _content(config):
    return [config.get(name) for name in _CONTENT]


def install():
    create = provisioners._lambda_version_create

    def created(logical_id, props, stack_name):
        func, _ = provisioners._lambda_version_function(props)
        last = max(func["versions"], key=int, default=None) if func else None
        if last and _content(func["versions"][last]["config"]) == _content(func["config"]):
            raise ValueError(
                f"A version for this Lambda function exists ( {last} ). Modify the function to create a new version.")
        return create(logical_id, props, stack_name)

    # An update makes one by this name.
    provisioners._lambda_version_create = created
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Version"]["create"] = created
