// The page of the research desk is taken over when the desk has spoken, as at every tick.

import { feed, renew } from "../frame/live.js";

feed.follow(["research"]);
for (const type of ["alert", "signal", "closed", "insight", "narrative"]) feed.on(`research:${type}`, renew);
