"""Runs one Python client for bench:peers: `python_clients.py NAME URL`, with the input and output of clients.ts."""
import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor

name, url = sys.argv[1:]
THREADS = 64


def open_requests():
    import requests

    session = requests.Session()
    session.mount('http://', requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    return session


def open_httpx():
    import httpx

    # In threads it needs less CPU than AsyncClient with as many tasks.
    return httpx.Client(limits=httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS))


client = {'requests': open_requests, 'httpx': open_httpx}[name]()


def one(_):
    if client.get(url).json()['id'] != 42:
        raise ValueError(f'{name} received an unexpected body')


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


with ThreadPoolExecutor(THREADS) as threads:
    for line in sys.stdin:
        order = json.loads(line)
        many = range(order['times'])
        before = cpu()
        for _ in map(one, many) if order['concurrency'] == 1 else threads.map(one, many):
            pass
        print(json.dumps({'cpu': (cpu() - before) / order['times']}), flush=True)
