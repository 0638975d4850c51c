// Keeps the page up to date, panel by panel, from the tick as of which the server made it.

import { Feed } from "./socket.js";
import { mountCouriers } from "./couriers.js";
import { mountConnection } from "../frame/connection.js";
import { mountHeader, mountPanels } from "./panels.js";

const { epoch, tick, tickSeconds } = document.body.dataset;
const feed = new Feed({ epoch: Number(epoch), tick: Number(tick) });

mountHeader(document.getElementById("header"), feed, Number(tickSeconds));
mountConnection(document.getElementById("header"), feed, Number(tickSeconds));
mountCouriers(document.getElementById("couriers"));
mountPanels(feed).then(() => feed.start()); // what is told before somebody listens would be lost
