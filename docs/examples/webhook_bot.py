"""A trader that needs nothing but a port: it is told of every tick, and answers with orders.

python webhook_bot.py http://127.0.0.1:8080 my-first-bot 9999
"""

import base64
import hmac
import json
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EXCHANGE, NAME, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # so that the exchange keeps its connection

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = is_signed(self.headers, body)
        reply = json.dumps(decide(json.loads(body)) if signed else {}).encode()
        self.send_response(200 if signed else 401)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


def is_signed(headers, body):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    return f"v1,{mine}" in headers["webhook-signature"].split()


def decide(told):
    if told["type"] != "tick" or not told["world"]["marketOpen"] or told["orders"]["pending"]:
        return {}
    held = {p["symbol"]: p["quantity"] for p in told["portfolio"]["positions"]}
    down = [line["symbol"] for line in told["market"]["watchlist"] if line["changePercent"] <= 0]
    buy = [{"type": "BUY", "symbol": s, "quantity": 10} for s in down[:2] if not held]
    return {"actions": buy + [{"type": "SELL", "symbol": s, "quantity": held[s]} for s in held]}


server = ThreadingHTTPServer(("127.0.0.1", PORT), Bot)
form = {"name": NAME, "role": "quant", "callbackUrl": f"http://127.0.0.1:{PORT}/"}
request = urllib.request.Request(f"{EXCHANGE}/auth/register", json.dumps(form).encode())
request.add_header("Content-Type", "application/json")
account = json.load(urllib.request.urlopen(request))["data"]
KEY = base64.b64decode(account["webhookSecret"].removeprefix("whsec_"))
server.serve_forever()
