"""Lets a process finish the request that it is at when its function's code is replaced.

Lambda does; the emulator kills it, and the caller gets a 502. Hands events over without a pause, too: the
emulator writes head and body of one apart, and the second would wait 40 ms until the first is known to
have come.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler

from ministack.core import lambda_runtime


def install():
    BaseHTTPRequestHandler.disable_nagle_algorithm = True
    kill = lambda_runtime.kill_workers

    def kill_when_done(workers):
        while any(worker.in_use for worker in workers):
            time.sleep(0.05)
        kill(workers)

    def killed(workers):
        workers = [worker for worker in workers if worker is not None]
        busy = [worker for worker in workers if worker.in_use]
        kill([worker for worker in workers if not worker.in_use])
        if busy:
            threading.Thread(target=kill_when_done, args=(busy,), daemon=True).start()

    lambda_runtime.kill_workers = killed
