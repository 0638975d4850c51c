// The page comes whole from the server; from here on it is kept up to date, panel by panel.

import { Feed } from "./socket.js";
import { mountCouriers } from "./couriers.js";
import { mountConnection } from "../frame/connection.js";
import { mountFooter } from "./footer.js";
import { mountHeader } from "./header.js";
import { mountPanels } from "./panels.js";

const { epoch, tick, tickSeconds } = document.body.dataset;
const feed = new Feed({ epoch: Number(epoch), tick: Number(tick) });

mountHeader(document.getElementById("header"), feed, Number(tickSeconds));
mountConnection(document.getElementById("header"), feed, Number(tickSeconds));
mountFooter(document.getElementById("footer"), feed, Number(tickSeconds));
mountCouriers(document.getElementById("couriers"));
mountPanels(feed).then(() => feed.start()); // what is told before somebody listens would be lost
