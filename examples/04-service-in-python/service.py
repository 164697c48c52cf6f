"""Answers orders. Needs stomp.py 8: `apt install python3-stomp`, or `pip install stomp.py==8.2.0`."""
import base64, hashlib, json, os, random, signal, sys, time, uuid
from contextlib import closing
from stomp_connection import BrokerLost, StompConnection

BROKER_URL = os.environ.get('BROKER_URL', 'stomp://127.0.0.1:61613')
QUEUE = os.environ.get('QUEUE', 'example.python')
STATUS = os.environ.get('REPLYTO_PREFIX', 'replyto') + '.status'


class Fault(Exception):
    """What the caller gets instead of a reply: code, message, HTTP status."""


def work(order, progress):
    """The service itself. A request may come twice: make what it does repeatable, by the request's Message-ID."""
    if not order.get('items'):
        raise Fault('NO_ITEMS', 'an order has items', 422)
    progress(50, 'half way')
    time.sleep(1)  # the other half
    return {'ordered': len(order['items'])}


def answer(request, sender):
    headers, body = request.headers, request.body
    message_id = headers.get('Message-ID', headers['message-id'])
    if time.time() * 1000 > float(headers.get('Expires-At', 'inf')) + 300_000:  # nobody waits; clocks differ
        return

    def progress(percent, text):
        sender.send(sender.queue(STATUS), {'id': str(uuid.uuid4()), 'subject': message_id, 'kind': 'progress',
                                           'percent': percent, 'text': text, 'time': int(time.time() * 1000)})

    digest = 'sha-256=:' + base64.b64encode(hashlib.sha256(body).digest()).decode() + ':'
    reply = {'correlation-id': headers.get('correlation-id', message_id), 'Request-Digest': digest}
    try:
        value = work(json.loads(body), progress)
    except BrokerLost:
        raise
    except Exception as error:  # unanswered it would come again, for ever
        if not isinstance(error, Fault):
            print(f'request {message_id} failed: {error!r}', file=sys.stderr)
            error = Fault('SERVICE_FAILED', 'the service failed', 502)
        value, reply['Fault'] = dict(zip(('code', 'message', 'status'), error.args)), 'true'
    if 'reply-to' in headers:  # else nobody wants a reply
        sender.send(headers['reply-to'], value, reply)


def serve():
    # A full broker may hold up a connection that sends, so the one that acknowledges is another.
    with closing(StompConnection(BROKER_URL)) as consumer, closing(StompConnection(BROKER_URL)) as sender:
        consumer.subscribe(QUEUE)
        print(f'answering requests of {QUEUE}', flush=True)
        while not stopping:
            request = consumer.next(1)
            if request is not None:
                answer(request, sender)
                consumer.acknowledge(request)  # not before the reply is on the broker's disk


stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
while not stopping:
    try:
        serve()
    except BrokerLost as error:
        print(f'connecting again: {error}', file=sys.stderr)
        time.sleep(random.uniform(1, 3))
