"""Starts ministack with what it lacks to run this template as it stands.

    python infra/rehearsal/emulator

Reads the environment that ministack reads (GATEWAY_PORT, BIND_HOST, AUTH and so on). Each module here
adds one thing through the emulator's own tables and functions, in the version that
.ci/requirements/emulator.txt pins. docs/rehearsal.md lists them, with what stays different from AWS.
"""

import codedeploy
import conditions
import gateway
import resources
import streams

from ministack.app import main

for part in (conditions, resources, codedeploy, gateway, streams):
    part.install()
main()
