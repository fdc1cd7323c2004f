"""Four destinations on loopback for examples/quickstart: prints "<name> <port>" for each, then serves until killed.

good        answers at once
slow        answers after 1.5 s
refused     nobody listens
black_hole  listens with a full accept queue and accepts nobody: the kernel drops every further SYN, which looks to a
            client like a packet filter that drops
"""
import socket
import threading
import time


def http(delay):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def answer(peer):
        with peer:
            peer.recv(65536)
            time.sleep(delay)
            peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n")

    def serve():
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def refused():
    with socket.create_server(("127.0.0.1", 0)) as once:
        return once.getsockname()[1]


def black_hole():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    kept = [listener]
    # The queue takes a connection or two; the first that does not finish says that it is full.
    while True:
        filler = socket.socket()
        filler.settimeout(0.3)
        kept.append(filler)
        try:
            filler.connect(listener.getsockname())
        except TimeoutError:
            return listener.getsockname()[1], kept


hole, keep_open = black_hole()
for name, number in (("good", http(0)), ("slow", http(1.5)), ("refused", refused()), ("black_hole", hole)):
    print(name, number, flush=True)
while True:
    time.sleep(3600)
