"""A STOMP connection whose frames are waited for, with stomp.py 8. The thread that reads the socket also keeps up the
heart-beats, so nothing works or waits in it: it puts each frame into a queue, from which the program takes it."""
import contextlib, json, queue, urllib.parse, uuid
import stomp


class BrokerLost(Exception):
    """Connect again; what was not acknowledged comes again."""


@contextlib.contextmanager
def naming_loss():
    try:
        yield
    except (OSError, stomp.exception.StompException) as error:
        raise BrokerLost(str(error) or 'the broker cannot be reached') from error


class StompConnection(stomp.ConnectionListener):
    @naming_loss()
    def __init__(self, url):
        address = urllib.parse.urlsplit(url)
        self.frames = queue.Queue()
        self.stomp = stomp.Connection12([(address.hostname, address.port)], heartbeats=(10_000, 10_000),
                                        reconnect_attempts_max=1, auto_decode=False,
                                        vhost='/')  # which RabbitMQ looks at; it would be the name of the machine
        self.stomp.set_listener('', self)
        self.stomp.connect(address.username, address.password)
        self.is_artemis = 'Artemis' in self.expect('CONNECTED', 10).headers.get('server', '')

    def on_connected(self, frame): self.frames.put(frame)
    def on_message(self, frame): self.frames.put(frame)
    def on_receipt(self, frame): self.frames.put(frame)
    def on_error(self, frame): self.frames.put(BrokerLost(frame.headers.get('message')))
    def on_disconnected(self): self.frames.put(BrokerLost('the connection ended'))

    def next(self, seconds):
        """The next frame, or None."""
        try:
            frame = self.frames.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(frame, BrokerLost):
            raise frame
        return frame

    def expect(self, what, seconds):
        frame = self.next(seconds)
        if frame is None:
            raise BrokerLost(f'no {what} within {seconds} s')
        return frame

    def queue(self, name):
        """How the broker calls a queue."""
        return name if self.is_artemis else '/queue/' + name

    @naming_loss()
    def subscribe(self, name):
        """One request at a time, each acknowledged by itself."""
        headers = {'activemq.prefetchSize': '1', 'prefetch-count': '1'}
        if self.is_artemis:  # it takes the former for bytes, and a name for a topic unless told otherwise
            headers = {'consumer-window-size': '0', 'subscription-type': 'ANYCAST'}
        self.stomp.subscribe(self.queue(name), id='1', ack='client-individual', headers=headers)

    @naming_loss()
    def acknowledge(self, message):
        self.stomp.ack(message.headers['ack'])

    @naming_loss()
    def send(self, destination, value, headers={}):
        """Returns when the broker has it on disk."""
        headers = {'Message-ID': str(uuid.uuid4()), 'persistent': 'true', 'receipt': str(uuid.uuid4()), **headers}
        self.stomp.send(destination, json.dumps(value).encode(), 'application/json', headers)
        self.expect('RECEIPT', 30)

    def close(self):
        with contextlib.suppress(BrokerLost), naming_loss():
            if self.stomp.is_connected():
                self.stomp.disconnect()
                while self.next(5) is not None:
                    pass
