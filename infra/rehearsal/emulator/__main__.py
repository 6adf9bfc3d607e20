"""Starts ministack with what it lacks to run this template as it stands.

    python infra/rehearsal/emulator

Reads the environment that ministack reads (GATEWAY_PORT, BIND_HOST, AUTH and so on), and ends when its
standard input does, so that nothing is left over however its parent ends. Each module here adds one
thing through the emulator's own tables and functions, in the version that
.ci/requirements/emulator.txt pins. docs/rehearsal.md lists them, with what stays different from AWS.
"""

import os
import signal
import sys
import threading

import codedeploy
import conditions
import gateway
import looks
import resources
import roles
import runtime
import streams
import tables
import transform

from ministack.app import main


def end_with_input():
    sys.stdin.read()
    # The functions' processes are in this group.
    os.killpg(os.getpgrp(), signal.SIGKILL)


for part in (conditions, resources, codedeploy, gateway, looks, roles, runtime, streams, tables, transform):
    part.install()
threading.Thread(target=end_with_input, daemon=True).start()
main()
