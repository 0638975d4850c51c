"""The same trader with a web framework and the `standardwebhooks` library.

pip install aiohttp standardwebhooks
python webhook_bot_aiohttp.py http://127.0.0.1:8080 my-second-bot 9998
"""

import sys

from aiohttp import ClientSession, web
from standardwebhooks import Webhook, WebhookVerificationError

EXCHANGE, NAME, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
routes = web.RouteTableDef()


@routes.post("/")
async def briefed(request: web.Request) -> web.Response:
    try:
        told = request.app["webhook"].verify(await request.text(), dict(request.headers))
    except WebhookVerificationError:
        raise web.HTTPUnauthorized from None
    return web.json_response(decide(told) if told["type"] == "tick" else {})


def decide(told: dict) -> dict:
    if not told["world"]["marketOpen"] or told["orders"]["pending"]:
        return {}
    held = {p["symbol"]: p["quantity"] for p in told["portfolio"]["positions"]}
    down = [line["symbol"] for line in told["market"]["watchlist"] if line["changePercent"] <= 0]
    buy = [{"type": "BUY", "symbol": s, "quantity": 10} for s in down[:2] if not held]
    return {"actions": buy + [{"type": "SELL", "symbol": s, "quantity": held[s]} for s in held]}


async def register(app: web.Application) -> None:
    form = {"name": NAME, "role": "quant", "callbackUrl": f"http://127.0.0.1:{PORT}/"}
    async with (
        ClientSession() as session,
        session.post(f"{EXCHANGE}/auth/register", json=form, raise_for_status=True) as answer,
    ):
        app["webhook"] = Webhook((await answer.json())["data"]["webhookSecret"])


app = web.Application()
app.add_routes(routes)
app.on_startup.append(register)
web.run_app(app, host="127.0.0.1", port=PORT, print=None)
