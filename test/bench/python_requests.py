"""Runs Python requests for bench:peers: `python_requests.py URL`, with the input and output of clients.ts."""
import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor

import requests

url = sys.argv[1]
session = requests.Session()
session.mount('http://', requests.adapters.HTTPAdapter(pool_maxsize=64))


def one(_):
    if session.get(url).json()['id'] != 42:
        raise ValueError('requests received an unexpected body')


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


with ThreadPoolExecutor(64) as threads:
    for line in sys.stdin:
        order = json.loads(line)
        many = range(order['times'])
        before = cpu()
        for _ in map(one, many) if order['concurrency'] == 1 else threads.map(one, many):
            pass
        print(json.dumps({'cpu': (cpu() - before) / order['times']}), flush=True)
