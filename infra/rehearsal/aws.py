"""The AWS CLI, imported once: runs one command for each line of JSON that it reads.

    {"environment": {...}, "words": ["dynamodb", "list-tables"]}   to this
    {"code": 0, "out": "...", "err": "..."}                        from this

To import the CLI takes half a second of processor time, and the rehearsal gives some hundred commands.
Each runs in a fork of this process, with its own environment: it is the CLI, and nothing of one command
is left for the next. Ends with its input.

Different from this version of the CLI: binary attributes of DynamoDB are taken in base64, as the second
version takes them and both give them.
"""

import base64
import json
import os
import sys
import tempfile
import traceback

from awscli import clidriver

DRIVER = clidriver.create_clidriver()


def decode(value):
    """Decodes every {"B": ...} in place."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        decode(part)
    if isinstance(value, dict) and isinstance(value.get("B"), str):
        value["B"] = base64.b64decode(value["B"])


DRIVER.session.register("provide-client-params.dynamodb", lambda params, **_: decode(params))


def run(request, out, err):
    # Where the CLI has its own data, which it has noted there.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(request["environment"], AWS_DATA_PATH=data)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    code = 255
    try:
        code = DRIVER.main(request["words"])
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not our own way out: this is a copy of a process that goes on.
    os._exit(code)


def text(file):
    file.seek(0)
    return file.read().decode(errors="replace")


for line in sys.stdin:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            run(request, out, err)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "out": text(out), "err": text(err)}), flush=True)
