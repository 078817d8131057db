"""Every way known to us in which a page can make a browser speak to another site, and a listener that hears it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MARKUP = {
    "image": '<img src="{to}">',
    "picture-source": '<picture><source srcset="{to}"><img></picture>',
    "svg-image": '<svg><image href="{to}"/></svg>',
    "video": '<video src="{to}" autoplay></video>',
    "audio": '<audio src="{to}" preload="auto"></audio>',
    "poster": '<video poster="{to}"></video>',
    "track": '<video src="{to}-film" crossorigin><track src="{to}" default></video>',
    "stylesheet": '<link rel="stylesheet" href="{to}">',
    "css-import": "<style>@import url('{to}');</style>",
    "css-url": "<div style=\"background: url('{to}')\">x</div>",
    "css-font": "<style>@font-face {{ font-family: f; src: url('{to}') }} p {{ font-family: f }}</style><p>text</p>",
    "script": '<script src="{to}"></script>',
    "module": '<script type="module" src="{to}"></script>',
    "iframe": '<iframe src="{to}"></iframe>',
    "object": '<object data="{to}"></object>',
    "embed": '<embed src="{to}">',
    "prefetch": '<link rel="prefetch" href="{to}">',
    "preload": '<link rel="preload" as="image" href="{to}">',
    "modulepreload": '<link rel="modulepreload" href="{to}">',
    "base": '<base href="{to}/"><img src="below">',
    "srcdoc-frame": '<iframe srcdoc="<img src={to}>"></iframe>',
}
"""What stands in a page of a hostile server, or in an output's HTML."""

SCRIPTS = {
    "fetch": "to => fetch(to, {mode: 'no-cors'}).catch(() => 0)",
    "fetch-keepalive": "to => fetch(to, {mode: 'no-cors', keepalive: true, method: 'POST', body: 'x'}).catch(() => 0)",
    "xhr": "to => { const x = new XMLHttpRequest(); x.open('GET', to); x.send() }",
    "script-image": "to => { new Image().src = to }",
    "beacon": "to => navigator.sendBeacon(to, 'x')",
    "websocket": "to => { new WebSocket(to.replace('http', 'ws')) }",
    "event-source": "to => { new EventSource(to) }",
    "font-face": "to => new FontFace('g', `url(${to})`).load().catch(() => 0)",
    "script-style": "to => { const s = new CSSStyleSheet(); s.insertRule(`b { background: url(${to}) }`);"
    " document.adoptedStyleSheets = [s]; document.body.append(document.createElement('b')) }",
    "import": "to => import(to).catch(() => 0)",
    "worker": "to => { new Worker(URL.createObjectURL(new Blob([`importScripts('${to}')`]))) }",
    "shared-worker": "to => { new SharedWorker(URL.createObjectURL(new Blob([`importScripts('${to}')`]))) }",
    "worker-fetch": "to => { new Worker(URL.createObjectURL(new Blob([`fetch('${to}', {mode: 'no-cors'})`]))) }",
    "script-frame": "to => { const f = document.createElement('iframe'); f.src = to; document.body.append(f) }",
    "blank-frame": "to => { const f = document.createElement('iframe'); document.body.append(f);"
    " f.contentWindow.fetch(to, {mode: 'no-cors'}).catch(() => 0) }",
    "blob-frame": "to => { const f = document.createElement('iframe');"
    " f.src = URL.createObjectURL(new Blob([`<img src='${to}'>`], {type: 'text/html'})); document.body.append(f) }",
    "data-frame": "to => { const f = document.createElement('iframe'); f.src = `data:text/html,<img src='${to}'>`;"
    " document.body.append(f) }",
    "ping": "to => { const a = document.createElement('a'); a.href = '#x'; a.ping = to;"
    " document.body.append(a); a.click() }",
    "form-in-frame": "to => { const i = document.createElement('iframe'); i.name = 'i'; document.body.append(i);"
    " const f = document.createElement('form'); f.action = to; f.target = 'i'; f.method = 'post';"
    " document.body.append(f); f.submit() }",
    "script-prefetch": "to => { const l = document.createElement('link'); l.rel = 'prefetch'; l.href = to;"
    " document.head.append(l) }",
}
"""What code in a workspace's page does: that of a notebook's output runs there, as JupyterLab does it."""

WINDOWS = {
    "open": "to => { window.open(to) }",
    "open-noopener": "to => { window.open(to, '_blank', 'noopener') }",
    "link-blank": "to => { const a = document.createElement('a'); a.href = to; a.target = '_blank';"
    " document.body.append(a); a.click() }",
    "form-blank": "to => { const f = document.createElement('form'); f.action = to; f.target = '_blank';"
    " document.body.append(f); f.submit() }",
}
"""Ways to another window."""

LEAVING = {
    "location": "to => { location = to }",
    "link": "to => { const a = document.createElement('a'); a.href = to; document.body.append(a); a.click() }",
    "link-top": "to => { const a = document.createElement('a'); a.href = to; a.target = '_top';"
    " document.body.append(a); a.click() }",
    "top-location": "to => { window.top.location = to }",
    "meta-refresh": "to => { const m = document.createElement('meta'); m.httpEquiv = 'refresh';"
    " m.content = `0; url=${to}`; document.head.append(m) }",
    "download": "to => { const a = document.createElement('a'); a.href = to; a.download = 'x';"
    " document.body.append(a); a.click() }",
}
"""Ways that lead the page itself elsewhere: each has a page of its own."""

FORMS = {
    "form": "to => { const f = document.createElement('form'); f.action = to; document.body.append(f); f.submit() }",
    "form-top": "to => { const f = document.createElement('form'); f.action = to; f.target = '_top';"
    " document.body.append(f); f.submit() }",
}
"""The same by forms, which a policy can name."""

HEADERS = {
    "Link": "<{to}header-link>; rel=preload; as=image",
    "Content-Security-Policy-Report-Only": "default-src 'none'; report-uri {to}header-report",
}
"""What a hostile server says in headers that makes a browser ask elsewhere."""

PRECONNECT = (
    "to => { const l = document.createElement('link'); l.rel = 'preconnect'; l.href = to; document.head.append(l) }"
)
WEBRTC = """async port => {
    const c = new RTCPeerConnection({iceServers: [{urls: `stun:127.0.0.1:${port}`}]});
    c.createDataChannel('x');
    await c.setLocalDescription(await c.createOffer());
}"""


@dataclass
class Listener:
    """Another site: whatever reaches it is written down by the last word of its path."""

    port: int
    heard: set[str] = field(default_factory=set)
    connections: int = 0
    datagrams: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a port of the loopback, by TCP and by UDP."""
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        made = Listener(stream.getsockname()[1])
        datagrams.bind(("127.0.0.1", made.port))
        threads = [
            threading.Thread(target=_hear, args=(stream, made)),
            threading.Thread(target=_count, args=(datagrams, made)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield made
        finally:
            stream.shutdown(socket.SHUT_RDWR)
            with socket.socket(type=socket.SOCK_DGRAM) as last:
                last.sendto(b"end", ("127.0.0.1", made.port))
            for thread in threads:
                thread.join()


def _hear(stream: socket.socket, listener: Listener) -> None:
    while True:
        try:
            connection, _ = stream.accept()
        except OSError:
            return
        listener.connections += 1
        threading.Thread(target=_answer, args=(connection, listener), daemon=True).start()


def _answer(connection: socket.socket, listener: Listener) -> None:
    with connection:
        connection.settimeout(10)
        try:
            head = connection.recv(4096).decode("latin-1").split(" ")
            if len(head) > 1:
                listener.heard.add(head[1].partition("?")[0].strip("/").split("/")[0])
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            return


def _count(datagrams: socket.socket, listener: Listener) -> None:
    while True:
        said, _ = datagrams.recvfrom(2048)
        if said == b"end":
            return
        listener.datagrams += 1
