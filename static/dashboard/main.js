// The page comes whole from the server; from here on it is kept up to date, panel by panel.

import { Feed } from "./socket.js";
import { mountAgents } from "./agents.js";
import { mountBankruptcies } from "./bankruptcies.js";
import { mountCouriers } from "./couriers.js";
import { mountEvents } from "./events.js";
import { mountFeed } from "./feed.js";
import { mountHeader } from "./header.js";
import { mountMarket } from "./market.js";
import { mountMovers } from "./movers.js";
import { mountOverview } from "./overview.js";
import { mountTicker } from "./ticker.js";
import { mountWorld } from "./world.js";

const { epoch, tick, tickSeconds } = document.body.dataset;
const feed = new Feed({ epoch: Number(epoch), tick: Number(tick) });
const panel = (id) => document.getElementById(id);

mountHeader(panel("header"), feed, Number(tickSeconds));
mountTicker(panel("ticker"), feed);
mountOverview(panel("overview"), feed);
mountWorld(panel("world"), feed);
mountMovers(panel("movers"), feed);
mountMarket(panel("market"), feed);
mountFeed(panel("feed"), feed);
mountAgents(panel("agents"), feed);
mountEvents(panel("events"), feed);
mountBankruptcies(panel("bankruptcies"), feed);
mountCouriers(panel("couriers"));
feed.start();
