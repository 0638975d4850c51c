// Every part of the page that a tick changes. The live page and the replay mount the same ones.

import { pause } from "./dom.js";
import { mountAgents } from "./agents.js";
import { mountBankruptcies } from "./bankruptcies.js";
import { mountEvents } from "./events.js";
import { mountFeed } from "./feed.js";
import { mountFooter } from "./footer.js";
import { mountMarket } from "./market.js";
import { mountMovers } from "./movers.js";
import { mountNews } from "./news.js";
import { mountOverview } from "./overview.js";
import { mountPrison } from "./prison.js";
import { mountSectors } from "./sectors.js";
import { mountTicker } from "./ticker.js";
import { mountWanted } from "./wanted.js";
import { mountWorld } from "./world.js";

const PANELS = {
  ticker: mountTicker,
  overview: mountOverview,
  world: mountWorld,
  movers: mountMovers,
  sectors: mountSectors,
  market: mountMarket,
  feed: mountFeed,
  agents: mountAgents,
  news: mountNews,
  events: mountEvents,
  bankruptcies: mountBankruptcies,
  wanted: mountWanted,
  prison: mountPrison,
  footer: mountFooter,
};

export { mountHeader } from "./header.js"; // which stays when the panels are replaced

// Each in a task of its own, so that the page can be scrolled, and answers keys and fingers, in between.
export async function mountPanels(feed) {
  const found = Object.entries(PANELS).map(([id, mount]) => [document.getElementById(id), mount]);
  for (const [panel, mount] of found) {
    await pause();
    mount(panel, feed);
  }
}
